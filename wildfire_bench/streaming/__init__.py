"""The system of the deployment guide: images and records through Kafka and S3."""
