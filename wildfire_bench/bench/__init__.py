"""Measuring: what is compared, by which processes, and what the numbers say."""
