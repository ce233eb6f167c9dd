"""Transposed convolutions: both oracles' bytes, the float meaning, what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, Problems, QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.one_op import T, act, bias_for, const, weights
from tests.operators_more import transpose_conv
from tests.ops.file_trials import agree

OP = all_ops()["conv_transpose_2d"]


@pytest.fixture(params=("tflm", "litert"))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Each oracle in turn."""
    found: Oracle = request.getfixturevalue(request.param)
    return found


@st.composite
def transposed(draw: st.DrawFn) -> bytes:
    """TRANSPOSE_CONV of int8 or int16: steps, windows and sizes that leave gaps and cut edges."""
    dtype = draw(st.sampled_from(("int8", "int8", "int16")))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    taps = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = draw(st.sampled_from(("SAME", "VALID")))
    image = draw(st.tuples(st.integers(1, 4), st.integers(1, 5)))
    n, in_c, out_c = draw(st.integers(1, 2)), draw(st.integers(1, 17)), draw(st.integers(1, 6))
    x = act((n, *image, in_c), dtype)
    w = weights(rng, (out_c, *taps, in_c), dtype, axis=draw(st.sampled_from((None, 0))))
    spread = float(np.sqrt(in_c * taps[0] * taps[1])) * draw(st.floats(0.1, 3))
    scale = 0.05 * 0.01 * 50 * spread if dtype == "int8" else 2.0**-11 * spread
    y = act((), dtype, scale, draw(st.integers(-128, 127)) if dtype == "int8" else 0)
    bias = bias_for(rng, x, w, out_c) if draw(st.booleans()) else None
    size = None
    if padding == "SAME" and draw(st.booleans()):  # any size that a convolution shrinks so far
        cuts = [draw(st.integers(0, s - 1)) for s in stride]
        size = image[0] * stride[0] - cuts[0], image[1] * stride[1] - cuts[1]
    return transpose_conv(x, w, bias, y, stride=stride, padding=padding, size=size)


@given(model=transposed(), seed=st.integers(0, 2**32))
@settings(max_examples=80)
def test_transposed_convolution_equals_the_oracle(oracle: Oracle, model: bytes, seed: int) -> None:
    try:
        agree(oracle, model, np.random.default_rng(seed))
    except QuantError as error:
        assume("may reach" not in error.what)
        raise


def image(x: np.ndarray[Any, Any], w: np.ndarray[Any, Any], **attrs: Any) -> np.ndarray[Any, Any]:
    """The float meaning, from the definition, pixel by pixel."""
    (sh, sw), (dh, dw) = attrs["stride"], attrs["dilation"]
    top, bottom, left, right = attrs["padding"]
    n, height, width, _ = x.shape
    out_c, kh, kw, _ = w.shape
    extra = attrs["output_padding"]
    rows = (height - 1) * sh + (kh - 1) * dh + 1 - top - bottom + extra[0]
    columns = (width - 1) * sw + (kw - 1) * dw + 1 - left - right + extra[1]
    y = np.zeros((n, rows, columns, out_c))
    for r, c, i, j in np.ndindex(height, width, kh, kw):
        at = r * sh + i * dh - top, c * sw + j * dw - left
        if 0 <= at[0] < rows and 0 <= at[1] < columns:
            y[:, at[0], at[1]] += x[:, r, c] @ w[:, i, j].T
    return y


GEOMETRIES: tuple[dict[str, Any], ...] = (
    {"stride": (1, 1), "dilation": (1, 1), "padding": (0, 0, 0, 0), "output_padding": (0, 0)},
    {"stride": (2, 3), "dilation": (1, 1), "padding": (1, 0, 0, 2), "output_padding": (0, 0)},
    {"stride": (2, 2), "dilation": (1, 1), "padding": (1, 1, 1, 1), "output_padding": (1, 1)},
    {"stride": (3, 1), "dilation": (2, 3), "padding": (2, 1, 0, 1), "output_padding": (2, 0)},
    {"stride": (2, 4), "dilation": (3, 2), "padding": (0, 0, 3, 3), "output_padding": (0, 3)},
)


def node_of(attrs: dict[str, Any]) -> Node:
    return Node("up", "conv_transpose_2d", ("x", "w", "b"), ("y",), attrs)


@pytest.mark.parametrize("attrs", GEOMETRIES)
def test_float_meaning_of_batches(attrs: dict[str, Any], rng: np.random.Generator) -> None:
    """Sums of at most 36 products in float32."""
    x = rng.normal(size=(3, 4, 3, 2)).astype(np.float32)
    w = rng.normal(size=(5, 3, 2, 2)).astype(np.float32)
    bias = rng.normal(size=5).astype(np.float32)
    (got,) = OP.reference(node_of(attrs), (x, w, bias))
    wanted = image(x.astype(np.float64), w.astype(np.float64), **attrs) + bias
    assert got.shape == wanted.shape
    assert np.allclose(got, wanted, rtol=0, atol=36 * 2.0**-22 * np.abs(wanted).max())
    tensors = (Tensor("x", x.shape, DType.FLOAT32), Tensor("w", w.shape, DType.FLOAT32))
    assert OP.infer(node_of(attrs), tensors) == (got.shape,)


