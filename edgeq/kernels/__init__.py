"""Kernels are found, not listed: contracts from C headers, variants from folders."""
