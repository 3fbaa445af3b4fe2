"""What is wrong in a YAML file of a driver or workload, in words of the file."""

from __future__ import annotations

import dataclasses
import difflib
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["fault_in_words"]

_UNKNOWN_KEY: Final = "unexpected_keyword_argument"
_WORDS: Final = MappingProxyType(
    {
        "int_parsing": "must be a whole number",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_parsing": "must be a number",
        "float_type": "must be a number",
        "string_type": "must be text: quote it",
        "dataclass_type": "must hold keys with values",
        "tuple_type": "must be a list",
        "dict_type": "must hold keys with values",
    }
)
_SUBJECT: Final = re.compile(r"^(Input|String|Tuple|Dictionary) should ")
_SHOWN_CHARACTERS: Final = 40


def fault_in_words(error: ValidationError, kind: type) -> str:
    """Tell the first fault: an unknown key before the one that it leaves missing.

    Parameters
    ----------
    error
        Of validating the file.
    kind
        Dataclass that it was to become.

    Returns
    -------
    str
        Dotted key and cause, such as ``patterns.0.in_flight: must be a whole number, not 'two'``.
    """
    faults = error.errors(include_url=False)
    first = next((each for each in faults if each["type"] == _UNKNOWN_KEY), faults[0])
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {_cause(first, kind)}" if where else _cause(first, kind)


def _cause(fault: ErrorDetails, kind: type) -> str:
    if fault["type"] == _UNKNOWN_KEY:
        return _unknown_key(str(fault["loc"][-1]), _keys(kind, fault["loc"][:-1]))
    if fault["type"] == "missing":
        return "must be given"
    said = fault["msg"].removeprefix("Value error, ")
    words = _WORDS.get(fault["type"], _SUBJECT.sub("must ", said))
    plain = words != said and isinstance(fault["input"], str | int | float)
    return f"{words}, not {repr(fault['input'])[:_SHOWN_CHARACTERS]}" if plain else words


def _unknown_key(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"there is no such key: {meant}the keys are {', '.join(known)}"


def _keys(kind: Any, path: tuple[str | int, ...]) -> list[str]:
    """Keys of the dataclass at a place in `kind`; a number is an item of a tuple."""
    for part in path:
        kind = get_args(kind)[0] if isinstance(part, int) else get_type_hints(kind)[part]
    return [field.name for field in dataclasses.fields(kind) if field.init and field.name != "name"]
