"""The exact interpreter reads what a node may read: inputs, computed tensors and constants."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.reference.exact import exact

QUANT = QuantParams(np.array([0.5]), 3)
VALUES = np.array([[7, -9, 4]], np.int8)


@pytest.mark.parametrize(
    ("op", "shape", "want"), [("relu", (1, 3), [7, 3, 4]), ("reshape", (3,), [7, -9, 4])]
)
def test_a_node_may_read_a_constant(op: str, shape: tuple[int, ...], want: list[int]) -> None:
    tensors = {
        "c": Tensor("c", (1, 3), DType.INT8, QUANT, VALUES),
        "y": Tensor("y", shape, DType.INT8, QUANT),
    }
    graph = Graph("g", tensors, (Node("n", op, ("c",), ("y",)),), (), ("y",))
    assert exact(graph, Profile.TFLM).run({})["y"].reshape(-1).tolist() == want


def test_constants_are_no_result_of_a_trace() -> None:
    tensors = {
        "c": Tensor("c", (1, 3), DType.INT8, QUANT, VALUES),
        "y": Tensor("y", (1, 3), DType.INT8, QUANT),
    }
    graph = Graph("g", tensors, (Node("n", "relu", ("c",), ("y",)),), (), ("y",))
    assert [name for name, _ in exact(graph, Profile.TFLM).trace({})] == ["y"]
