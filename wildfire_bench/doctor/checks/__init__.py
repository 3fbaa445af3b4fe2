"""The checks: a module for each topic, found by itself."""
