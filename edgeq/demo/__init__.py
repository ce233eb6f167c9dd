"""The model and the data that `edgeq demo` runs on: 8x8 handwritten digits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent


def model_path() -> Path:
    """The int8 .tflite: input (1, 8, 8, 1), output (1, 10), one probability per digit."""
    return FOLDER / "digits_int8.tflite"


def test_data() -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    """350 labelled digits that took no part in training or calibration.

    Returns:
        x   (350, 8, 8, 1) int8, quantized as the model's input wants it
        y   (350,) uint8, the digit drawn
    """
    with np.load(FOLDER / "digits_test.npz", allow_pickle=False) as data:
        return data["x"], data["y"]


test_data.__test__ = False  # type: ignore[attr-defined]  # pytest: data, not a test
