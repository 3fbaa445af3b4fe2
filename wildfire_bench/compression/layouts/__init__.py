"""Where the samples of an image lie in its file, so that they can be predicted."""
