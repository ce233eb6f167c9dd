"""`@slides`: fours of rows times the weights stored for where a window begins are its sums."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import KernelError
from edgeq.plan.slides import slid


@pytest.mark.parametrize("channels", [1, 8, 16, 40])
@pytest.mark.parametrize("taps", [1, 2, 3, 4, 5, 10, 15])
def test_windows_that_begin_anywhere(taps: int, channels: int) -> None:
    rng = np.random.default_rng(100 * taps + channels)
    w = rng.integers(-128, 128, (taps, 1, channels)).astype(np.int8)
    fours, blocks = (taps + 6) // 4, (channels + 15) // 16
    stored = slid(w, "here").reshape(blocks, 4, fours, 16, 4).astype(np.int64)
    x = rng.integers(-128, 128, (4 * fours, 16 * blocks))
    quads = x.reshape(fours, 4, blocks, 16)
    for s in range(4):
        found = np.einsum("qtbo,bqot->bo", quads, stored[:, 3 - s]).reshape(-1)
        window = x[s : s + taps, :channels]
        assert np.array_equal(found[:channels], (window * w[:, 0, :]).sum(axis=0))
        assert not found[channels:].any()


@pytest.mark.parametrize("weights", [np.zeros((3, 1, 8), np.int32), np.zeros((3, 3, 8), np.int8)])
def test_what_are_no_columns_is_refused(weights: np.ndarray) -> None:
    with pytest.raises(KernelError, match="no int8 columns"):
        slid(weights, "here")
