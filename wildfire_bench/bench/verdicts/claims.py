"""The claims register: the guide's numbers, verbatim, and what of a run decides on each.

The register is a file, ``data/claims.yaml``, which says what its fields mean. A claim is decided
either by a quantity of the before/after comparison, under one or more readings of its words, or by
a check with one answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from wildfire_bench.bench.data_files import data_file
from wildfire_bench.bench.verdicts.quantities import Quantity
from wildfire_bench.errors import BenchmarkError

__all__ = ["Alternative", "Claim", "ClaimKind", "Comparison", "claims", "read_claims"]

ClaimKind = Literal["reduction", "before", "after", "exactly", "at_most", "at_least", "yes"]
_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Comparison:
    """Which measured values a claim is held against."""

    after: str
    """Variant or serialization path."""
    before: str | None = None
    """The same; None where the claim is a value and no reduction."""
    when: str = ""
    """The words that make it so; empty for what the guide's own words say."""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Alternative:
    """Another check that a claim may hold by."""

    check: str
    when: str
    """The words that make it so."""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True)
class Claim:
    """One number of the guide."""

    name: str
    section: str
    words: str
    """As the guide has it."""
    how: str
    """How it is measured."""
    kind: ClaimKind
    unit: str
    """Of `low`, `high` and what is measured."""
    low: float
    """Least that the words promise."""
    high: float
    quantity: Quantity | None = None
    check: str | None = None
    """Name of the check that decides, where no quantity does."""
    alternatives: tuple[Alternative, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    unmeasured: str = ""
    """Why there may be no result yet."""
    note: str = ""
    """A sentence that a reader needs beside the measured value."""

    def __post_init__(self) -> None:
        decided = bool(self.quantity and self.comparisons) != bool(self.check)
        paired = all((each.before is None) != self.is_reduction for each in self.comparisons)
        if not decided or not paired or self.low > self.high:
            msg = (
                f"claim {self.name}: give either a quantity with comparisons or a check, a "
                "`before` in each comparison of a reduction and in no other, and low <= high"
            )
            raise ValueError(msg)

    @property
    def is_reduction(self) -> bool:
        """Whether it says how much less, and not how much."""
        return self.kind == "reduction"

    @property
    def target(self) -> str:
        """The promised number with its unit."""
        if self.low == self.high:
            return f"{self.low:g} {self.unit}".strip()
        return f"{self.low:g} to {self.high:g} {self.unit}"


@cache
def claims() -> tuple[Claim, ...]:
    """Read the register that comes with the package."""
    return read_claims(data_file("claims.yaml").read_text(encoding="utf-8"))


def read_claims(text: str) -> tuple[Claim, ...]:
    """Read a register.

    Raises
    ------
    BenchmarkError
        If it is no YAML, a claim has an unknown or missing field, or two have one name.
    """
    try:
        found = _ADAPTER.validate_python(yaml.safe_load(text))
    except yaml.YAMLError as error:
        msg = f"the claims register is no YAML: {error}"
        raise BenchmarkError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"the claims register is wrong at {where}: {first['msg']}"
        raise BenchmarkError(msg) from error
    names = [claim.name for claim in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"the claims register has more than one claim named {', '.join(twice)}"
        raise BenchmarkError(msg)
    return found


_ADAPTER = TypeAdapter(tuple[Claim, ...])
