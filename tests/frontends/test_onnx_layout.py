"""Layouts: which element lies where, whatever is transposed and reshaped."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.frontends.onnx import read_onnx
from edgeq.frontends.onnx_layout import Layout, channels_last
from edgeq.ir import Graph
from edgeq.ir.file_order import file_orders
from edgeq.verify.oracle import Oracle
from tests.frontends.onnx_models import OnnxModel
from tests.frontends.onnx_trials import EPSILON, differences

SIZES = st.sampled_from([1, 2, 3, 4, 6])


def seen(layout: Layout, memory: Any) -> Any:
    """The array that a layout says `memory` holds, in the order of its dimensions."""
    return memory.reshape(layout.sizes).transpose(layout.atoms).reshape(layout.shape)


@st.composite
def walks(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[str, Any]]]:
    """A shape, an order, and some transposes and reshapes of it."""
    shape = tuple(draw(st.lists(SIZES, min_size=1, max_size=4)))
    order = tuple(draw(st.permutations(range(len(shape)))))
    steps: list[tuple[str, Any]] = []
    now = shape
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            perm = tuple(draw(st.permutations(range(len(now)))))
            steps.append(("transpose", perm))
            now = tuple(now[p] for p in perm)
        else:
            now = draw(st.sampled_from(cuts(int(np.prod(now)))))
            steps.append(("reshape", now))
    return shape, order, steps


def cuts(size: int) -> list[tuple[int, ...]]:
    """Some shapes of `size` elements."""
    found = [(size,), (1, size), (size, 1)]
    for a in range(2, size):
        if size % a == 0:
            found.append((a, size // a))
            found += [(a, b, size // a // b) for b in (2, 3) if size // a % b == 0]
    return found


@given(walks())
def test_a_layout_follows_numpy(
    walk: tuple[tuple[int, ...], tuple[int, ...], list[tuple[str, Any]]],
) -> None:
    shape, order, steps = walk
    array = np.arange(int(np.prod(shape))).reshape(shape)
    layout, memory = Layout.of(shape, order), array.transpose(order).reshape(-1)
    for kind, argument in steps:
        if kind == "transpose":
            layout, array = layout.transposed(argument), array.transpose(argument)
        else:
            new = layout.reshaped(argument)
            if new is None:
                return  # the elements must move first
            layout, array = new, array.reshape(argument)
        assert layout.shape == array.shape
        assert all(n > 1 for n in layout.sizes)
        assert np.array_equal(seen(layout, memory), array)
        if layout.order() is not None:
            assert layout.lies(layout.usual_order())


@given(st.lists(SIZES, min_size=1, max_size=4), st.data())
def test_what_lies_as_written_takes_every_shape(sizes: list[int], data: st.DataObject) -> None:
    shape = tuple(sizes)
    wanted = data.draw(st.sampled_from(cuts(int(np.prod(shape)))))
    layout = Layout.of(shape).reshaped(wanted)
    if layout is not None:
        assert layout.lies(tuple(range(len(wanted))))


def test_channels_are_shuffled_without_moving() -> None:
    image = Layout.of((1, 6, 4, 5), channels_last(4))
    split = image.reshaped((1, 2, 3, 4, 5))
    assert split is not None
    assert split.order() == (0, 3, 4, 1, 2)
    shuffled = split.transposed((0, 2, 1, 3, 4)).reshaped((1, 6, 4, 5))
    assert shuffled is not None
    assert shuffled.order() is None


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def small(rng: np.random.Generator, *shape: int) -> Any:
    return rng.uniform(-1, 1, shape).astype(np.float32)


def test_an_image_network_has_no_transpose(onnxruntime: Oracle, rng: np.random.Generator) -> None:
    """Two convolutions, a sum, a pool, Flatten and Gemm: all of it channels last."""
    m = OnnxModel()
    m.node("Conv", ["x", m.const("w", small(rng, 4, 3, 3, 3))], ["a"], pads=[1, 1, 1, 1])
    m.node("Relu", ["a"], ["b"])
    m.node("Conv", ["b", m.const("v", small(rng, 4, 4, 1, 1))], ["c"])
    m.node("Add", ["b", "c"], ["d"])
    m.node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2])
    m.node("Flatten", ["e"], ["f"])
    m.node("Gemm", ["f", m.const("g", small(rng, 2, 4 * 3 * 2)), m.const("h", small(rng, 2))],
           transB=1)  # fmt: skip
    graph, worst = differences(m.build({"x": (1, 3, 6, 4)}), onnxruntime, rng)
    assert ops(graph) == ["conv_2d", "conv_2d", "add", "max_pool_2d", "reshape", "fully_connected"]
    assert graph.tensors["x"].shape == (1, 6, 4, 3)
    assert file_orders(graph) == {"x": (0, 2, 3, 1)}
    assert worst <= 28 * 28 * 28 * EPSILON  # 27 products of 1, 4 of 28, 24 of 4 * 28


@pytest.mark.parametrize("groups", [2, 3])
def test_a_channel_shuffle_is_one_transpose(
    groups: int, onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    m = OnnxModel()
    m.node("Conv", ["x", m.const("w", small(rng, 6, 2, 1, 1))], ["a"])
    m.node("Reshape", ["a", m.const("s", [1, groups, 6 // groups, 4, 5], np.int64)], ["b"])
    m.node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3, 4])
    m.node("Reshape", ["c", m.const("t", [1, 6, 4, 5], np.int64)], ["d"])
    m.node("Conv", ["d", m.const("v", small(rng, 6, 1, 3, 3))], group=6)
    graph, worst = differences(m.build({"x": (1, 2, 4, 5)}), onnxruntime, rng)
    assert ops(graph).count("transpose") == 1
    assert worst <= 18 * 18 * EPSILON


def test_a_model_of_tensorflow_loses_its_transposes(
    onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    """Images come channels last, are turned for the convolution, and turned back."""
    m = OnnxModel()
    m.node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2])
    m.node("Conv", ["a", m.const("w", small(rng, 4, 3, 3, 3))], ["b"])
    m.node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1])
    m.node("Reshape", ["c", m.const("s", [1, -1], np.int64)], ["d"])
    m.node("MatMul", ["d", m.const("v", small(rng, 4 * 4 * 2, 3))])
    graph, _ = differences(m.build({"x": (1, 6, 4, 3)}), onnxruntime, rng)
    assert ops(graph) == ["conv_2d", "reshape", "fully_connected"]
    assert file_orders(graph) == {}


def test_heads_of_a_detector_join_without_transposes(
    onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    m = OnnxModel()
    for i, stride in enumerate((1, 2)):
        m.node("Conv", ["x", m.const(f"w{i}", small(rng, 6, 3, 1, 1))], [f"a{i}"],
               strides=[stride, stride])  # fmt: skip
        m.node("Transpose", [f"a{i}"], [f"b{i}"], perm=[0, 2, 3, 1])
        m.node("Reshape", [f"b{i}", m.const(f"s{i}", [1, -1, 2], np.int64)], [f"c{i}"])
    m.node("Concat", ["c0", "c1"], axis=1)
    graph, worst = differences(m.build({"x": (1, 3, 4, 4)}), onnxruntime, rng)
    assert "transpose" not in ops(graph)
    assert graph.tensors["y"].shape == (1, 60, 2)
    assert worst <= 9 * EPSILON


def test_an_output_that_lies_channels_last_says_so(rng: np.random.Generator) -> None:
    m = OnnxModel().node("Relu", ["a"])
    m.nodes.insert(0, OnnxModel().node("Conv", ["x", "w"], ["a"]).nodes[0])
    m.const("w", small(rng, 5, 3, 1, 1))
    graph = read_onnx(m.build({"x": (1, 3, 6, 4)}))
    assert graph.tensors["y"].shape == (1, 6, 4, 5)
    assert file_orders(graph)["y"] == (0, 2, 3, 1)


def test_a_matrix_stays_as_the_file_has_it() -> None:
    data = OnnxModel().node("Relu", ["x"]).build({"x": (1, 3, 6, 4)})
    graph = read_onnx(data)
    assert graph.tensors["x"].shape == graph.tensors["y"].shape == (1, 3, 6, 4)
    assert file_orders(graph) == {}


def test_an_output_that_is_an_input_keeps_its_name(rng: np.random.Generator) -> None:
    m = OnnxModel().node("Identity", ["x"], ["y"]).node("Relu", ["x"], ["z"])
    graph = read_onnx(m.build({"x": (1, 4)}, ("y", "z")))
    assert graph.outputs == ("y", "z")
    assert graph.inputs == ("x",)
    del rng
