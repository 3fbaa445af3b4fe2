"""How samples are predicted and their rest is coded: decided on small windows of an image."""
