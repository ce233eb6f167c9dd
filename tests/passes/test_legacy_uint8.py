"""legacy_uint8: every uint8 value less 128, the face unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType, Graph
from edgeq.ir.spec import check
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.passes.legacy_uint8 import legacy_uint8
from edgeq.reference.exact import exact
from tests import operators as ops
from tests.examples import EXAMPLES
from tests.one_op import act, bias_for, const, weights
from tests.passes.graphs import padded_conv, same_bytes

Move = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
UINT8 = sorted(set(EXAMPLES) - {"SHAPE", "QUANTIZE to int16"})


def conv(rng: np.random.Generator) -> Graph:
    x, w = act((1, 5, 6, 3), "uint8"), weights(rng, (4, 3, 2, 3), "uint8")
    return read_tflite(ops.conv_2d(x, w, bias_for(rng, x, w, 4), act((), "uint8", 0.1, 131)))


def test_integer_graphs_are_left_alone() -> None:
    graph = padded_conv()
    assert legacy_uint8(graph) is graph


def test_activations_and_weights_become_int8_and_the_face_stays(rng: np.random.Generator) -> None:
    graph = conv(rng)
    seen = legacy_uint8(graph)
    assert [n.op for n in seen.nodes] == ["flip_sign", "conv_2d", "flip_sign"]
    assert (seen.inputs, seen.outputs) == (graph.inputs, graph.outputs)
    assert [n.inputs[0] for n in seen.nodes] == ["t0", "t0/int8", "t3/int8"]
    assert seen.nodes[1].attrs["legacy_uint8"] is True
    before, after = graph.tensors["t1"], seen.tensors["t1"]
    assert before.data is not None
    assert after.data is not None
    assert after.dtype is DType.INT8
    assert after.data.dtype == np.int8
    assert np.array_equal(after.data, before.data.astype(np.int16) - 128)
    points = {n: t.quant.zero_point for n, t in seen.tensors.items() if t.quant is not None}
    want: Mapping[str, int] = {
        "t0": 125, "t0/int8": -3, "t1": 119 - 128, "t2": 0, "t3": 131, "t3/int8": 3,
    }  # fmt: skip
    assert points == want


def test_pad_values_and_constants_move_too() -> None:
    value = const([7], "uint8", scale=0.05, zero_point=125)
    graph = legacy_uint8(read_tflite(ops.pad(act((2, 3), "uint8"), ((1, 0), (0, 2)), value)))
    assert graph.nodes[1].attrs["value"] == 7 - 128


def test_constants_that_are_outputs_stay(rng: np.random.Generator) -> None:
    graph = replace(conv(rng), outputs=("t3", "t1"))
    seen = legacy_uint8(graph)
    check(seen, "loaded")
    assert seen.tensors["t1"] is graph.tensors["t1"]
    assert seen.nodes[1].inputs[1] == "t1/int8"


def test_an_input_that_is_an_output_stays(rng: np.random.Generator) -> None:
    seen = legacy_uint8(replace(conv(rng), outputs=("t0", "t3")))
    check(seen, "loaded")
    assert [n.outputs for n in seen.nodes] == [("t0/int8",), ("t3/int8",), ("t3",)]


@pytest.mark.parametrize("name", UINT8)
def test_every_uint8_operator_becomes_an_integer_graph(name: str, rng: np.random.Generator) -> None:
    prepared = prepare(read_tflite(EXAMPLES[name]("uint8", rng)))
    check(prepared, "integer")


MOVES: dict[str, tuple[bytes, Move]] = {
    "transpose": (
        ops.transpose(act((2, 3, 4), "uint8"), (2, 0, 1)),
        lambda x: x.transpose(2, 0, 1),
    ),
    "pad": (
        ops.pad(act((2, 3), "uint8"), ((1, 0), (0, 2))),
        lambda x: np.pad(x, ((1, 0), (0, 2)), constant_values=125),
    ),
    "unpack": (ops.unpack(act((2, 3), "uint8"), 0), lambda x: x[0]),
}


@pytest.mark.parametrize("name", MOVES)
def test_moved_values_are_the_same_bytes(name: str, rng: np.random.Generator) -> None:
    data, move = MOVES[name]
    graph = read_tflite(data)
    (x,) = graph.inputs
    sample = rng.integers(0, 256, graph.tensors[x].shape, np.uint8)
    found = exact(legacy_uint8(graph), Profile.LITERT).run({x: sample})[graph.outputs[0]]
    want = move(sample)
    assert found.dtype == np.uint8
    assert np.array_equal(found.reshape(want.shape), want)


def test_same_bytes_helper_sees_a_difference() -> None:
    assert not same_bytes(padded_conv(), padded_conv(value=9))
