"""Log lines: text and JSON, standard names, nothing from other libraries below a warning."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest

from wildfire_bench.monitoring.log_lines import ECS_VERSION, configure_logging
from wildfire_bench.settings import LogSettings

Written: TypeAlias = Callable[[LogSettings], io.StringIO]

log = logging.getLogger("wildfire_bench.tests")


@pytest.fixture
def written() -> Iterator[Written]:
    """Configures logging and gives what is written; takes its handler away again."""
    root, own = logging.getLogger(), logging.getLogger("wildfire_bench")
    levels = (root.level, own.level)

    def configure(settings: LogSettings) -> io.StringIO:
        stream = io.StringIO()
        configure_logging(settings, stream)
        return stream

    yield configure
    for handler in [each for each in root.handlers if isinstance(each, logging.StreamHandler)]:
        if isinstance(handler.stream, io.StringIO) and type(handler) is logging.StreamHandler:
            root.removeHandler(handler)
    root.setLevel(levels[0])
    own.setLevel(levels[1])


def test_a_text_line_has_time_level_and_message(written: Written) -> None:
    stream = written(LogSettings())
    log.info("Using %s compression", "zstd")
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO: Using zstd compression\n"
    assert re.fullmatch(pattern, stream.getvalue())


def test_a_json_line_has_the_names_of_the_elastic_common_schema(written: Written) -> None:
    stream = written(LogSettings(format="json"))
    log.info("sent %s", "a.tif", extra={"wildfire.image_id": "s-1"})
    line = json.loads(stream.getvalue())
    assert list(line)[:3] == ["@timestamp", "log.level", "log.logger"]
    assert (line["log.level"], line["message"]) == ("info", "sent a.tif")
    assert (line["ecs.version"], line["wildfire.image_id"]) == (ECS_VERSION, "s-1")
    assert line["service.name"] == "wildfire-bench"


def test_an_exception_is_one_json_line_with_its_type(written: Written) -> None:
    stream = written(LogSettings(format="json"))
    try:
        raise ValueError("cloudy")
    except ValueError:
        log.exception("failed")
    (text,) = stream.getvalue().splitlines()
    line = json.loads(text)
    assert (line["error.type"], line["error.message"]) == ("ValueError", "cloudy")
    assert "Traceback" in line["error.stack_trace"]


def test_a_line_break_in_a_message_makes_no_second_json_line(written: Written) -> None:
    stream = written(LogSettings(format="json"))
    log.warning('a\n{"log.level": "info"}')
    assert len(stream.getvalue().splitlines()) == 1


def test_the_level_is_for_our_own_lines_and_others_are_heard_from_warnings_on(
    written: Written,
) -> None:
    stream = written(LogSettings(level="DEBUG"))
    log.debug("ours")
    logging.getLogger("urllib3").info("theirs")
    logging.getLogger("urllib3").warning("their warning")
    assert [line.split(": ")[1] for line in stream.getvalue().splitlines()] == [
        "ours",
        "their warning",
    ]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_file_name_with_a_line_break_makes_no_second_line(written: Written, form: str) -> None:
    stream = written(LogSettings.model_validate({"format": form}))
    log.info("sent %s", 'a\n{"message": "forged"}\x1b[2J')
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
