"""Images as files: chosen, watched, remembered, written whole."""
