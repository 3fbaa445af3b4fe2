"""The STAC Item of an image: written, read, and its footprint."""
