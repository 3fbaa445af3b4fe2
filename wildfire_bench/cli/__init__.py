"""The ``wildfire-bench`` command."""

from wildfire_bench.cli.application import main

__all__ = ["main"]
