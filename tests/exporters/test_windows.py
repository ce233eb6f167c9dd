"""Convolutions and pools: every padding, by SAME, by VALID, or by a border in front."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import Problems
from edgeq.exporters.tflite import to_tflite
from edgeq.frontends.tflite import read_tflite
from edgeq.frontends.tflite_windows import same_padding
from edgeq.ir import Attr, DType, Graph
from edgeq.verify.oracle import Oracle
from tests.exporters.graphs import activation, agree, bias, one_node, quant, weights

Pair = tuple[int, int]
WIDE = {DType.INT8: quant(0.1, 4), DType.INT16: quant(2.0**-9)}
BIAS = {DType.INT8: DType.INT32, DType.INT16: DType.INT64}
INTEGERS = (DType.INT8, DType.INT16)


@st.composite
def windows(draw: st.DrawFn, dilated: bool = True) -> tuple[Pair, Pair, dict[str, Attr]]:
    """An image's height and width, taps, and attributes with which a window fits it."""
    pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
    size = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    taps, stride = draw(pair), draw(pair)
    dilation = draw(pair) if dilated else (1, 1)
    reach = tuple((t - 1) * d + 1 for t, d in zip(taps, dilation, strict=True))
    pads: list[int] = []
    for n, r in zip(size, reach, strict=True):
        before = draw(st.integers(0, r - 1))
        pads += [before, draw(st.integers(max(r - n - before, 0), max(r - 1, r - n - before)))]
    kinds = st.sampled_from(["none", "relu", "relu6"])
    attrs: dict[str, Attr] = {"stride": stride, "padding": tuple(pads), "activation": draw(kinds)}
    return size, taps, attrs | ({"dilation": dilation} if dilated else {})


def conv(
    size: Pair, taps: Pair, attrs: dict[str, Attr], dtype: DType = DType.INT8, groups: int = 1
) -> Graph:
    rng = np.random.default_rng(1)
    x = activation("x", (1, *size, 2 * groups), dtype)
    w, b = weights(rng, (3 * groups, *taps, 2)), bias(rng, 3 * groups, BIAS[dtype])
    return one_node("conv_2d", (x, w, b), (activation("y", (), dtype, WIDE[dtype]),), **attrs)


def depthwise(
    size: Pair, taps: Pair, attrs: dict[str, Attr], dtype: DType = DType.INT8, factor: int = 1
) -> Graph:
    rng = np.random.default_rng(1)
    x, w = activation("x", (1, *size, 3), dtype), weights(rng, (1, *taps, 3 * factor), axis=3)
    y = activation("y", (), dtype, WIDE[dtype])
    return one_node("depthwise_conv_2d", (x, w, bias(rng, 3 * factor, BIAS[dtype])), (y,), **attrs)


def pool(kind: str, size: Pair, taps: Pair, attrs: dict[str, Attr], dtype: DType) -> Graph:
    x, y = activation("x", (1, *size, 3), dtype), activation("y", (), dtype)
    return one_node(f"{kind}_pool_2d", (x,), (y,), **{"filter": taps, **attrs})


def operators(data: bytes) -> list[str]:
    return [node.op for node in read_tflite(data).nodes]


@settings(max_examples=40)
@given(windows(), st.sampled_from(INTEGERS), st.integers(1, 2))
def test_any_convolution_is_written(
    tflm: Oracle, window: tuple[Pair, Pair, dict[str, Attr]], dtype: DType, groups: int
) -> None:
    agree(tflm, conv(*window, dtype, groups), np.random.default_rng(0), 1)


@settings(max_examples=40)
@given(windows(), st.sampled_from(INTEGERS), st.integers(1, 2))
def test_any_depthwise_convolution_is_written(
    litert: Oracle, window: tuple[Pair, Pair, dict[str, Attr]], dtype: DType, factor: int
) -> None:
    agree(litert, depthwise(*window, dtype, factor), np.random.default_rng(0), 1)


@settings(max_examples=30)
@given(windows(dilated=False), st.sampled_from(INTEGERS))
def test_any_maximum_is_written(
    tflm: Oracle, window: tuple[Pair, Pair, dict[str, Attr]], dtype: DType
) -> None:
    agree(tflm, pool("max", *window, dtype), np.random.default_rng(0), 1)


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (0, 1, 1, 1)])
def test_averages_are_written_as_same_and_valid(
    padding: tuple[int, ...], dtype: DType, tflm: Oracle, rng: np.random.Generator
) -> None:
    attrs: dict[str, Attr] = {"stride": (2, 2), "padding": padding, "activation": "none"}
    data = agree(tflm, pool("average", (6, 5), (3, 3), attrs, dtype), rng)
    assert operators(data) == ["average_pool_2d"]


