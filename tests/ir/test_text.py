"""A graph as text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.ir import QuantParams
from edgeq.ir.text import graph_text, show
from tests.passes.graphs import padded_conv


def test_a_graph_is_one_line_per_node_and_constant() -> None:
    graph = padded_conv()
    per_channel = QuantParams(np.array([0.5, 0.25, 1.0]), 0, 0)
    tensors = {**graph.tensors, "w": replace(graph.tensors["w"], quant=per_channel)}
    assert graph_text(replace(graph, tensors=tensors)) == (
        "graph 'g'\n"
        "  input 'x' int8 1x4x5x2 (0.05, -3)\n"
        "  pad_t: 't' int8 1x7x6x2 (0.05, -3) = pad('x') after=0,2,1,0 before=0,1,0,0 value=-3\n"
        "  conv_2d_y: 'y' int8 1x6x4x3 (0.05, 7) = conv_2d('t', 'w') activation=none "
        "dilation=1,1 padding=0,0,0,0 stride=1,1\n"
        "  output 'y'\n"
        "  constant 'w' int8 3x2x3x2 (0.25..1 along 0, 0)\n"
    )


def test_names_are_quoted_short_and_printable() -> None:
    assert show("a'b\n\u202e") == r'''"a'b\n\u202e"'''
    assert show("x" * 100, limit=10) == "'xxxxxxx...'"
