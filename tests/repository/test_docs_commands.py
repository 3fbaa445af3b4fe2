"""Every line of the documents' shell blocks is run, or stands below with the reason why not.

That each call of ``wildfire-bench``, those between backticks included, is one that can be typed is
checked in test_docs.py.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.repository.documents import DOCUMENTS, ROOT, code_blocks, document
from wildfire_bench import KafkaDataProducer, Receipt
from wildfire_bench.cli import main
from wildfire_bench.samples import sample
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.settings_environment import ENVIRONMENT_VARIABLES
from wildfire_bench.stack import Stack
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.dead_letters import DeadLetter, DeadLetterWriter
from wildfire_bench.streaming.topics import topic_names, topic_specs

PROGRAM = "wildfire-bench "
MADE = "cli.md"
"""Made from the code; its examples are those of the help, which test_docs.py parses."""

INDENTING = {"CONTRIBUTING.md", "records.md"}
"""Documents that indent commands instead of fencing them."""

RUN = {
    "topics create": {0},
    "topics create --profile guide": {1},  # the others exist, and differ
    "topics describe": {0},
    "topics limits": {0},
    "topics limits --raise": {0},
    "topics mend": {0},
    "explain scene.tif": {0},
    "send scenes/ --source-id landsat_nrt --resume sent.jsonl": {0},
    "receive --out received --group burn-scars --idle-timeout 30": {0},
    "catalogue list": {0},
    "catalogue fetch IMAGE_ID --out scene.tif": {0},
    "dead-letters list": {0},
    "dead-letters show 0/17": {0},
    "dead-letters replay 0/17": {0},
    "doctor": {1},  # of the dead letter, and of what else is there
    "doctor --only topics --only s3": {1},  # the bucket is made by the first upload
    "doctor --write": {1},
    "doctor --json": {1},
    "doctor list": {0},
    "bench workloads": {0},
    "bench drivers": {0},
    "results compare reference newest": {2},  # one and the same where nothing was measured
}
"""Calls that are run, and the status that each ends with on the stack of the tests."""

PARSED_ONLY = {
    "stack": "starts and stops servers: tests/cli/test_stack.py and tests/stack do",
    "send --watch": "goes on until Ctrl-C: tests/cli/test_send_receive.py ends it",
    "rollback rehearse": "takes half a minute: tests/bench/rollback/test_rehearsal.py does it",
    "serve": "goes on until it is ended: tests/cli/test_serve.py ends it",
    "topics acls": "needs brokers with rights: tests/cli/test_topic_acls.py has them",
    "verify": "takes a minute, or a container: tests/bench/verify/test_verification.py does",
    "bench run": "measures for minutes: tests/cli/test_bench_run.py runs a small one",
    "claims --run": "measures for minutes: tests/cli/test_claims.py runs the smallest profile",
    "report --all": "measures for minutes: tests/report/test_joined.py makes its page",
    "notebooks run": "measures for minutes: tests/report/test_notebooks.py runs a small one",
}
"""Calls that are parsed by the program's own parser and not run, by how they begin."""

STAND_INS = {"IMAGE_ID": "{image_id}", "0/17": "0/0", "--idle-timeout 30": "--idle-timeout 1"}
"""What a reader would replace by something of his own, and what takes its place here."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a shell block."""

    document: str
    text: str


def lines() -> list[Line]:
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        blocks = [*code_blocks(text, "sh"), *code_blocks(text, "console")]
        if path.name in INDENTING:
            blocks += indented(text)
        joined = "".join(blocks).replace("\\\n", " ")
        found += [Line(path.name, each) for each in map(without_comment, joined.splitlines())]
    return [each for each in dict.fromkeys(found) if each.text and each.document != MADE]


def indented(text: str) -> list[str]:
    """Blocks that stand four spaces in, but for those inside of fences."""
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [
        re.sub(r"^    ", "", block, flags=re.MULTILINE)
        for block in re.findall(r"(?<=\n\n)(?:    \S.*\n)(?:    .*\n)*", outside)
    ]


def without_comment(line: str) -> str:
    return re.sub(r"(^|\s)#.*", "", line).removeprefix("$ ").strip()