def test_an_average_over_another_border_is_refused() -> None:
    attrs: dict[str, Attr] = {"stride": (2, 2), "padding": (1, 1, 1, 1), "activation": "none"}
    with pytest.raises(Problems, match=r"(?s)average_pool_2d_0.*pixels of a PAD") as refusal:
        to_tflite(pool("average", (6, 6), (3, 3), attrs, DType.INT8))
    assert len(refusal.value.problems) == 1


@pytest.mark.parametrize("size", [(6, 5), (7, 8), (1, 1)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 1)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
def test_no_border_is_made_for_same_and_valid(size: Pair, stride: Pair, dilation: Pair) -> None:
    taps = (3, 2)
    attrs: dict[str, Attr] = {"stride": stride, "dilation": dilation, "activation": "none"}
    steps = zip(size, taps, stride, dilation, strict=True)
    same = tuple(p for n, k, s, d in steps for p in same_padding(n, k, s, d))
    assert operators(to_tflite(conv(size, taps, {**attrs, "padding": same}))) == ["conv_2d"]
    if min(size) >= 5:
        valid = to_tflite(conv(size, taps, {**attrs, "padding": (0, 0, 0, 0)}))
        assert operators(valid) == ["conv_2d"]


def test_padding_that_no_window_reaches_makes_no_border() -> None:
    attrs: dict[str, Attr] = {"stride": (2, 2), "dilation": (1, 1), "activation": "none"}
    written = to_tflite(conv((5, 5), (3, 3), {**attrs, "padding": (0, 1, 0, 1)}))
    assert operators(written) == ["conv_2d"]


def test_a_border_stands_in_front_of_what_is_neither() -> None:
    attrs: dict[str, Attr] = {"stride": (2, 2), "dilation": (1, 1), "activation": "none"}
    written = to_tflite(conv((6, 6), (3, 3), {**attrs, "padding": (1, 1, 1, 1)}))
    graph = read_tflite(written)
    assert [n.op for n in graph.nodes] == ["pad", "conv_2d"]
    assert graph.nodes[0].attrs["value"] == graph.tensors["x"].quant.zero_point  # type: ignore[union-attr]
    assert graph.tensors[graph.nodes[0].outputs[0]].quant == graph.tensors["x"].quant


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("axis", [None, 0])
@pytest.mark.parametrize("oracle", ["tflm", "litert"])
def test_fully_connected_is_written(
    dtype: DType, keep: bool, axis: int | None, oracle: str, request: pytest.FixtureRequest,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    x, w = activation("x", (2, 3, 8), dtype), weights(rng, (5, 8), axis=axis)
    y = activation("y", (), dtype, WIDE[dtype])
    for inputs in ((x, w, bias(rng, 5, BIAS[dtype])), (x, w)):
        graph = one_node("fully_connected", inputs, (y,), activation="relu", keep_num_dims=keep)
        agree(request.getfixturevalue(oracle), graph, rng)


def test_an_int32_bias_beside_int16_is_written_where_there_is_a_place(
    litert: Oracle, tflm: Oracle, rng: np.random.Generator
) -> None:
    x = activation("x", (1, 4, 4, 2), DType.INT16)
    y = activation("y", (), DType.INT16, WIDE[DType.INT16])
    attrs: dict[str, Attr] = {"stride": (1, 1), "dilation": (1, 1), "padding": (0,) * 4,
                              "activation": "none"}  # fmt: skip
    b = bias(rng, 4)
    for oracle in (litert, tflm):
        agree(oracle, one_node("conv_2d", (x, weights(rng, (4, 2, 2, 2)), b), (y,), **attrs), rng)
    w = weights(rng, (1, 2, 2, 4), axis=3)
    with pytest.raises(Problems, match="int32 bias beside int16"):
        to_tflite(one_node("depthwise_conv_2d", (x, w, b), (y,), **attrs))


@pytest.mark.parametrize("count", [3, 4])
def test_int4_weights_are_written(litert: Oracle, rng: np.random.Generator, count: int) -> None:
    """LiteRT's reference kernels take them; TensorFlow Lite Micro not in every operator."""
    x, y = activation("x", (1, 4, 4, 3)), activation("y", (), DType.INT8, WIDE[DType.INT8])
    attrs: dict[str, Attr] = {"stride": (1, 1), "dilation": (1, 1), "padding": (0,) * 4,
                              "activation": "none"}  # fmt: skip
    w, b = weights(rng, (count, 3, 3, 3), DType.INT4), bias(rng, count)
    agree(litert, one_node("conv_2d", (x, w, b), (y,), **attrs), rng)
    w, b = weights(rng, (1, 3, 3, 3), DType.INT4, 3), bias(rng, 3)
    agree(litert, one_node("depthwise_conv_2d", (x, w, b), (y,), **attrs), rng)
    w, b = weights(rng, (count, 48), DType.INT4), bias(rng, count)
    graph = one_node("fully_connected", (x, w, b), (y,), activation="none", keep_num_dims=False)
    agree(litert, graph, rng)
