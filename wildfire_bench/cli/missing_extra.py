"""Which extra brings a package that a command misses."""

from __future__ import annotations

from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["told_with_extra"]

PROJECT = "wildfire-bench"
EXTRAS = ("bench", "embedded", "samples", "lab", "fast", "api")
"""Those of users, in the order in which they are proposed."""
OTHER_NAMES = {"PIL": "pillow", "IPython": "ipykernel"}
"""Packages that are imported under another name than they are installed."""


def told_with_extra(module: str) -> str:
    """Say in a line that a module is missing and what installs it.

    Parameters
    ----------
    module
        As in `ModuleNotFoundError.name`.

    Returns
    -------
    str
        With the first extra that asks for it; with all of them where none does by that name.
    """
    top = module.partition(".")[0]
    package = canonicalize_name(OTHER_NAMES.get(top, top))
    askers = [
        each.marker
        for each in map(Requirement, requires(PROJECT) or ())
        if each.marker and canonicalize_name(each.name) == package
    ]
    bringing = (
        extra for extra in EXTRAS if any(each.evaluate({"extra": extra}) for each in askers)
    )
    extra = next(bringing, ",".join(EXTRAS))
    return f"{top} is not installed, and this needs it: pip install '{PROJECT}[{extra}]'"