@pytest.mark.parametrize("attrs", GEOMETRIES)
@pytest.mark.parametrize("w_type", [DType.INT8, DType.INT4])
def test_integers_follow_the_float_meaning(
    attrs: dict[str, Any], w_type: DType, rng: np.random.Generator
) -> None:
    """Within half a step, whatever the geometry: dilation and added rows are not in TFLite."""
    graph, parts = quantized(attrs, w_type, rng)
    x = rng.integers(-128, 128, graph.tensors["x"].shape, np.int8)
    got = exact(graph, Profile.EDGEQ).run({"x": x})["y"].reshape(graph.tensors["y"].shape)
    real = image((x.astype(np.float64) - 9) * 0.05, parts["w"], **attrs) + parts["b"]
    wanted = np.clip(real / 0.3 - 4, -128, 127)
    assert np.abs(got - wanted).max() <= 0.5 + 1e-6
    assert np.unique(got).size > 20


def quantized(
    attrs: dict[str, Any], w_type: DType, rng: np.random.Generator
) -> tuple[Graph, dict[str, Any]]:
    """A node on int8, and what its weights and biases stand for."""
    limit = 127 if w_type is DType.INT8 else 7
    w = rng.integers(-limit, limit + 1, (5, 3, 2, 7)).astype(np.int8)
    scales = rng.uniform(0.5, 1, 5) / limit
    bias = rng.integers(-300, 300, 5).astype(np.int32)
    attrs = {**attrs, "activation": "none"}
    tensors = {
        "x": Tensor("x", (2, 4, 3, 7), DType.INT8, QuantParams(np.array([0.05]), 9)),
        "w": Tensor("w", w.shape, w_type, QuantParams(scales, 0, 0), w),
        "b": Tensor("b", (5,), DType.INT32, QuantParams(scales * 0.05, 0, 0), bias),
    }
    (shape,) = OP.infer(node_of(attrs), (tensors["x"], tensors["w"], tensors["b"]))
    tensors["y"] = Tensor("y", shape, DType.INT8, QuantParams(np.array([0.3]), -4))
    graph = Graph("up", tensors, (node_of(attrs),), ("x",), ("y",))
    return graph, {"w": w * scales[:, None, None, None], "b": bias * scales * 0.05}


@pytest.mark.parametrize(
    "change",
    [{"padding": (9, 9, 0, 0)}, {"stride": (0, 1)}, {"dilation": (1, -1)},
     {"padding": (0, 0, 0, -1)}, {"output_padding": (-1, 0)}],
)  # fmt: skip
def test_attributes_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    x, w = Tensor("x", (1, 2, 2, 1), DType.INT8), Tensor("w", (1, 2, 2, 1), DType.INT8)
    with pytest.raises(GraphError):
        OP.infer(node_of(GEOMETRIES[0] | change), (x, w, None))


def test_weights_of_other_channels_are_refused() -> None:
    x, w = Tensor("x", (1, 2, 2, 3), DType.INT8), Tensor("w", (1, 2, 2, 1), DType.INT8)
    with pytest.raises(GraphError, match="3 channels"):
        OP.infer(node_of(GEOMETRIES[0]), (x, w, None))


def test_weights_with_a_zero_point_are_refused(rng: np.random.Generator) -> None:
    graph, _ = quantized(GEOMETRIES[0], DType.INT8, rng)
    w = replace(graph.tensors["w"], quant=QuantParams(np.array([0.1]), 3))
    with pytest.raises(QuantError, match="no integer form"):
        exact(graph.replace_nodes({}, {"w": w}), Profile.EDGEQ)


def test_an_accumulator_that_may_overflow_is_refused(rng: np.random.Generator) -> None:
    graph, _ = quantized(GEOMETRIES[0], DType.INT8, rng)
    b = replace(graph.tensors["b"], data=np.full(5, 2**31 - 5, np.int32))
    with pytest.raises(QuantError, match="may reach"):
        exact(graph.replace_nodes({}, {"b": b}), Profile.EDGEQ)


X = act((1, 3, 3, 2))
W = const(np.ones((4, 2, 2, 2), np.int8), scale=0.1)


@pytest.mark.parametrize(
    ("w", "bias", "size", "says"),
    [(const(np.ones((4, 2, 2, 3), np.int8), scale=0.1), None, (6, 6), "do not turn"),
     (T((4, 2, 2, 2), "int8", 0.1, 2, data=np.ones((4, 2, 2, 2), np.int8)), None, (6, 6),
      "zero point 0"),
     (W, const(np.zeros(3, np.int32), scale=0.1), (6, 6), "does not fit 4 channels"),
     (W, const(np.zeros(4, np.int64), scale=0.1), (6, 6), "int64 bias"),
     (T((4, 2, 2, 2), "int8", 0.1), None, (6, 6), "must be constant")],
)  # fmt: skip
def test_files_that_make_no_sense_are_refused(
    w: T, bias: T | None, size: tuple[int, int], says: str
) -> None:
    with pytest.raises(Problems) as caught:
        read_tflite(transpose_conv(X, w, bias, size=size))
    assert says in str(caught.value)
