"""int4 weights in the IR: which are legal, what their groups mean, and how they are stored."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeq.errors import EdgeqError, Problems
from edgeq.ir import DType, Graph, QuantParams, Tensor
from edgeq.ir.spec import check
from edgeq.ir.store import from_bytes, to_bytes
from edgeq.reference.constants import dequantized
from tests.passes.graphs import CONV, act, graph_of, node

FACTORS = np.array([[1, 255, 7], [3, 2, 200]], np.int32)
GROUPED = QuantParams(np.array([0.5, 0.25]), 0, 0, FACTORS, 2)


def weights(quant: QuantParams = GROUPED) -> Tensor:
    data = np.array([[-8, 7, 1, -1, 3], [0, 1, 2, -3, 7]], np.int8).reshape(2, 1, 1, 5)
    return Tensor("w", data.shape, DType.INT4, quant, data)


def graph(w: Tensor) -> Graph:
    tensors = [act("x", (1, 3, 3, 5)), w, act("y", (1, 3, 3, 2))]
    return graph_of([node("conv_2d", "x w", "y", CONV)], tensors, ("x",), ("y",))


def test_group_factors_multiply_the_scales() -> None:
    real = dequantized(weights()).data
    assert real is not None
    first = [-8 * 0.5, 7 * 0.5, 1 * 255 * 0.5, -1 * 255 * 0.5, 3 * 7 * 0.5]
    second = [0, 0.75, 2 * 2 * 0.25, -3 * 2 * 0.25, 7 * 200 * 0.25]
    assert real.reshape(2, 5).tolist() == [first, second]
    assert real.dtype == np.float32


def test_quantizations_are_equal_by_value() -> None:
    same = QuantParams(np.array([0.5, 0.25]), 0, 0, FACTORS.copy(), 2)
    others = [replace(GROUPED, group_size=3), replace(GROUPED, group_factors=FACTORS + 1)]
    others.append(QuantParams(np.array([0.5, 0.25]), 0, 0))
    assert (GROUPED, hash(GROUPED)) == (same, hash(same))
    assert all(other != GROUPED for other in others)


def test_groups_are_stored() -> None:
    found = from_bytes(to_bytes(graph(weights()))).tensors["w"]
    assert (found.dtype, found.quant) == (DType.INT4, GROUPED)
    assert found.quant is not None
    assert found.quant.group_factors is not None
    assert found.quant.group_factors.dtype == np.int32
    assert found.data is not None
    assert found.data.tolist() == weights().data.tolist()  # type: ignore[union-attr]


BROKEN: dict[str, Callable[[], Tensor]] = {
    "values that do not fit int4": lambda: replace(
        weights(), data=np.full((2, 1, 1, 5), 8, np.int8)
    ),
    "group factors of shape (2, 3), not (2, 2)": lambda: weights(replace(GROUPED, group_size=3)),
    "groups of 0": lambda: weights(replace(GROUPED, group_size=0)),
    "from 0 to 254": lambda: weights(replace(GROUPED, group_factors=FACTORS - 1)),
    "from 2 to 256": lambda: weights(replace(GROUPED, group_factors=FACTORS + 1)),
    "groups of 2 int8": lambda: replace(weights(), dtype=DType.INT8),
    "along axis 3": lambda: weights(QuantParams(np.ones(5), 0, 3, FACTORS, 2)),
}


@pytest.mark.parametrize("what", BROKEN)
def test_malformed_weights_are_found(what: str) -> None:
    with pytest.raises(Problems, match="not well-formed") as caught:
        check(graph(BROKEN[what]()), "loaded")
    assert what in caught.value.text()


@pytest.mark.parametrize("rows", [[], [[1, 2], [3]], [[1, "2"]], [[2**40]], [1, 2], [[-1, 2**31]]])
def test_stored_groups_that_are_no_table_are_refused(rows: object) -> None:
    with pytest.raises(EdgeqError):
        from_bytes(with_factors(to_bytes(graph(weights())), rows))


def with_factors(data: bytes, rows: object) -> bytes:
    """The stored graph with other group factors in its JSON."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            if name == "graph.json":
                head = json.loads(raw)
                quant = next(t["quant"] for t in head["tensors"] if t["name"] == "w")
                quant["group_factors"] = rows
                raw = json.dumps(head).encode()
            new.writestr(name, raw)
    return out.getvalue()


def test_other_operators_do_not_read_int4() -> None:
    w = replace(weights(), shape=(1, 3, 3, 2), data=np.ones((1, 3, 3, 2), np.int8))
    w = replace(w, quant=QuantParams(np.ones(1)))
    tensors = [act("x", (1, 3, 3, 2)), w, act("y", (1, 3, 3, 2))]
    added = graph_of([node("add", "x w", "y", {"activation": "none"})], tensors, ("x",), ("y",))
    check(added, "loaded")
    with pytest.raises(Problems, match="add reads 'w', which is int4"):
        check(added, "integer")
