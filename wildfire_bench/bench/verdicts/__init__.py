"""What the numbers say: claims and their verdicts, thresholds, one run beside another."""
