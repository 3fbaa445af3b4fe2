"""Watching what runs: metrics, the status API, log lines, and the service that has them all."""
