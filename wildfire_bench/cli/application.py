"""Puts the sub-commands together, and turns errors into one line and an exit status."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from wildfire_bench.cli.interruption import (
    INTERRUPTED_STATUS,
    TERMINATED_STATUS,
    sigterm_interrupts,
)
from wildfire_bench.errors import WildfireBenchError

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["COMMANDS", "SubCommand", "application", "main"]

ERROR_STATUS = 2
"""Exit status when the library raises one of its errors; a wrong option gives the same."""
PROGRAM: Final = "wildfire-bench"

_UsageError: Final = cast("type[Exception]", typer.BadParameter.__base__)
"""Base of all mistakes in options and arguments; typer shows only this one of its errors."""


@dataclass(frozen=True, slots=True)
class SubCommand:
    """A sub-command, and where its code is."""

    module: str
    attribute: str
    """A function, or a `typer.Typer` with sub-commands of its own."""
    help: str
    """One line, as in the list of ``wildfire-bench --help``."""


COMMANDS: Mapping[str, SubCommand] = MappingProxyType(
    {
        "stack": SubCommand("stack", "app", "Start, show and stop Kafka and S3."),
        "topics": SubCommand("topics", "app", "Create, compare and describe the topics."),
        "settings": SubCommand(
            "show_settings", "settings", "Print the settings in force and where each came from."
        ),
        "doctor": SubCommand("doctor", "app", "Say what is wrong, and the command that mends it."),
        "send": SubCommand("send", "send", "Send image files into Kafka."),
        "receive": SubCommand("receive", "receive", "Receive images into a folder."),
        "serve": SubCommand(
            "serve",
            "serve",
            "Send, receive and answer on the status API, as a service.",
        ),
        "verify": SubCommand(
            "verify", "verify", "Send images by every route, receive them and compare."
        ),
        "rollback": SubCommand("rollback", "app", "Rehearse the way back to JSON and gzip."),
        "explain": SubCommand(
            "explain", "explain", "Say which codec a file gets, why, and how all compare."
        ),
        "dead-letters": SubCommand(
            "dead_letters", "app", "List, show and replay what could not be handed over."
        ),
        "catalogue": SubCommand("catalogue", "app", "List the images that are kept; fetch one."),
        "notebooks": SubCommand("notebooks", "app", "List and run the notebooks."),
        "report": SubCommand(
            "report", "report", "Measure before and after on real Kafka; write a report."
        ),
        "claims": SubCommand(
            "claims", "claims", "Set each number of the guide beside the measured one."
        ),
        "bench": SubCommand("bench", "app", "Measure routes, codecs and lanes on this machine."),
        "results": SubCommand("results", "app", "List, show and compare the runs that were kept."),
        "lab": SubCommand("lab", "lab", "Open the notebooks in JupyterLab."),
    }
)
"""In the order of the help: set up, use, measure."""


def application(arguments: Sequence[str]) -> typer.Typer:
    """Build the command line for one call.

    Only the module of the sub-command that `arguments` name is imported, so that a help page or
    ``settings`` does not wait for the libraries of another.

    Parameters
    ----------
    arguments
        As after the program's name.

    Returns
    -------
    typer.Typer
    """
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # they would print local variables, secrets included
        epilog="Example: wildfire-bench stack up",
    )
    app.callback()(_root)
    named = next((each for each in arguments if not each.startswith("-")), None)
    for name, command in COMMANDS.items():
        if name == named:
            _mount(app, name, command)
        else:
            app.command(name, help=command.help)(_not_named)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        None: those of the process.

    Returns
    -------
    int
        Exit status: 0, 2 for an error of the library (told in one line on standard error) or a
        wrong option, 130 after Ctrl-C, 143 after SIGTERM, 1 where a command says so in its help.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name need not be text of any encoding
            stream.reconfigure(errors="backslashreplace")
    with sigterm_interrupts() as terminated:
        status = _status(given)
        ended_by_it = terminated() and status == INTERRUPTED_STATUS
    return TERMINATED_STATUS if ended_by_it else status


def _status(given: Sequence[str]) -> int:
    try:
        status = application(given)(args=given, prog_name=PROGRAM, standalone_mode=False)
    except WildfireBenchError as error:
        return _refuse(str(error))
    except _UsageError as error:
        return _refuse_usage(error)
    except KeyboardInterrupt:  # while a command is imported; typer turns later ones into a status
        return INTERRUPTED_STATUS
    except OSError as error:
        return _refuse(_system_error(error))
    except ModuleNotFoundError as error:
        from wildfire_bench.cli.missing_extra import told_with_extra

        if not error.name or error.name.startswith("wildfire_bench"):
            raise  # a fault of ours, not an extra that is not there
        return _refuse(told_with_extra(error.name))
    except ValueError as error:
        from pydantic import ValidationError  # late: it takes longer than a help page

        if not isinstance(error, ValidationError):
            raise
        return _refuse(_unfit_value(error))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ERROR_STATUS
    return status if isinstance(status, int) else 0


def _refuse(message: str) -> int:
    print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)
    return ERROR_STATUS


def _refuse_usage(error: Any) -> int:
    """Tell a mistake in options in one line; a group called without a sub-command gets its help."""
    message = error.format_message().replace("Value error, ", "")  # pydantic's word
    if "\n" in message:
        print(message, file=sys.stderr)
        return ERROR_STATUS
    command = error.ctx.command_path if error.ctx else PROGRAM
    return _refuse(f"{message.rstrip('.')}: see {command} --help")


def _system_error(error: OSError) -> str:
    """Name the file, where there is one, and the cause; what to do follows from both."""
    cause = (error.strerror or str(error) or type(error).__name__).lower()
    if error.filename is None:
        return f"the system refused: {cause}"
    path = os.fsdecode(error.filename) if isinstance(error.filename, bytes) else error.filename
    return f"{path}: {cause}: give another path, or put this one right"


def _unfit_value(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    name = "".join(f"{part}: " for part in found["loc"])
    cause = found["msg"].removeprefix("Value error, ")
    return f"{name}{cause[:1].lower()}{cause[1:]}: give another value"


def _print_version(wanted: bool) -> None:
    if wanted:
        print(version("wildfire-bench"))
        raise typer.Exit


def _root(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and end.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Send satellite images through Apache Kafka and S3, and measure what it costs."""


def _mount(app: typer.Typer, name: str, command: SubCommand) -> None:
    module = importlib.import_module(f"wildfire_bench.cli.{command.module}")
    mounted: typer.Typer | Callable[..., Any] = getattr(module, command.attribute)
    if isinstance(mounted, typer.Typer):
        app.add_typer(mounted, name=name)
    else:
        app.command(name)(mounted)


def _not_named() -> None:
    """Stand in the list of sub-commands for one that is not called."""
