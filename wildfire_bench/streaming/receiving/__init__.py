"""From records to verified images, and what may be committed."""
