"""``bench matrix``: the compression matrix for small records."""
