"""S3, part by part."""
