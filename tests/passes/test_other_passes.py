"""remove_dead, fold_constants, float_io and their order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeq.errors import Problems, UsageError
from edgeq.ir import DType, Graph, Tensor
from edgeq.ir.spec import check
from edgeq.passes import ORDER, prepare
from edgeq.passes.float_io import float_io
from edgeq.passes.fold_constants import fold_constants
from edgeq.passes.remove_dead import remove_dead
from tests.passes.graphs import act, const, graph_of, node, padded_conv, quant, same_bytes


def shape_arithmetic() -> Graph:
    """x (2, 6) -> shape -> first of it -> packed with 6 -> s, an output; x -> relu -> y."""
    tensors = [
        act("x", (2, 6)),
        Tensor("s", (2,), DType.INT32),
        Tensor("n", (), DType.INT32),
        const("six", np.array(6, np.int32)),
        Tensor("p", (2,), DType.INT32),
        act("y", (2, 6)),
    ]
    nodes = [
        node("shape", "x", "s"),
        node("strided_slice", "s", "n", {"begin": (0,), "size": (1,), "strides": (1,)}),
        node("pack", "n six", "p", {"axis": 0}),
        node("relu", "x", "y"),
    ]
    return graph_of(nodes, tensors, ("x",), ("y", "p"))


def test_what_no_output_needs_is_removed() -> None:
    graph = padded_conv()
    dead = replace(
        graph,
        nodes=(*graph.nodes, node("relu", "t", "a"), node("tanh", "a", "b")),
        tensors={**graph.tensors, "a": act("a", (1, 7, 6, 2)), "b": act("b", (1, 7, 6, 2))},
    )
    alive = remove_dead(dead)
    assert [n.op for n in alive.nodes] == ["pad", "conv_2d"]
    assert sorted(alive.tensors) == ["t", "w", "x", "y"]


def test_an_unused_input_stays() -> None:
    graph = padded_conv()
    more = replace(graph, inputs=("x", "u"), tensors={**graph.tensors, "u": act("u", (1,))})
    assert remove_dead(more).inputs == ("x", "u")
    assert "u" in remove_dead(more).tensors


def test_a_node_with_one_needed_output_stays() -> None:
    tensors = [act("x", (2, 4)), act("a", (2, 1)), act("b", (2, 3))]
    split = node("split", "x", "a b", {"axis": 1, "sizes": (1, 3)})
    graph = graph_of([split], tensors, ("x",), ("b",))
    assert remove_dead(graph).nodes == (split,)


def test_shape_arithmetic_becomes_a_constant() -> None:
    folded = fold_constants(shape_arithmetic())
    assert [n.op for n in folded.nodes] == ["relu"]
    data = folded.tensors["p"].data
    assert data is not None
    assert data.dtype == np.int32
    assert data.tolist() == [2, 6]
    check(folded, "loaded")


@pytest.mark.parametrize(
    ("op", "attrs", "inputs", "want"),
    [
        ("add", {"activation": "none"}, ([1, 2**31 - 1], [2, 1]), [3, -(2**31)]),
        ("sub", {"activation": "none"}, ([1, 5], [2]), [-1, 3]),
        ("mul", {"activation": "none"}, ([3, -4], [2, 2]), [6, -8]),
        ("maximum", {}, ([3, -4], [2, 2]), [3, 2]),
        ("minimum", {}, ([3, -4], [2, 2]), [2, -4]),
        ("concatenation", {"axis": 0, "activation": "none"}, ([1], [2, 3]), [1, 2, 3]),
        ("pad", {"before": (1,), "after": (2,), "value": 9}, ([4],), [9, 4, 9, 9]),
        ("reshape", {"shape": (2,)}, ([[1, 2]],), [1, 2]),
        ("transpose", {"perm": (1, 0)}, ([[1, 2]],), [[1], [2]]),
        (
            "strided_slice",
            {"begin": (2,), "size": (2,), "strides": (-2,)},
            ([1, 2, 3],),
            [3, 1],
        ),
    ],
)
def test_integer_arithmetic(op: str, attrs, inputs, want) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    arrays = [np.array(v, np.int32) for v in inputs]
    result = np.array(want, np.int32)
    tensors = [const(f"c{i}", a) for i, a in enumerate(arrays)]
    y = Tensor("y", result.shape, DType.INT32)
    operation = node(op, " ".join(t.name for t in tensors), "y", attrs)
    folded = fold_constants(graph_of([operation], [*tensors, y], (), ("y",)))
    data = folded.tensors["y"].data
    assert folded.nodes == ()
    assert data is not None
    assert data.tolist() == result.tolist()


def test_several_outputs_are_folded() -> None:
    x = const("x", np.arange(6, dtype=np.int64).reshape(2, 3))
    parts = [Tensor("a", (2, 1), DType.INT64), Tensor("b", (2, 2), DType.INT64)]
    split = node("split", "x", "a b", {"axis": 1, "sizes": (1, 2)})
    folded = fold_constants(graph_of([split], [x, *parts], (), ("a", "b")))
    a, b = folded.tensors["a"].data, folded.tensors["b"].data
    assert a is not None
    assert b is not None
    assert (a.tolist(), b.tolist()) == ([[0], [3]], [[1, 2], [4, 5]])


def test_a_clamped_integer_sum_is_left_alone() -> None:
    c = const("c", np.array([1], np.int32))
    y = Tensor("y", (1,), DType.INT32)
    graph = graph_of([node("add", "c c", "y", {"activation": "relu"})], [c, y], (), ("y",))
    assert len(fold_constants(graph).nodes) == 1


def test_dequantized_constants_are_floats() -> None:
    q = const("q", np.array([[1, -3]], np.int8), quant(0.5, 1))
    y = Tensor("y", (1, 2), DType.FLOAT32)
    folded = fold_constants(graph_of([node("dequantize", "q", "y")], [q, y], (), ("y",)))
    data = folded.tensors["y"].data
    assert data is not None
    assert data.dtype == np.float32
    assert data.tolist() == [[0.0, -2.0]]


def test_float_io_puts_conversions_at_the_edges() -> None:
    graph = replace(padded_conv(), file_index={"x": 0, "t": 1, "w": 2, "y": 3})
    real = float_io(graph, "float32")
    assert [n.op for n in real.nodes] == ["quantize", "pad", "conv_2d", "dequantize"]
    assert (real.inputs, real.outputs) == (("x",), ("y",))
    assert real.tensors["x"].dtype is DType.FLOAT32
    assert real.tensors["y"].quant is None
    assert real.tensors["x/quantized"].quant == graph.tensors["x"].quant
    assert dict(real.file_index) == {"x/quantized": 0, "t": 1, "w": 2, "y/quantized": 3}
    check(real, "integer")


def test_float_io_of_a_uint8_model_needs_no_flip() -> None:
    x, y = act("x", (4,), "uint8", 10), act("y", (4,), "uint8", 10)
    graph = graph_of([node("relu", "x", "y")], [x, y], ("x",), ("y",))
    prepared = prepare(graph, io_dtype="float32")
    assert [n.op for n in prepared.nodes] == ["quantize", "relu", "dequantize"]


def test_float_io_refuses_other_types() -> None:
    graph = padded_conv()
    assert float_io(graph, "") is graph
    with pytest.raises(UsageError, match="no io dtype 'float16'"):
        float_io(graph, "float16")


@pytest.mark.parametrize("apply", ORDER, ids=lambda apply: apply.__name__)
def test_every_pass_leaves_a_good_graph_with_the_same_bytes(apply) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    graph = padded_conv()
    after = apply(graph)
    check(after, "integer")
    assert same_bytes(graph, after)


def test_preparing_twice_changes_nothing_more() -> None:
    once = prepare(shape_arithmetic_without_shape())
    assert [n.name for n in prepare(once).nodes] == [n.name for n in once.nodes]


def shape_arithmetic_without_shape() -> Graph:
    return replace(fold_constants(shape_arithmetic()), outputs=("y",))


def test_a_float_model_is_refused_with_what_to_do() -> None:
    x, y = Tensor("x", (4,), DType.FLOAT32), Tensor("y", (4,), DType.FLOAT32)
    graph = graph_of([node("relu", "x", "y")], [x, y], ("x",), ("y",))
    with pytest.raises(Problems, match="quantize the model first"):
        prepare(graph)
