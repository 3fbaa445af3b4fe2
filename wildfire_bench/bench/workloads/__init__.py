"""What is carried and how: workloads and drivers, as YAML files."""
