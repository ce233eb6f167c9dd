"""Trials of element-wise operators: one node in edgeq's IR beside the same node in a .tflite.

`agree` runs the exact interpreter and an oracle on the same inputs and compares with ==.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.one_op import T, one_op

Array = NDArray[Any]
PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}


def graph_of(op: str, inputs: Sequence[T], output: T, **attrs: Any) -> Graph:
    """The IR of one node `op`; inputs a, b, ... and output y."""
    names = [f"in{i}" for i in range(len(inputs))]
    tensors = {name: _tensor(name, t) for name, t in zip(names, inputs, strict=True)}
    tensors["y"] = _tensor("y", output)
    node = Node("node", op, tuple(names), ("y",), attrs)
    free = tuple(n for n, t in zip(names, inputs, strict=True) if t.data is None)
    return Graph("one", tensors, (node,), free, ("y",))


def _tensor(name: str, t: T) -> Tensor:
    quant = None
    if t.scale is not None:
        scale = np.atleast_1d(np.asarray(t.scale, np.float32)).astype(np.float64)
        quant = QuantParams(scale, t.zero_point)
    return Tensor(name, t.shape, DType(t.dtype), quant, t.data)


def ours(graph: Graph, samples: Sequence[Array], profile: Profile) -> Array:
    """What edgeq computes under `profile`."""
    inputs = dict(zip(graph.inputs, samples, strict=True))
    return exact(graph, profile).run(inputs)["y"].reshape(graph.tensors["y"].shape)


def agree(
    oracle: Oracle,
    op: str,
    inputs: Sequence[T],
    output: T,
    samples: Sequence[Array],
    attrs: dict[str, Any] | None = None,
    **options: Any,
) -> None:
    """Fail unless edgeq under the oracle's profile gives the oracle's bytes.

    op is the IR's name; attrs are the node's, options the file's.
    """
    graph = graph_of(op, inputs, output, **(attrs or {}))
    got = ours(graph, samples, PROFILES[oracle.name])
    model = one_op(op.upper(), inputs, [output], **options)
    (answer,) = oracle.run(model, [samples])
    want = answer.outputs[0]
    assert got.dtype == want.dtype
    wrong = np.flatnonzero(got.reshape(-1) != want.reshape(-1))
    if wrong.size:
        at = int(wrong[0])
        seen = [s.reshape(-1)[at] for s in samples if s.size == got.size]
        raise AssertionError(
            f"{wrong.size} of {got.size} differ from {oracle.name}, first at {at}: got "
            f"{got.reshape(-1)[at]}, want {want.reshape(-1)[at]}, inputs {seen}"
        )


def all_codes(dtype: str = "int8") -> Array:
    """Every value of an integer dtype, ascending."""
    info = np.iinfo(dtype)
    return np.arange(info.min, info.max + 1).astype(dtype)


def scales(low: float, high: float) -> st.SearchStrategy[float]:
    """Scales between two powers of e, evenly by logarithm, as float32 numbers."""
    logs = st.floats(math.log(low), math.log(high))
    return logs.map(lambda v: float(np.float32(math.exp(v))))


def zero_points() -> st.SearchStrategy[int]:
    """Zero points of int8."""
    return st.integers(-128, 127)


ACTIVATIONS = st.sampled_from(["none", "relu", "relu6", "relu_n1_to_1"])
