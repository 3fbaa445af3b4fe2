"""Runs that earlier versions kept stay readable: their manifests and tables, brought up to date."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["READABLE", "TABLES", "up_to_date"]

READABLE: Final = {
    2: ("samples", "blocks", "serialization", "scenes"),
    3: ("samples", "blocks", "serialization", "scenes", "wire"),
}
"""Schema versions that can be read, and the tables of each."""
TABLES: Final = READABLE[3]


def up_to_date(document: dict[str, Any]) -> dict[str, Any]:
    """Give a run of any readable version in the form of the present one."""
    if document["schema_version"] == 2:
        document = _from_2(document)
    return document


def _from_2(document: dict[str, Any]) -> dict[str, Any]:
    """Version 2 knew one size, one pattern and nine drivers of the code's own."""
    old = document["workload"]
    workload = {
        "name": old["profile"],
        "purpose": "before and after",
        "sizes": [old["size_bytes"]],
        "patterns": [{"loop": "closed", "in_flight": 1}],
        "images": old["images_per_block"],
        "drivers": [driver["name"] for driver in document["variants"]],
        "scene": old["dataset"],
        "serialization": True,
        **{key: old[key] for key in _KEPT},
    }
    size_bytes = document["scene"]["size_bytes"]
    blocks = [{**block, "size_bytes": size_bytes} for block in document["blocks"]]
    return {**document, "schema_version": 3, "workload": workload, "blocks": blocks}


_KEPT = ("rounds", "warm_up", "seed", "other_scenes", "checks", "timeout_s")
