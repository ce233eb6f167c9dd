"""Post-training quantization: a float graph and some data become an integer graph."""

from edgeq.quantize.options import Options
from edgeq.quantize.quantize import quantize

__all__ = ["Options", "quantize"]
