"""Small records: envelopes, lanes, schemas."""
