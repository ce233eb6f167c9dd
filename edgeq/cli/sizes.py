"""Sizes as people write them."""

from __future__ import annotations

import re

from edgeq.errors import UsageError

UNITS = {
    "": 1, "K": 1000, "KB": 1000, "KIB": 1024, "M": 1000**2, "MB": 1000**2, "MIB": 1024**2,
    "G": 1000**3, "GB": 1000**3, "GIB": 1024**3,
}  # fmt: skip
PATTERN = re.compile(r"(\d[\d_,]{0,20}|\d{0,20}\.\d{1,10})\s*([A-Z]{0,3})", re.ASCII)


def parse_size(text: str) -> int:
    """Bytes: "65536", "64K" and "64KB" (64,000), "64KiB" (65,536), "0.5M".

    Raises:
        UsageError: it is no size, or no whole number of bytes.
    """
    found = PATTERN.fullmatch(text.strip().upper().removesuffix("BYTES").strip())
    unit = found[2] if found and found[2] != "B" else ""
    if found is None or unit not in UNITS:
        raise UsageError(
            f"{text!r} is not a size", fix="write 65536, 64K (64,000) or 64KiB (65,536)"
        )
    size = float(found[1].replace("_", "").replace(",", "")) * UNITS[unit]
    if size != int(size):
        raise UsageError(f"{text!r} is no whole number of bytes")
    return int(size)
