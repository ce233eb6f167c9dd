"""The version of edgeq, once."""

__version__ = "0.1.0"
