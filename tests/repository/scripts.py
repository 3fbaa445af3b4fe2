"""The programs of scripts/, as modules."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from tests.repository.documents import ROOT

__all__ = ["script"]


def script(name: str) -> ModuleType:
    """Import one; it stands in `sys.modules`, as dataclasses ask."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
