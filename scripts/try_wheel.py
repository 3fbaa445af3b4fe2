"""Tries a wheel where nothing else is: ``scripts/try_wheel.py dist/*.whl [--python 3.12 ...]``.

For each Python it makes an environment, installs the wheel without extras at the versions of
constraints.txt, and looks whether all that works without extras does. How long the import takes is
measured and printed, as the median of new processes beside that of Python alone. ``make build``
runs it. Ends with status 1 where something does not work.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
UV = ROOT / ".venv-uv" / "bin" / "uv"
CONSUMER = ROOT / "tests" / "repository" / "consumer" / "burn_scars.py"
ROUNDS = 15
"""Processes that are timed for each figure."""

WORKS = {
    "every public name can be imported": """
import wildfire_bench
for name in wildfire_bench.__all__:
    getattr(wildfire_bench, name)
""",
    "the import alone loads nothing but the standard library": """
import sys
before = set(sys.modules)
import wildfire_bench
loaded = {name.partition(".")[0] for name in set(sys.modules) - before} - {"wildfire_bench"}
assert loaded <= sys.stdlib_module_names, sorted(loaded - sys.stdlib_module_names)
""",
    "types come along (py.typed)": """
from importlib.resources import files
assert files("wildfire_bench").joinpath("py.typed").is_file()
""",
    "codecs give back what they were given": """
from wildfire_bench.compression import codec_names, decoder, encoder
block = bytes(range(256)) * 64
for name in codec_names():
    image = encoder(name).for_image(block)
    out = bytearray(len(block))
    decoder(image.name).decode_into(bytes(memoryview(image.encode(block, 0))), memoryview(out))
    assert out == block, name
assert {"gzip", "predictive", "stored", "zstd"} <= set(codec_names())
""",
    "every command shows its help, or says which extra it needs": """
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from wildfire_bench.cli import main
from wildfire_bench.cli.application import COMMANDS
for name in COMMANDS:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as told:
        status = main([name, "--help"])
    assert status == 0 or "wildfire-bench[" in told.getvalue(), (name, told.getvalue())
""",
    "the doctor knows every check": """
from wildfire_bench.doctor import all_checks
broken = [name for name in all_checks() if name.endswith(".import")]
assert not broken, broken
""",
}
"""What is tried, each in a process of its own."""


def try_wheel(wheel: Path, python: str, folder: Path) -> list[str]:
    """Install a wheel for one Python; returns what does not work, and prints what does."""
    environment = folder / f"python-{Path(python).name}"
    interpreter = environment / "bin" / "python"
    _run([UV, "venv", "--quiet", "--python", python, environment])
    pinned = ["--constraint", ROOT / "constraints.txt"]
    _run([UV, "pip", "install", "--quiet", "--python", interpreter, *pinned, wheel])
    shown = _run([interpreter, "-c", "import platform; print(platform.python_version())"]).strip()
    failed = []
    for what, code in WORKS.items():
        done = subprocess.run(
            [interpreter, "-c", code], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            failed.append(f"Python {shown}: {what}: {done.stderr.strip().splitlines()[-1]}")
        print(f"{'ok' if done.returncode == 0 else 'fail':<5}Python {shown}: {what}", flush=True)
    failed += _types(interpreter, shown, folder)
    print(f"{'':<5}Python {shown}: {_import_times(interpreter, folder)}", flush=True)
    return failed


def _types(interpreter: Path, shown: str, folder: Path) -> list[str]:
    """Check a program of somebody else against what is installed."""
    apart = shutil.copy(CONSUMER, folder)  # beside the sources, mypy would read those
    options = ["--strict", "--no-incremental", "--config-file", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--python-executable", interpreter, apart],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    what = "a program that uses the library passes mypy --strict"
    print(f"{'fail' if done.returncode else 'ok':<5}Python {shown}: {what}", flush=True)
    return [f"Python {shown}: {what}: {done.stdout.strip()}"] if done.returncode else []


def _import_times(interpreter: Path, folder: Path) -> str:
    """Time processes in turn, so that both meet the same machine."""
    bare, importing = [], []
    for _ in range(ROUNDS):
        bare.append(_timed(interpreter, "pass", folder))
        importing.append(_timed(interpreter, "import wildfire_bench", folder))
    low, high = min(importing), max(importing)
    return (
        f"import wildfire_bench in {median(importing):.3f} s [{low:.3f}, {high:.3f}], the start of "
        f"Python included, which alone takes {median(bare):.3f} s (medians, n {ROUNDS})"
    )


def _timed(interpreter: Path, code: str, folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run([interpreter, "-c", code], cwd=folder, check=True)
    return time.perf_counter() - start


def _run(command: list[str | Path]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> int:
    """Try one wheel for each Python that is named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--python", nargs="*", default=[sys.executable], help="3.12, or a path")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wildfire-bench-wheel-") as folder:
        failed = [
            each
            for python in arguments.python
            for each in try_wheel(arguments.wheel.resolve(), python, Path(folder))
        ]
    for each in failed:
        print(each, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
