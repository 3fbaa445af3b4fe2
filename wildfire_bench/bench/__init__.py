"""Measuring: workloads, probes, results."""
