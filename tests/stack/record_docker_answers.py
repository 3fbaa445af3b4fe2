"""Records what `docker container inspect` says of the stack while it starts, runs and ends.

`python -m tests.stack.record_docker_answers NAME`, where an engine answers, images are at hand and
no compose stack is up, writes `docker_answers/NAME.json`: for each moment the answer about each
container. Only a part of each answer is kept, and the engine's data folder is written as the usual
one; the keys are made up for the recording.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wildfire_bench.stack.compose import ALL_SERVERS, compose_down, compose_up
from wildfire_bench.stack.engine import Answer, DockerEngine

ANSWERS = Path(__file__).with_name("docker_answers")
KEYS = {"S3_ACCESS_KEY": "recorded-key", "S3_SECRET_KEY": "recorded=secret"}
KEPT = ("Id", "Name", "State", "RestartCount", "Mounts", "Config", "NetworkSettings")
DROPPED = {"NetworkSettings": ("SandboxID", "SandboxKey", "Networks", "EndpointID", "MacAddress")}


class _Recorder(DockerEngine):
    """Keeps every answer about containers."""

    def __init__(self) -> None:
        self.seen: list[list[dict[str, Any]]] = []

    def run(self, command: Sequence[str], **options: Any) -> Answer:
        answer = super().run(command, **options)
        if list(command[:3]) == ["docker", "container", "inspect"]:
            self.seen.append([_kept(each) for each in json.loads(answer.stdout or "[]")])
        return answer


def record(name: str) -> Path:
    """Start both sizes one after the other, end one container, and write what docker said."""
    os.environ |= KEYS
    recorder = _Recorder()
    moments: dict[str, list[dict[str, Any]]] = {}
    try:
        compose_up(engine=recorder)
        moments["starting"] = recorder.seen[0]
        moments["running"] = recorder.seen[-1]
        recorder.run(["docker", "kill", "wildfire-kafka"])
        recorder.run(["docker", "container", "inspect", *ALL_SERVERS])
        moments["one killed"] = recorder.seen[-1]
        compose_down(volumes=True)
        compose_up(brokers=3, s3=False, engine=recorder)
        moments["cluster running"] = recorder.seen[-1]
    finally:
        compose_down(volumes=True)
    path = ANSWERS / f"{name}.json"
    path.write_text(json.dumps(moments, indent=1) + "\n", encoding="utf-8")
    return path


def _kept(inspected: dict[str, Any]) -> dict[str, Any]:
    kept = {key: inspected[key] for key in KEPT}
    for part, names in DROPPED.items():
        kept[part] = {key: value for key, value in kept[part].items() if key not in names}
    kept["State"].get("Health", {}).pop("Log", None)
    for mount in kept["Mounts"]:
        mount["Source"] = f"/var/lib/docker/volumes/{mount['Name']}/_data"
    labels = kept["Config"]["Labels"]
    kept["Config"]["Labels"] = {
        key: value
        for key, value in labels.items()
        if "working_dir" not in key and "files" not in key
    }
    return kept


if __name__ == "__main__":
    print(record(sys.argv[1]))
