"""The ``wildfire-bench`` command."""
