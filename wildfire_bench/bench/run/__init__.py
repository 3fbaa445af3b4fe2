"""``bench run``: every driver at every size, interleaved, and what it costs."""
