"""Pictures as inputs: resize, order of colors, normalization, layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ToolError, UsageError
from edgeq.quantize.preprocessing import ImageSettings

MAX_PIXELS = 50_000_000
"""Of a picture: more are not decoded."""


def picture_values(path: Path, settings: ImageSettings) -> NDArray[np.float32]:
    """One picture under fitted settings: (H, W, C), or (C, H, W) for nchw.

    Raises:
        UsageError: it cannot be decoded, or is too large.
        ToolError: Pillow is not installed.
    """
    return normalized(_pixels(path, settings), settings)


def normalized(pixels: NDArray[Any], settings: ImageSettings) -> NDArray[np.float32]:
    """Pixels (..., H, W, C) in the order of `color` as values: (..., C, H, W) for nchw.

    (pixel * scale - mean) / std in float64, rounded to float32 once.
    """
    mean, std = np.array(settings.mean), np.array(settings.std)
    values = ((pixels * np.float64(settings.scale) - mean) / std).astype(np.float32)
    return np.moveaxis(values, -1, -3) if settings.layout == "nchw" else values


def _pixels(path: Path, settings: ImageSettings) -> NDArray[np.uint8]:
    """Decoded, resized pixels (H, W, C)."""
    try:
        from PIL import Image
    except ImportError:
        raise ToolError("pictures need Pillow", fix="pip install edgeq[data]") from None
    mode = "L" if settings.color == "gray" else "RGB"
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise UsageError(f"has {picture.width} x {picture.height} pixels", where=str(path),
                                 why=f"at most {MAX_PIXELS:,} are decoded")  # fmt: skip
            size = (settings.width, settings.height)
            resized = picture.convert(mode).resize(size, Image.Resampling.BILINEAR)
            pixels = np.asarray(resized, np.uint8).reshape(settings.height, settings.width, -1)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise UsageError("is no picture that can be decoded", where=str(path),
                         why=str(error)) from None  # fmt: skip
    return pixels[..., ::-1] if settings.color == "bgr" else pixels
