"""How records describe themselves: digests, headers, metadata and formats."""
