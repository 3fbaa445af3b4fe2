"""Satellite images through Apache Kafka and S3, and what it costs."""
