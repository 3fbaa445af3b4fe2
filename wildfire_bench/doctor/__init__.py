"""What is wrong with a set-up, and the command that mends it: ``wildfire-bench doctor``.

Each check is a function in a module of `wildfire_bench.doctor.checks`, registered by a decorator. A
module that is put there is found by itself.
"""

from __future__ import annotations

from wildfire_bench.doctor.check import Check, Finding, Severity, all_checks
from wildfire_bench.doctor.examination import Result, examine, worst
from wildfire_bench.doctor.surroundings import Surroundings

__all__ = [
    "Check",
    "Finding",
    "Result",
    "Severity",
    "Surroundings",
    "all_checks",
    "examine",
    "worst",
]
