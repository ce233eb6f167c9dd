"""Runs the C and the oracles, and names the first difference."""
