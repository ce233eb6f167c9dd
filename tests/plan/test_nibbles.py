"""Constants of int4: two in a byte, in the order that the kernel packs."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from edgeq.errors import KernelError, QuantError
from edgeq.kernels.catalog import Kernel, variants
from edgeq.kernels.contract import read_contract
from edgeq.plan.pack import pack_arguments, stored


def kernel(contract: str, *order: str) -> Kernel:
    found = next(k for k in variants(contract) if k.isa.name == "ref")
    return replace(found, packs=(("w", order),) if order else ())


def nibble(packed: np.ndarray, index: int) -> int:
    byte = int(packed.view(np.uint8)[index // 2])
    bits = byte >> 4 if index % 2 else byte & 15
    return bits - 16 if bits > 7 else bits


def test_the_order_of_the_shape_is_the_default(rng: np.random.Generator) -> None:
    w = rng.integers(-8, 8, (3, 5), np.int8)
    packed = pack_arguments(kernel("fc_s8s4"), {"w": w, "bias": np.arange(3)})
    assert packed["w"].size == 8
    assert [nibble(packed["w"], k) for k in range(15)] == w.reshape(-1).tolist()
    assert packed["bias"].tolist() == [0, 1, 2]


def test_neighbours_in_the_packed_order_share_a_byte(rng: np.random.Generator) -> None:
    w = rng.integers(-8, 8, (2, 40), np.int8)
    ordered = kernel("fc_s8s4", "o", "i/32", "i%16", "i/16%2")
    packed = stored(ordered, ordered.contract.parameter("w"), w)
    assert packed.size == 2 * 32
    for o, block, i, half in product(range(2), range(2), range(16), range(2)):
        column = 32 * block + 16 * half + i
        want = int(w[o, column]) if column < 40 else 0
        assert nibble(packed, ((o * 2 + block) * 16 + i) * 2 + half) == want


def test_odd_channels_of_a_depthwise_kernel_are_filled_up() -> None:
    odd = next(k for k in variants("depthwise_s8s4") if k.isa.name == "ref")
    w = np.full((2, 3, 5), -1, np.int8)
    packed = stored(odd, odd.contract.parameter("w"), w)
    assert packed.view(np.uint8).tolist() == 6 * [0xFF, 0xFF, 0x0F]


def test_values_beyond_int4_are_refused() -> None:
    plain = kernel("fc_s8s4")
    with pytest.raises(QuantError, match="do not fit int4"):
        stored(plain, plain.contract.parameter("w"), np.array([[8]], np.int8))


HEADER = """/* toy_s4 -- a contract.
 *
 * @nibbles NAMES
 */
#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
} eq_toy_s4_params;

typedef void eq_toy_s4_fn(const int16_t *x,         /* (N) */
                          const int8_t *restrict v, /* (O) */
                          const int8_t *restrict w, /* (O, I) */
                          int8_t *y,                /* (N) */
                          const eq_toy_s4_params *restrict p);
"""


def header(folder: Path, names: str) -> Path:
    path = folder / "toy_s4.h"
    path.write_text(HEADER.replace("NAMES", names))
    return path


def test_a_header_says_which_constants_are_nibbles(tmp_path: Path) -> None:
    contract = read_contract(header(tmp_path, "v w"))
    assert [q.name for q in contract.parameters if q.nibbles] == ["v", "w"]


@pytest.mark.parametrize("name", ["x", "y", "p", "z"])
def test_only_int8_inputs_hold_nibbles(name: str, tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=f"@nibbles names {name}"):
        read_contract(header(tmp_path, name))
