"""Post-training quantization: a float graph and some data become an integer graph."""

from edgeq.quantize.quantize import Options, quantize

__all__ = ["Options", "quantize"]
