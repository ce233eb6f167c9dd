"""The numeric profiles: which rounding and which exact form an operator takes."""

from __future__ import annotations

from enum import StrEnum


class Profile(StrEnum):
    """Whose bytes a compiled model gives.

    TFLM     TensorFlow Lite Micro's reference kernels (and CMSIS-NN)
    LITERT   LiteRT's reference kernels (BUILTIN_REF, no delegate)
    EDGEQ    single rounding everywhere, tables of the exact real function
    """

    TFLM = "tflm"
    LITERT = "litert"
    EDGEQ = "edgeq"

    @property
    def rounding(self) -> str:
        """The requantization form of 8-bit operators: 'double' or 'single'."""
        return "single" if self is Profile.EDGEQ else "double"
