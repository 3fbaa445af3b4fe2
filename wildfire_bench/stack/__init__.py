"""The servers that everything runs against: external, compose or embedded."""
