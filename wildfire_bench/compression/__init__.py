"""Bytes to fewer bytes: codecs, their registry, and the matrix that picks one by data type."""
