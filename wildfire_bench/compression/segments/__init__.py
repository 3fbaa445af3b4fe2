"""What a block of the pixel-aware codecs is made of (docs/codec-format.md)."""
