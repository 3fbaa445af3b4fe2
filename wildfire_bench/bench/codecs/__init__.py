"""``bench codecs``: every codec on real scenes, ours and other people's."""
