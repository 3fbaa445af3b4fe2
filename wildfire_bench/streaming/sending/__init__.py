"""From an image to acknowledged records."""
