import json

import pytest

from wildfire_bench.bench.verify.verification import VerifyReport, VerifyRow
from wildfire_bench.cli import main
from wildfire_bench.cli import verify as module
from wildfire_bench.streaming.model import Route

GOOD = VerifyRow(Route.DIRECT, "png", "zstd", 10, True, 0.5, "matrix")
BAD = VerifyRow(Route.JSON, "png", "gzip", 10, False, 0.5, "matrix", "the metadata differ")


@pytest.fixture
def reporting(monkeypatch, tmp_path):
    """Make the command find a report of some rows; nothing is sent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "nobody:9092")

    def report(*rows: VerifyRow) -> None:
        async def verified(_settings, *, progress, boundaries):
            for number, row in enumerate(rows, 1):
                progress(number, len(rows), row)
            return VerifyReport(rows, ("route reference: no store",), 1.0)

        monkeypatch.setattr(module, "verify_on", verified)

    return report


def test_json_says_of_each_image_whether_it_is_identical(reporting, capsys):
    reporting(GOOD)
    assert main(["verify", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row == {
        "route": "direct",
        "format": "png",
        "codec": "zstd",
        "bytes": 10,
        "identical": True,
        "seconds": 0.5,
        "case": "matrix",
        "error": None,
    }


@pytest.mark.parametrize("rows", [(GOOD, BAD), ()])
def test_status_is_one_unless_all_that_was_tried_is_identical(reporting, rows):
    reporting(*rows)
    assert main(["verify"]) == 1


def test_what_differs_and_what_was_not_tried_is_told(reporting, capsys):
    reporting(GOOD, BAD)
    main(["verify"])
    printed = capsys.readouterr()
    assert "DIFFERENT: the metadata differ" in printed.out
    assert printed.err.splitlines() == [
        "1 of 2 identical in 1.0 s",
        "not tried: route reference: no store",
    ]


def test_an_unknown_stack_is_refused(reporting, capsys):
    assert main(["verify", "--stack", "cloud"]) == 2
