"""Calling docker and Compose, each call with a time limit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wildfire_bench.errors import StackNotInstalled

__all__ = ["Answer", "DockerEngine", "Engine"]

PROBE_TIMEOUT_S = 5.0
"""How long docker may take to answer a question; an engine that hangs counts as none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Engine(Protocol):
    """What is asked of docker; a test gives recorded answers in its place."""

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float = PROBE_TIMEOUT_S,
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run a command to its end. A missing program or a time-out is an answer as well.

        Parameters
        ----------
        command, timeout_s
            What to run, and for how long at most.
        environment
            Variables for the command, over those of this process.
        """
        ...

    def require(self) -> None:
        """Raise `StackNotInstalled` unless an engine answers."""
        ...

    def compose_command(self) -> tuple[str, ...]:
        """Return the words that start Compose; raises `StackNotInstalled` without it."""
        ...


class DockerEngine:
    """The docker on this machine."""

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float = PROBE_TIMEOUT_S,
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        """Run a command to its end; see `Engine`."""
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
                env={**os.environ, **(environment or {})},
            )
        except FileNotFoundError:
            return Answer(127, "", f"{command[0]}: not found")
        except subprocess.TimeoutExpired:
            return Answer(124, "", f"{command[0]}: no answer within {timeout_s:g} s")
        return Answer(done.returncode, done.stdout, done.stderr)

    def require(self) -> None:
        """Raise `StackNotInstalled` unless an engine answers."""
        answer = self.run(["docker", "version", "--format", "{{.Server.Version}}"])
        if answer.returncode != 0:
            last = (answer.stderr.strip().splitlines() or ["no message"])[-1]
            msg = (
                f"no docker engine answers ({last}): start it, or use the embedded stack, which "
                "needs none (wildfire-bench stack up --kind embedded)"
            )
            raise StackNotInstalled(msg)

    def compose_command(self) -> tuple[str, ...]:
        """Find Compose 2 or, as on Debian 12, 1.29."""
        for words in (("docker", "compose"), ("docker-compose",)):
            if self.run([*words, "version"]).returncode == 0:
                return words
        msg = "neither `docker compose` nor `docker-compose` is installed: install Compose"
        raise StackNotInstalled(msg)
