"""Every rule of every stage finds what breaks it, and nothing in a good graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from edgeq.errors import Problems
from edgeq.ir import DType, Graph, QuantParams, Tensor
from edgeq.ir.spec import SPEC, check
from tests.passes.graphs import act, const, graph_of, node, padded_conv, quant

Change = Callable[[Graph], Graph]


def tensor(graph: Graph, key: str, **changes: object) -> Graph:
    changed = replace(graph.tensors[key], **changes)  # type: ignore[arg-type]
    return replace(graph, tensors={**graph.tensors, key: changed})


LOADED: dict[str, Change] = {
    "'other' is filed under 'x'": lambda g: tensor(g, "x", name="other"),
    "nodes are named 'pad_t'": lambda g: replace(
        g, nodes=(g.nodes[0], replace(g.nodes[1], name="pad_t"))
    ),
    "'gone' does not exist": lambda g: replace(
        g, nodes=(replace(g.nodes[0], inputs=("gone",)), g.nodes[1])
    ),
    "'none' of the graph's inputs or outputs": lambda g: replace(g, outputs=("none",)),
    "'t' is read before": lambda g: replace(g, nodes=g.nodes[::-1]),
    "'t' is written twice": lambda g: replace(
        g, nodes=(g.nodes[0], replace(g.nodes[0], name="b"), g.nodes[1])
    ),
    "'w' is written twice": lambda g: replace(
        g, nodes=(g.nodes[0], replace(g.nodes[1], outputs=("w",)))
    ),
    "output 'y' is not computed": lambda g: replace(g, nodes=g.nodes[:1]),
    "'x' has shape (1, 0)": lambda g: tensor(g, "x", shape=(1, 0)),
    "'x' has shape (65536, 65536)": lambda g: tensor(g, "x", shape=(65536, 65536)),
    "constant 'w' is int8": lambda g: tensor(g, "w", data=np.zeros(3, np.int8)),
    "a scale is not a positive number": lambda g: tensor(g, "x", quant=quant(float("nan"))),
    "axis 4 does not exist": lambda g: tensor(g, "w", quant=QuantParams(np.ones(3), 0, 4)),
    "scales of shape (3,), not (2,)": lambda g: tensor(g, "w", quant=QuantParams(np.ones(3), 0, 1)),
    "zero point 128 is outside": lambda g: tensor(g, "x", quant=quant(1.0, 128)),
}
INTEGER: dict[str, Change] = {
    "conv_2d reads 't', which is float32": lambda g: tensor(
        g, "t", dtype=DType.FLOAT32, quant=None
    ),
    "pad reads 'x', which is uint8": lambda g: tensor(g, "x", dtype=DType.UINT8, quant=quant(1.0)),
    "conv_2d writes 'y', which is int32": lambda g: tensor(g, "y", dtype=DType.INT32, quant=None),
    "'t' is int8 without a scale": lambda g: tensor(g, "t", quant=None),
    "'x' is an activation with a scale per channel": lambda g: tensor(
        g, "x", quant=QuantParams(np.ones(2), 0, 3)
    ),
}


def test_a_good_graph_breaks_no_rule() -> None:
    check(padded_conv(), "integer")


@pytest.mark.parametrize("what", LOADED)
def test_malformed_graphs_are_found(what: str) -> None:
    with pytest.raises(Problems, match="not well-formed") as caught:
        check(LOADED[what](padded_conv()), "loaded")
    assert what in caught.value.text()


@pytest.mark.parametrize("what", INTEGER)
def test_graphs_that_are_not_integer_are_found(what: str) -> None:
    graph = INTEGER[what](padded_conv())
    check(graph, "loaded")
    with pytest.raises(Problems, match="not an integer graph") as caught:
        check(graph, "integer")
    assert what in caught.value.text()


def test_conversions_may_meet_floats_and_any_type_may_move() -> None:
    tensors = [
        Tensor("x", (2, 3), DType.FLOAT32),
        act("q", (2, 3)),
        Tensor("a", (2,), DType.INT32),
        Tensor("b", (1, 2), DType.INT32),
        Tensor("y", (2, 3), DType.FLOAT32),
        Tensor("z", (6,), DType.FLOAT32),
    ]
    nodes = [
        node("quantize", "x", "q"),
        node("arg_max", "q", "a", {"axis": 1}),
        node("reshape", "a", "b", {"shape": (1, 2)}),
        node("dequantize", "q", "y"),
        node("reshape", "y", "z", {"shape": (6,)}),
    ]
    check(graph_of(nodes, tensors, ("x",), ("b", "z")), "integer")


def test_integers_may_do_nothing_but_become_floats() -> None:
    tensors = [act("x", (2, 3)), act("q", (6,)), Tensor("y", (6,), DType.FLOAT32)]
    nodes = [node("reshape", "x", "q"), node("dequantize", "q", "y")]
    check(graph_of(nodes, tensors, ("x",), ("y",)), "integer")
    check(graph_of(nodes[1:], tensors[1:], ("q",), ("y",)), "integer")


def test_arithmetic_on_indices_is_no_integer_graph() -> None:
    c = const("c", np.array([1], np.int32))
    tensors = [act("x", (1, 3)), Tensor("a", (1,), DType.INT32), c, Tensor("y", (1,), DType.INT32)]
    nodes = [node("arg_max", "x", "a", {"axis": 1}), node("add", "a c", "y")]
    with pytest.raises(Problems, match="add reads 'a', which is int32"):
        check(graph_of(nodes, tensors, ("x",), ("y",)), "integer")


def test_every_problem_of_a_stage_is_told() -> None:
    graph = tensor(tensor(padded_conv(), "x", quant=quant(-1.0)), "y", quant=quant(0.0))
    with pytest.raises(Problems) as caught:
        check(graph, "integer")
    assert len(caught.value.problems) == 2


def test_every_rule_is_a_sentence() -> None:
    for rules in SPEC.values():
        assert all(rule.sentence[0].isupper() and rule.sentence.endswith(".") for rule in rules)


def test_an_unknown_stage_is_a_defect() -> None:
    with pytest.raises(KeyError):
        check(padded_conv(), "cooked")
