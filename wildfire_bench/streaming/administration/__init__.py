"""Topics and limits on the brokers."""
