"""Slices, borders and functions: what the front end normalized, and what other graphs hold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.exporters.tflite import to_tflite
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Attr, DType, Graph, Shape, Tensor
from edgeq.verify.oracle import Oracle
from tests.exporters.graphs import activation, agree, constant, one_node, quant, usual

Make = Callable[[DType, np.random.Generator], Graph]
INTEGERS = (DType.INT8, DType.INT16)
WIDE = {DType.INT8: quant(0.2, 4), DType.INT16: quant(2.0**-9)}


def image(dtype: DType) -> Tensor:
    return activation("x", (2, 4, 4, 8), dtype)


@st.composite
def slices(draw: st.DrawFn) -> tuple[Shape, dict[str, Attr]]:
    """A shape and attributes of a slice of it, its axes of size 1 perhaps dropped."""
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple))
    begin, size, strides = [], [], []
    for extent in shape:
        step = draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))
        first = draw(st.integers(0, extent - 1))
        room = (extent - 1 - first if step > 0 else first) // abs(step)
        begin.append(first)
        strides.append(step)
        size.append(draw(st.integers(1, room + 1)))
    attrs: dict[str, Attr] = {"begin": tuple(begin), "size": tuple(size), "strides": tuple(strides)}
    if draw(st.booleans()):
        attrs["shape"] = tuple(n for n in size if n > 1 or draw(st.booleans()))
    return shape, attrs


@settings(max_examples=60)
@given(slices(), st.sampled_from(INTEGERS), st.sampled_from(["tflm", "litert"]))
def test_any_slice_is_written(
    request: pytest.FixtureRequest, cut: tuple[Shape, dict[str, Attr]], dtype: DType, oracle: str
) -> None:
    shape, attrs = cut
    graph = one_node("strided_slice", (activation("x", shape, dtype),),
                     (activation("y", (), dtype),), **attrs)  # fmt: skip
    agree(request.getfixturevalue(oracle), graph, np.random.default_rng(0), 1)


def test_a_slice_that_adds_axes_is_reshaped(tflm: Oracle, rng: np.random.Generator) -> None:
    graph = one_node("strided_slice", (activation("x", (3, 4)),), (activation("y", ()),),
                     begin=(1, 0), size=(2, 2), strides=(1, 2), shape=(2, 1, 2))  # fmt: skip
    assert [n.op for n in read_tflite(agree(tflm, graph, rng)).nodes] == [
        "strided_slice", "reshape",
    ]  # fmt: skip


def test_a_reshape_to_a_scalar_is_written(
    tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    graph = one_node("reshape", (activation("x", (1, 1)),), (activation("y", ()),), shape=())
    for oracle in (tflm, litert):
        agree(oracle, graph, rng)


@pytest.mark.parametrize("value", [-3, 100, -128])
def test_a_border_of_any_value_is_written(
    value: int, tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    graph = one_node("pad", (activation("x", (2, 3, 4)),), (activation("y", ()),),
                     before=(0, 1, 2), after=(1, 0, 1), value=value)  # fmt: skip
    for oracle in (tflm, litert):
        agree(oracle, graph, rng)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("sizes", [(2, 2), (1, 3), (4,)])
def test_splits_are_written(
    sizes: Shape, dtype: DType, tflm: Oracle, rng: np.random.Generator
) -> None:
    outputs = tuple(activation(f"y{i}", (), dtype) for i in range(len(sizes)))
    x = activation("x", (2, 4, 3), dtype)
    agree(tflm, one_node("split", (x,), outputs, axis=-2, sizes=sizes), rng)


@pytest.mark.parametrize("op", ["add", "sub", "mul", "maximum", "minimum"])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_constants_are_operands(
    op: str, dtype: DType, tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    limits = np.iinfo(dtype.numpy)
    c = constant("c", rng.integers(limits.min, limits.max, (3, 1)), dtype, usual(dtype))
    attrs: dict[str, Attr] = {} if op in ("maximum", "minimum") else {"activation": "relu"}
    graph = one_node(op, (activation("x", (2, 3, 4), dtype), c), (activation("y", (), dtype),),
                     **attrs)  # fmt: skip
    oracles = (tflm,) if dtype is DType.INT16 and op in ("add", "sub") else (tflm, litert)
    for oracle in oracles:  # LiteRT aborts where int16 sums by shifts broadcast
        agree(oracle, graph, rng)


BOTH = ("tflm", "litert")


def _gather(dtype: DType, rng: np.random.Generator) -> Graph:
    del rng
    indices = constant("i", [[3, 0, -1]], DType.INT64)
    return one_node("gather", (image(dtype), indices), (activation("y", (), dtype),), axis=-1)


def _blocks(mode: str) -> Make:
    def make(dtype: DType, rng: np.random.Generator) -> Graph:
        del rng
        y = activation("y", (), dtype)
        return one_node("depth_to_space", (image(dtype),), (y,), block_size=2, mode=mode)

    return make


def _greatest(dtype: DType, rng: np.random.Generator) -> Graph:
    del rng
    y = activation("y", (), dtype)
    return one_node("reduce_max", (image(dtype),), (y,), axes=(1, 2), keep_dims=False)


def _over(op: str) -> Make:
    def make(dtype: DType, rng: np.random.Generator) -> Graph:
        del rng
        y = activation("y", (), dtype, WIDE[dtype])
        return one_node(op, (image(dtype),), (y,), axes=(1, 2), keep_dims=True)

    return make


def _prelu(dtype: DType, rng: np.random.Generator) -> Graph:
    slopes = constant("s", rng.integers(-100, 100, 8), dtype, quant(0.01))
    return one_node("prelu", (image(dtype), slopes), (activation("y", (), dtype, WIDE[dtype]),))


CASES: dict[str, tuple[Make, DType, tuple[str, ...]]] = {
    "gather int8": (_gather, DType.INT8, BOTH),
    "gather int16": (_gather, DType.INT16, ("litert",)),
    "blocks first": (_blocks("DCR"), DType.INT8, BOTH),
    "channels first": (_blocks("CRD"), DType.INT8, BOTH),
    "reduce_max int8": (_greatest, DType.INT8, BOTH),
    "reduce_max int16": (_greatest, DType.INT16, ("litert",)),
    "mean int8": (_over("mean"), DType.INT8, BOTH),
    "mean int16": (_over("mean"), DType.INT16, BOTH),
    # LiteRT's reference kernel does not rescale sums
    "reduce_sum int8": (_over("reduce_sum"), DType.INT8, ("tflm",)),
    "reduce_sum int16": (_over("reduce_sum"), DType.INT16, ("tflm",)),
    "prelu": (_prelu, DType.INT8, BOTH),
}


@pytest.mark.parametrize("name", CASES)
def test_operators_with_operands_are_written(
    name: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    make, dtype, oracles = CASES[name]
    for oracle in oracles:
        agree(request.getfixturevalue(oracle), make(dtype, rng), rng)


Quantization = tuple[float, int]
FUNCTIONS: dict[str, tuple[Quantization, Quantization, dict[str, Attr], tuple[str, ...]]] = {
    "abs": ((0.05, 3), (0.04, -7), {}, ("tflm", "litert")),
    "neg": ((0.05, 0), (0.05, 0), {}, ("litert",)),
    "exp": ((0.02, 3), (0.06, -128), {}, ("litert",)),
    "sqrt": ((0.05, -128), (0.02, -128), {}, ("litert",)),
    "rsqrt": ((0.05, -128), (0.03, -128), {}, ("tflm", "litert")),
    "elu": ((0.05, 3), (0.04, -5), {}, ("tflm",)),
    "gelu": ((0.05, 3), (0.04, -5), {}, ("litert",)),
    "leaky_relu": ((0.05, 3), (0.04, -5), {"alpha": 0.1}, ("tflm", "litert")),
    "hard_swish": ((0.05, 3), (0.04, -5), {}, ("tflm", "litert")),
    "relu": ((0.05, 3), (0.04, -128), {}, ("tflm", "litert")),
    "relu6": ((0.05, 3), (0.03, -128), {}, ("tflm", "litert")),
    "relu_n1_to_1": ((0.05, 3), (0.01, 0), {}, ("litert",)),
    "softmax": ((0.05, 3), (1 / 256, -128), {"beta": 1.0}, ("tflm", "litert")),
    "logistic": ((0.05, 3), (1 / 256, -128), {}, ("tflm", "litert")),
    "tanh": ((0.05, 3), (1 / 128, 0), {}, ("tflm", "litert")),
    "quantize": ((0.05, 3), (0.04, -5), {}, ("tflm", "litert")),
}
"""By operator: quantization of x and y, attributes, and the runtimes that take it on int8."""


@pytest.mark.parametrize("op", FUNCTIONS)
def test_functions_are_written(
    op: str, request: pytest.FixtureRequest, rng: np.random.Generator
) -> None:
    (x_scale, zx), (y_scale, zy), attrs, oracles = FUNCTIONS[op]
    x = activation("x", (1, 16, 16), DType.INT8, quant(x_scale, zx))
    y = activation("y", (), DType.INT8, quant(y_scale, zy))
    for name in oracles:
        oracle = request.getfixturevalue(name)
        agree(oracle, one_node(op, (x,), (y,), **attrs), rng)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("bounds", [(-0.5, 1.0), (0.0, float("inf")), (float("-inf"), 2.0)])
def test_clips_on_one_scale_are_written(
    bounds: tuple[float, float], dtype: DType, tflm: Oracle, litert: Oracle,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    x, y = activation("x", (1, 300), dtype), activation("y", (), dtype)
    graph = one_node("clip", (x,), (y,), lo=bounds[0], hi=bounds[1])
    for oracle in (tflm, litert):
        agree(oracle, graph, rng, again=False)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("ratio", [0.5, 0.25, 2.0, 0.37])
def test_clips_between_scales_rescale_as_the_runtimes_do(
    ratio: float, dtype: DType, tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    """Ratios of a power of two give ties, which the profile edgeq rounds once, the others not."""
    zero_x, zero_y = (5, -9) if dtype is DType.INT8 else (0, 0)
    scale = 0.05 if dtype is DType.INT8 else 0.05 / 256
    x = activation("x", (1, 2000), dtype, quant(scale * ratio, zero_x))
    y = activation("y", (), dtype, quant(scale, zero_y))
    for oracle in (tflm, litert):
        agree(oracle, one_node("clip", (x,), (y,), lo=-1.0, hi=2.5), rng, again=False)


def test_floats_of_a_clip_have_their_own_operators() -> None:
    x, y = activation("x", (1, 3), DType.FLOAT32), activation("y", (), DType.FLOAT32)
    for (lo, hi), ops in {
        (0.0, 6.0): ["relu6"], (-1.0, 1.0): ["relu_n1_to_1"], (0.0, float("inf")): ["relu"],
        (-2.0, 3.0): ["maximum", "minimum"],
    }.items():  # fmt: skip
        written = to_tflite(one_node("clip", (x,), (y,), lo=lo, hi=hi))
        assert [n.op for n in read_tflite(written).nodes] == ops
