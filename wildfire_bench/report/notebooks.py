"""Running the project's notebooks: parameters checked first, a copy executed, never the source."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from wildfire_bench.errors import BenchmarkError, InvalidParameter
from wildfire_bench.report.pairs import notebook_dir, notebook_names, read_source

__all__ = ["NotebookRun", "Parameter", "check_parameters", "notebook_parameters", "run_notebook"]

START_TIMEOUT_S = 60
OUT_DIR = "out_dir"
"""Parameter that is filled in with the run's folder when a notebook declares it."""
MAX_QUOTED_CHARACTERS = 120
_TYPES: dict[str, type] = {"int": int, "float": float, "str": str, "bool": bool}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a notebook."""

    name: str
    type: str
    """``int``, ``float``, ``str`` or ``bool``."""
    default: str
    """As written in the notebook."""
    help: str
    """Its comment: what it is and its unit."""


@dataclass(frozen=True, slots=True)
class NotebookRun:
    """An executed copy of a notebook."""

    name: str
    path: Path
    """The executed notebook."""
    out_dir: Path
    """Where the notebook wrote its own files."""
    parameters: Mapping[str, Any]
    seconds: float


def notebook_parameters(name: str) -> tuple[Parameter, ...]:
    """List the parameters of a notebook, in its order.

    Raises
    ------
    InvalidParameter
        If there is no notebook of this name.
    """
    from papermill.translators import PythonTranslator

    cells = [cell for cell in _source(name).cells if "parameters" in cell.metadata.get("tags", ())]
    return tuple(
        Parameter(found.name, found.inferred_type_name, found.default, found.help)
        for cell in cells[:1]
        for found in PythonTranslator.inspect(cell)
    )


def check_parameters(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse what papermill would let through: unknown names and ill-typed values.

    Parameters
    ----------
    name
        Which notebook.
    given
        Values, or their text as from a command line.

    Returns
    -------
    dict
        The same with every value in its declared type.

    Raises
    ------
    InvalidParameter
        Naming the parameter and what is allowed.
    """
    known = {parameter.name: parameter for parameter in notebook_parameters(name)}
    checked: dict[str, Any] = {}
    for key, value in given.items():
        parameter = known.get(key)
        if parameter is None:
            allowed = ", ".join(known) or "none"
            msg = f"notebook {name} has no parameter {key!r}: it has {allowed}"
            raise InvalidParameter(msg)
        try:
            checked[key] = TypeAdapter(_TYPES[parameter.type]).validate_python(value)
        except ValidationError:
            msg = (
                f"parameter {key} of notebook {name} is {value!r}: give {parameter.type}, as in "
                f"the default {parameter.default} ({parameter.help})"
            )
            raise InvalidParameter(msg) from None
    return checked


def run_notebook(
    name: str,
    parameters: Mapping[str, Any],
    out_dir: Path,
    progress: Callable[[str], None] | None = None,
) -> NotebookRun:
    """Execute a copy of a notebook in a kernel of its own.

    Parameters
    ----------
    name
        One of `wildfire_bench.report.pairs.notebook_names`.
    parameters
        What differs from the notebook's defaults.
    out_dir
        Where the executed copy and everything the notebook writes go; made if missing.
    progress
        Given each line that the notebook prints, as it comes.

    Returns
    -------
    NotebookRun

    Raises
    ------
    InvalidParameter
        If the notebook or a parameter is unknown, or a value is ill-typed; no kernel was started.
    BenchmarkError
        If a cell failed or the kernel died; names the cell. The partial copy is kept.
    KeyboardInterrupt
        After Ctrl-C, when the kernel has ended; `progress` was told. The partial copy is kept.
    """
    started = time.monotonic()
    values = check_parameters(name, parameters)
    out_dir = out_dir.resolve()
    if out_dir == notebook_dir():
        msg = f"{out_dir} holds the notebooks' sources: choose another folder for the run"
        raise InvalidParameter(msg)
    out_dir.mkdir(parents=True, exist_ok=True)
    if OUT_DIR in {parameter.name for parameter in notebook_parameters(name)}:
        values.setdefault(OUT_DIR, str(out_dir))
    executed = out_dir / f"{name}.ipynb"
    _execute(name, values, executed, progress or (lambda _line: None))
    return NotebookRun(name, executed, out_dir, values, time.monotonic() - started)


def _execute(
    name: str, values: Mapping[str, Any], executed: Path, progress: Callable[[str], None]
) -> None:
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    from wildfire_bench.report.kernel import QuietKernelManager, run_interruptibly

    source = executed.with_suffix(".source.ipynb")
    cells = _source(name)

    def run(kernel_manager_class: type[QuietKernelManager]) -> None:
        papermill.execute_notebook(
            source,
            executed,
            dict(values),
            kernel_name="python3",
            progress_bar=False,
            stdout_file=_Lines(progress),
            start_timeout=START_TIMEOUT_S,
            cwd=notebook_dir(),
            kernel_manager_class=kernel_manager_class,
        )

    try:
        nbformat.write(cells, source)
        run_interruptibly(run)
    except KeyboardInterrupt:
        progress(f"interrupted; what was done until then is in {executed}")
        raise
    except PapermillExecutionError as error:
        first_line = next(iter(error.source.strip().splitlines()), "")[:MAX_QUOTED_CHARACTERS]
        why = _ANSI.sub("", f"{error.ename}: {error.evalue}")
        msg = (
            f"notebook {name} failed in cell {error.cell_index} ({first_line}): {why}; what it "
            f"did until then is in {executed}"
        )
        raise BenchmarkError(msg) from None
    except DeadKernelError as error:
        msg = f"the kernel of notebook {name} died ({error}); what it did is in {executed}"
        raise BenchmarkError(msg) from error
    finally:
        source.unlink(missing_ok=True)


def _source(name: str) -> Any:
    if name not in notebook_names():
        msg = f"there is no notebook {name!r}: choose one of {', '.join(notebook_names())}"
        raise InvalidParameter(msg)
    return read_source(notebook_dir() / f"{name}.py")


class _Lines:
    """A file for papermill to print to, that hands on whole lines."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._rest = ""

    def write(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._progress(line)

    def flush(self) -> None:
        """Nothing to do: lines are handed on when they are complete."""
