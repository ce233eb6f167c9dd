"""fold_pad keeps every byte, and keeps its hands off what it cannot fold exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeq.ir import Attr, Graph
from edgeq.passes.fold_pad import fold_pad
from tests.passes.graphs import act, node, padded_conv, same_bytes, with_outputs


def ops_of(graph: Graph) -> list[str]:
    return [n.op for n in graph.nodes]


def test_pad_of_zeros_becomes_padding_with_the_same_bytes() -> None:
    graph = padded_conv()
    folded = fold_pad(graph)
    assert ops_of(folded) == ["conv_2d"]
    assert folded.nodes[0].inputs == ("x", "w")
    assert folded.nodes[0].attrs["padding"] == (1, 2, 0, 1)
    assert "t" not in folded.tensors
    assert same_bytes(graph, folded)


def test_padding_adds_up() -> None:
    graph = padded_conv(padding=(1, 0, 2, 1))
    folded = fold_pad(graph)
    assert folded.nodes[0].attrs["padding"] == (2, 2, 2, 2)
    assert same_bytes(graph, folded)


def test_every_convolution_that_reads_it_takes_the_padding() -> None:
    graph = padded_conv()
    second = node("conv_2d", "t w", "z", graph.nodes[1].attrs)
    two = replace(
        graph,
        nodes=(*graph.nodes, second),
        tensors={**graph.tensors, "z": replace(graph.tensors["y"], name="z")},
        outputs=("y", "z"),
    )
    folded = fold_pad(two)
    assert ops_of(folded) == ["conv_2d", "conv_2d"]
    assert same_bytes(two, folded)


@pytest.mark.parametrize(
    "pad",
    [
        {"value": 0},
        {"value": -128},
        {"before": (0, 0, 0, 1), "after": (0, 0, 0, 1)},
        {"before": (1, 1, 0, 0)},
        {"after": (1, 0, 0, 0)},
    ],
)
def test_other_borders_stay(pad: dict[str, Attr]) -> None:
    graph = padded_conv(**pad)  # type: ignore[arg-type]
    assert ops_of(fold_pad(graph)) == ["pad", "conv_2d"]


def test_a_border_seen_from_outside_stays() -> None:
    graph = with_outputs(padded_conv(), "y", "t")
    assert ops_of(fold_pad(graph)) == ["pad", "conv_2d"]


def test_a_border_that_another_operator_reads_stays() -> None:
    graph = padded_conv()
    shape = graph.tensors["t"].shape
    other = replace(
        graph,
        nodes=(*graph.nodes, node("relu", "t", "z")),
        tensors={**graph.tensors, "z": act("z", shape)},
        outputs=("y", "z"),
    )
    assert ops_of(fold_pad(other)) == ["pad", "conv_2d", "relu"]


def test_a_pad_between_scales_stays() -> None:
    graph = padded_conv()
    tensors = {**graph.tensors, "t": act("t", graph.tensors["t"].shape, zero_point=4)}
    assert ops_of(fold_pad(replace(graph, tensors=tensors))) == ["pad", "conv_2d"]
