"""``verify``: every route, format and codec, compared byte for byte."""
