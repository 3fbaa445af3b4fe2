"""What a check is, what it finds, and the registry that knows all of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from wildfire_bench.doctor.surroundings import Surroundings

__all__ = [
    "CHECK_TIMEOUT_S",
    "Check",
    "Finding",
    "Severity",
    "all_checks",
    "check",
    "fail",
    "ok",
    "skipped",
    "warn",
]

CHECK_TIMEOUT_S: Final = 15.0
"""How long one check may take before it counts as failed."""


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    SKIPPED = "skipped"
    """It could not be looked at, for a reason that is no fault; or something before it failed."""
    WARN = "warn"
    """It works, with a risk or a cost."""
    FAIL = "fail"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    severity: Severity
    text: str
    """One line, with the figures."""
    remedy: str | None = None
    """The command, or the setting, that mends it."""
    details: tuple[str, ...] = ()
    """A line for each part, where there are several."""


Look: TypeAlias = "Callable[[Surroundings], Finding]"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at."""

    name: str
    """Topic and name, such as ``topics.present``."""
    looks_at: str
    """In a few words."""
    look: Look
    needs: tuple[str, ...] = ()
    """Checks that must not have failed, or this one is skipped."""
    timeout_s: float = CHECK_TIMEOUT_S


_registered: dict[str, Check] = {}


def check(
    name: str, looks_at: str, *, needs: tuple[str, ...] = (), timeout_s: float = CHECK_TIMEOUT_S
) -> Callable[[Look], Look]:
    """Register a function as a check.

    Parameters
    ----------
    name, looks_at, needs, timeout_s
        As in `Check`.

    Returns
    -------
    Callable
        A decorator that leaves the function as it is.
    """

    def register(look: Look) -> Look:
        _registered[name] = Check(name, looks_at, look, needs, timeout_s)
        return look

    return register


def all_checks() -> Mapping[str, Check]:
    """Every check by its name, those that others need before them, else in alphabetical order.

    A module that cannot be imported, for want of a package, stands there as a check that fails.
    """
    from wildfire_bench.doctor import checks

    for module in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}."):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            _register_broken(module.name.rpartition(".")[2], str(error))
    ordered: dict[str, Check] = {}
    for name in sorted(_registered):
        _put(name, ordered)
    return MappingProxyType(ordered)


def _register_broken(topic: str, cause: str) -> None:
    remedy = "make environment, or pip install --upgrade wildfire-bench"
    broken = fail(f"the checks of {topic} cannot be imported: {cause}", remedy)
    check(f"{topic}.import", f"whether the checks of {topic} can be imported")(lambda _: broken)


def _put(name: str, ordered: dict[str, Check]) -> None:
    for needed in _registered[name].needs:
        if needed in _registered:  # else its module could not be imported
            _put(needed, ordered)
    ordered.setdefault(name, _registered[name])


def ok(text: str, *details: str) -> Finding:
    """Say that all is well."""
    return Finding(Severity.OK, text, None, details)


def skipped(text: str, remedy: str | None = None) -> Finding:
    """Say why it was not looked at, and what would change that."""
    return Finding(Severity.SKIPPED, text, remedy)


def warn(text: str, remedy: str, *details: str) -> Finding:
    """Say what is a risk or a cost, and what mends it."""
    return Finding(Severity.WARN, text, remedy, details)


def fail(text: str, remedy: str, *details: str) -> Finding:
    """Say what does not work, and what mends it."""
    return Finding(Severity.FAIL, text, remedy, details)
