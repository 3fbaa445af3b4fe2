"""The JSON Schema of each kind of small record, and the check that a record meets it.

The schemas lie beside this module in ``schemas/``, one file for each data type, in draft 7. They
are compiled to Python on first use; a check of a sensor reading takes some microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import fastjsonschema

from wildfire_bench.errors import RecordInvalid
from wildfire_bench.settings import DataType

__all__ = ["check_record", "schema_of"]

MAX_SHOWN_CHARACTERS = 60
"""Of a refused value, in a message."""


def schema_of(data_type: DataType) -> dict[str, Any]:
    """Read the JSON Schema (draft 7) of a kind of small records.

    Parameters
    ----------
    data_type
        Any with a lane; satellite imagery has none.

    Returns
    -------
    dict
        A new one, to change as you like.
    """
    text = files("wildfire_bench.streaming.records").joinpath("schemas", f"{data_type}.json")
    schema: dict[str, Any] = json.loads(text.read_text(encoding="utf-8"))
    return schema


def check_record(data_type: DataType, record: object) -> None:
    """Check a record, which is to be a mapping, against the schema of its data type.

    Raises
    ------
    RecordInvalid
        At the first thing that is wrong; the message names the field, what it is and what is
        allowed.
    """
    if not isinstance(record, dict):
        if not isinstance(record, Mapping):
            msg = f"{data_type} record is of type {type(record).__name__}: hand over a mapping"
            raise RecordInvalid(msg)
        record = dict(record)
    try:
        _validator(data_type)(record)
    except fastjsonschema.JsonSchemaValueException as error:
        raise RecordInvalid(f"{data_type} record: {_explain(error)}") from None


@cache
def _validator(data_type: DataType) -> Callable[[Any], Any]:
    compiled: Callable[[Any], Any] = fastjsonschema.compile(schema_of(data_type), use_default=False)
    return compiled


def _explain(error: fastjsonschema.JsonSchemaValueException) -> str:
    """Say which field is wrong and how; fastjsonschema calls the record ``data``."""
    where = (error.name or "data").removeprefix("data").removeprefix(".")
    if error.rule == "required":
        missing = [name for name in error.rule_definition or () if name not in error.value]
        return f"field {', '.join(_under(where, missing))} is missing"
    if error.rule == "additionalProperties" and isinstance(error.value, Mapping):
        known = (error.definition or {}).get("properties", {})
        unknown = [str(name) for name in error.value if name not in known]
        return f"field {', '.join(_under(where, unknown))} is unknown: there are {', '.join(known)}"
    if error.rule == "oneOf" and not where:
        ways = [each.get("required", ()) for each in error.rule_definition or ()]
        return f"needs exactly one of: {'; '.join(' and '.join(way) for way in ways)}"
    allowed = error.message.removeprefix(error.name or "").strip()
    if error.rule == "oneOf":
        allowed = f"must be one of {json.dumps(error.rule_definition)}"
    return f"field {where or 'itself'} {allowed}, and is {_shown(error.value)}"


def _under(where: str, names: list[str]) -> Iterator[str]:
    return (f"{where}.{name}" if where else name for name in names)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[:MAX_SHOWN_CHARACTERS] + "..."
