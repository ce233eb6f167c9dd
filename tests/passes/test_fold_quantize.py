"""fold_quantize removes rescaling by exactly 1, and nothing else."""

from __future__ import annotations

import pytest

from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.passes.fold_quantize import fold_quantize
from tests.passes.graphs import act, graph_of, node, same_bytes, with_outputs


def chain(zero_point: int = -3, dtype: str = "int8") -> Graph:
    """x -> quantize -> a -> quantize -> b -> relu -> y; x and b have zero point -3."""
    tensors = [
        act("x", (1, 256)),
        act("a", (1, 256), dtype, zero_point),
        act("b", (1, 256)),
        act("y", (1, 256), zero_point=5),
    ]
    nodes = [node("quantize", "x", "a"), node("quantize", "a", "b"), node("relu", "b", "y")]
    return graph_of(nodes, tensors, ("x",), ("y",))


@pytest.mark.parametrize("profile", list(Profile))
def test_rescaling_by_one_is_dropped_with_the_same_bytes(profile: Profile) -> None:
    graph = chain()
    folded = fold_quantize(graph)
    assert [n.op for n in folded.nodes] == ["relu"]
    assert folded.nodes[0].inputs == ("x",)
    assert same_bytes(graph, folded, profile)


@pytest.mark.parametrize(("zero_point", "dtype"), [(4, "int8"), (0, "int16")])
def test_conversions_stay(zero_point: int, dtype: str) -> None:
    graph = chain(zero_point, dtype)
    assert fold_quantize(graph) is graph


def test_an_output_of_the_graph_keeps_its_node() -> None:
    folded = fold_quantize(with_outputs(chain(), "y", "b"))
    assert [n.op for n in folded.nodes] == ["quantize", "relu"]
    assert folded.nodes[0].inputs == ("x",)