LINES = lines()
CALLS = sorted({line.text.removeprefix(PROGRAM) for line in LINES if PROGRAM in line.text[:15]})
OTHERS = [line for line in LINES if not line.text.startswith(PROGRAM)]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a reader has: a folder of scenes, topics, an image that was sent, a dead letter."""

    settings: Settings
    folder: Path
    image_id: str


@pytest.fixture(scope="module")
def surroundings(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    """Its dead letter names the record of the image."""
    own = Settings(topic_prefix="documents-", s3=S3Settings(bucket="documents-images"))
    settings = stack.apply(own)
    ensure_topics(open_admin(settings), topic_specs(settings))
    folder = tmp_path_factory.mktemp("documents")
    scene = sample("sentinel-2", 200_000, cache_dir=folder)
    (folder / "scenes").mkdir()
    for place in ("scene.tif", "scenes/first.tif"):
        shutil.copy(scene.path, folder / place)
    receipt = asyncio.run(sent(settings, folder / "scene.tif"))
    writer = DeadLetterWriter(settings.kafka, topic_names(settings).dead_letters)
    writer.write(DeadLetter("clouds all over", "Rejected", receipt.places), lambda: None)
    writer.close(30)
    return Surroundings(settings, folder, receipt.image_id)


async def sent(settings: Settings, scene: Path) -> Receipt:
    async with KafkaDataProducer(settings=settings) as producer:
        return await producer.send_satellite_image(image_data=scene)


@pytest.fixture
def reader(surroundings, monkeypatch) -> Surroundings:
    """The shell of a reader, pointed at the stack of the tests."""
    settings, s3 = surroundings.settings, surroundings.settings.s3
    monkeypatch.chdir(surroundings.folder)
    for name, value in {
        "WILDFIRE_BENCH_STATE_DIR": surroundings.folder,
        "WILDFIRE_TOPIC_PREFIX": settings.topic_prefix,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka.bootstrap_servers,
        "S3_ENDPOINT": s3.endpoint,
        "S3_SECURE": s3.secure,
        "S3_BUCKET": s3.bucket,
        "S3_ACCESS_KEY": s3.access_key,
        "S3_SECRET_KEY": s3.secret_key.get_secret_value(),
    }.items():
        monkeypatch.setenv(name, str(value))
    return surroundings


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_run_or_has_a_reason(call):
    assert call in RUN or any(call.startswith(each) for each in PARSED_ONLY)


@pytest.mark.integration
@pytest.mark.parametrize("call", [call for call in CALLS if call in RUN])
def test_a_call_runs(call, reader):
    typed = call
    for written, meant in STAND_INS.items():
        typed = typed.replace(written, meant.format(image_id=reader.image_id))
    assert main(shlex.split(typed)) in RUN[call]


def test_every_call_that_is_to_be_run_is_printed_somewhere():
    assert RUN.keys() - set(CALLS) == set()


@pytest.mark.parametrize("line", OTHERS, ids=lambda line: f"{line.document}: {line.text}")
def test_every_other_line_names_what_exists(line):
    words = shlex.split(line.text)
    match words:
        case ["make", *targets]:
            plan = ["make", "--dry-run", "--assume-old=.venv/wildfire-bench.stamp"]
            subprocess.run([*plan, *targets], cwd=ROOT, check=True, capture_output=True)
        case ["export", assignment]:
            of_the_build = compose_services()["data-ingestion-service"]["build"]["args"]
            assert assignment.partition("=")[0] in {*ENVIRONMENT_VARIABLES, *of_the_build}
        case ["docker", "compose", *arguments]:
            check_compose(arguments)
        case ["docker", "cp", _, target]:
            names = {each["container_name"] for each in compose_services().values()}
            assert target.partition(":")[0] in names
        case ["curl", url]:
            # tests/cli/test_serve.py asks a service for it
            assert urlsplit(url).path in document("wildfire_bench/monitoring/api.py")
        case ["python", "example.py"]:
            assert "save it as `example.py`" in document("README.md")  # test_readme_example runs it
        case ["cp", source, _]:
            assert (ROOT / source).is_file()
        case [".", activate]:
            assert activate == ".venv/bin/activate"
        case [".venv/bin/pre-commit", "install"]:
            assert (ROOT / ".pre-commit-config.yaml").is_file()
        case [script, *_] if script.startswith("scripts/"):
            subprocess.run(["bash", "-n", ROOT / script], check=True)
        case _:
            pytest.fail(f"{line.document} prints what no test knows: {line.text}")


def check_compose(arguments: list[str]) -> None:
    """Services and profiles exist; the containers themselves are tried by `make test-docker`."""
    services = compose_services()
    profiles = {name for each in services.values() for name in each.get("profiles", ())}
    if arguments[0] == "--profile":
        assert arguments[1] in profiles
        arguments = arguments[2:]
    verb, *rest = arguments
    assert verb in {"up", "pull", "down", "logs"}
    assert {each for each in rest if not each.startswith("-")} <= services.keys()


def compose_services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load(document("docker-compose.yml"))["services"]
    return services
