"""Packing is a permutation with zeros: checked against the index formula, element by element."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import KernelError
from edgeq.kernels.expr import evaluate
from edgeq.plan.pack import pack

# dimensions, order, and the block of each dimension that is cut
ORDERS = [
    (("O", "I"), ("o", "i"), {}),
    (("O", "I"), ("i", "o"), {}),
    (("O", "I"), ("o/16", "i/4", "o%16", "i%4"), {"o": 16, "i": 4}),
    (("O", "I"), ("o/8", "i", "o%8"), {"o": 8}),
    (("O", "I"), ("o/16", "i", "o%16/4", "o%4"), {"o": 16}),
    (("O", "I"), ("o/4/4", "o%4", "i", "o/4%4"), {"o": 16}),
    (("O",), ("o/8", "o%8"), {"o": 8}),
    (("O", "KH", "KW", "I"), ("o/8", "kh", "kw", "i/2", "o%8", "i%2"), {"o": 8, "i": 2}),
    (("O", "KH", "KW", "I"), ("kh", "kw", "o", "i"), {}),
]


def naive(
    array: np.ndarray, names: list[str], order: tuple[str, ...], blocks: dict[str, int]
) -> list[int]:
    """Walk the padded index space and sort by the parts' values: no arithmetic of pack.py."""
    block = [blocks.get(name, 1) for name in names]
    full = [-(-s // b) * b for s, b in zip(array.shape, block, strict=True)]
    entries = []
    for index in product(*map(range, full)):
        values = dict(zip(names, index, strict=True))
        key = [evaluate(part, values) for part in order]
        inside = all(i < s for i, s in zip(index, array.shape, strict=True))
        entries.append((key, int(array[index]) if inside else 0))
    return [value for _, value in sorted(entries)]


@pytest.mark.parametrize(("dims", "order", "blocks"), ORDERS, ids=" ".join)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_equals_the_index_formula(
    dims: tuple[str, ...], order: tuple[str, ...], blocks: dict[str, int], data: st.DataObject
) -> None:
    sizes = st.integers(1, 4) if len(dims) > 2 else st.integers(1, 35)
    shape = tuple(data.draw(sizes) for _ in dims)
    array = np.arange(1, prod(shape) + 1, dtype=np.int32).reshape(shape)
    packed = pack(array, dims, order)
    assert packed.tolist() == naive(array, [d.lower() for d in dims], order, blocks)
    assert packed.dtype == array.dtype


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (("o",), "no part counts i"),
        (("o/16", "i"), "parts of o"),
        (("o%16", "i"), "parts of o"),
        (("o/16", "o%8", "i"), "parts of o"),
        (("o/16", "o%32", "i"), "parts of o"),
        (("o", "o/2", "i"), "parts of o"),
        (("o", "o", "i"), "another part"),
        (("o", "i", "k"), "no dimension is called k"),
        (("o%6/4", "o/6", "i"), "does not divide"),
        (("o+1", "i"), "not a dimension"),
        (("o/0", "i"), "not a dimension"),
    ],
)
def test_what_is_not_a_bijection_is_refused(order: tuple[str, ...], message: str) -> None:
    with pytest.raises(KernelError, match=message):
        pack(np.zeros((4, 4), np.int8), ("O", "I"), order)


def test_joined_names_are_one_dimension() -> None:
    array = np.arange(1, 61, dtype=np.int32).reshape(3, 2, 2, 5)
    order = ("o/2", "khkwi/8", "o%2", "khkwi%8")
    flat = pack(array.reshape(3, 20), ("O", "K"), ("o/2", "k/8", "o%2", "k%8"))
    assert pack(array, ("O", "KH", "KW", "I"), order).tolist() == flat.tolist()
    rows = pack(array, ("O", "KH", "KW", "I"), ("o", "kh", "kwi/16", "kwi%16"))
    assert rows.reshape(3, 2, 16)[:, :, :10].tolist() == array.reshape(3, 2, 10).tolist()
    assert not rows.reshape(3, 2, 16)[:, :, 10:].any()


def test_a_wrong_number_of_dimensions_is_refused() -> None:
    with pytest.raises(KernelError, match="does not have the dimensions"):
        pack(np.zeros(4, np.int8), ("O", "I"), ("o", "i"))
