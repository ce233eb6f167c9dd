"""What bench and evaluate print: instruction counts, latency, accuracy."""
