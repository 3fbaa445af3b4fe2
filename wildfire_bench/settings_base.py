"""What all models of settings have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["FrozenSettings", "PositiveFloat", "PositiveInt"]

PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]


class FrozenSettings(BaseModel):
    """Cannot be changed, refuses unknown keys, and tells no input in its errors."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,  # an input may be a secret
    )
