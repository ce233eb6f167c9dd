"""Operators that only move data, against both oracles, and how far their calls are merged."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import GraphError, QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Call, Lowered, all_ops
from edgeq.ops.strided import merge
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle, OracleRefused
from tests import operators as write
from tests.one_op import ACTIVATION, T, act
from tests.ops.file_trials import agree
from tests.ops.move_models import moves

SIGNED = ("int8", "int16")
ALL = (*SIGNED, "uint8")


# TFLM takes up to 5 axes of TRANSPOSE, SLICE and PAD, 4 of the others, and no uint8 anywhere.
TFLM_RANKS = {"transpose": 5, "slice": 5, "pad": 5, "padv2": 5, "pack": 3}
LITERT_RANKS = {"transpose": 6, "slice": 5, "pad": 5, "padv2": 5, "strided_slice": 5,
                "concatenation": 6, "split": 6, "split_v": 6, "unpack": 5, "pack": 5}  # fmt: skip


@given(model=moves(SIGNED, TFLM_RANKS), seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_moving_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree(tflm, model, np.random.default_rng(seed), samples=1, extremes=False)


@given(model=moves(ALL, LITERT_RANKS), seed=st.integers(0, 2**32))
@settings(max_examples=150)
def test_moving_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed), samples=1, extremes=False)


# What models use to compute shapes stays as integers; here it is made at run time.
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_other_element_types_are_moved_too(
    tflm: Oracle, litert: Oracle, rng: np.random.Generator, dtype: str
) -> None:
    x = T((2, 3, 4), dtype)
    for model in (write.pack([x, x], 1), write.concatenation([x, x], 2), write.unpack(x, 1)):
        agree(tflm, model, rng)
        agree(litert, model, rng)


def rescaled(dtype: str) -> bytes:
    scale, point = ACTIVATION[dtype]
    assert scale is not None
    other = act((3, 5), dtype, scale * 1.3, point if dtype == "int16" else point + 7)
    return write.concatenation([act((3, 4), dtype), other], 1)


# Both oracles refuse int8 operands of different scales, and copy int16 ones as they are.
def test_concatenation_of_two_scales_equals_the_oracles_that_take_it(
    tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    agree(litert, rescaled("uint8"), rng)
    agree(tflm, rescaled("int16"), rng)
    agree(litert, rescaled("int16"), rng)
    for oracle in (tflm, litert):
        with pytest.raises(OracleRefused):
            oracle.load(rescaled("int8"))


@pytest.mark.parametrize("profile", Profile)
def test_concatenation_brings_int8_operands_on_one_scale(
    rng: np.random.Generator, profile: Profile
) -> None:
    graph = read_tflite(rescaled("int8"))
    a = rng.integers(-128, 128, (3, 4), np.int8)
    b = rng.integers(-128, 128, (3, 5), np.int8)
    got = exact(graph, profile).run(dict(zip(graph.inputs, (a, b), strict=True)))
    tensors = [graph.tensors[name] for name in (*graph.inputs, *graph.outputs)]
    quants = [t.quant for t in tensors if t.quant is not None]
    other, y = quants[1], quants[2]
    real = (b.astype(np.float64) - other.zero_point) * other.scale[0]
    want = np.clip(np.rint(real / y.scale[0] + y.zero_point), -128, 127)
    assert np.array_equal(got[graph.outputs[0]].reshape(3, 9), np.hstack([a, want]))


def test_profile_edgeq_refuses_to_mix_scales_that_it_cannot_bring_together() -> None:
    with pytest.raises(QuantError, match="scale"):
        exact(read_tflite(rescaled("int16")), Profile.EDGEQ)


def lowered(model: bytes) -> tuple[Graph, Lowered]:
    graph = read_tflite(model)
    (only,) = exact(graph, Profile.TFLM).lowered
    return graph, only


@pytest.mark.parametrize(
    "model",
    [
        write.reshape(act((2, 3, 4)), (4, -1)),
        write.squeeze(act((1, 3, 1, 4))),
        write.expand_dims(act((3, 4)), 1),
        write.transpose(act((1, 5, 1, 4)), (0, 2, 1, 3)),
        write.slice_of(act((3, 4)), (0, 0), (-1, -1)),
        write.pad(act((3, 4)), [(0, 0), (0, 0)]),
    ],
)
def test_what_moves_nothing_is_an_alias(model: bytes) -> None:
    graph, only = lowered(model)
    assert isinstance(only, Alias)
    assert only.source == graph.inputs[0]


@pytest.mark.parametrize(
    ("model", "runs"),
    [
        (write.concatenation([act((2, 3, 4)), act((2, 3, 4))], 0), [24, 24]),
        (write.concatenation([act((2, 3, 4)), act((2, 5, 4))], 1), [12, 20]),
        (write.split(act((4, 3, 4)), 0, 2), [24, 24]),
        (write.pad(act((1, 3, 4, 5)), [(0, 0), (1, 1), (0, 0), (0, 0)]), [20, 20, 60]),
        (write.pad(act((1, 3, 4, 5)), [(0, 0), (0, 0), (0, 2), (0, 0)]), [10, 20]),
        (write.slice_of(act((4, 5, 6), "int16"), (1, 0, 0), (2, 5, 6)), [120]),
    ],
)
def test_contiguous_bytes_are_one_run(model: bytes, runs: list[int]) -> None:
    _, only = lowered(model)
    assert isinstance(only, tuple)
    assert [call.params["run"] for call in only] == runs


def test_padding_writes_every_byte_once() -> None:
    graph, only = lowered(write.pad(act((2, 3, 2, 5)), [(1, 2), (0, 1), (3, 0), (1, 1)]))
    assert isinstance(only, tuple)
    written = sum(_bytes(call) for call in only)
    assert written == graph.tensors[graph.outputs[0]].nbytes


def _bytes(call: Call) -> int:
    return call.params["run"] * prod(call.params[f"d{i}"] for i in range(4))


def test_merging_keeps_gaps_apart() -> None:
    assert merge(1, [(2, 12, 12), (3, 4, 4), (4, 1, 1)]) == (24, ())
    assert merge(1, [(2, 16, 12), (3, 4, 4), (4, 1, 1)]) == (12, ((2, 16, 12),))
    assert merge(1, [(3, 1, 4), (4, 3, 1)]) == (1, ((3, 1, 4), (4, 3, 1)))
    assert merge(2, [(2, 0, 8), (4, 0, 2)]) == (2, ((8, 0, 2),))


@pytest.mark.parametrize(
    ("op", "attrs", "sizes"),
    [
        ("transpose", {"perm": (0, 0)}, (2, 3)),
        ("pad", {"before": (0,), "after": (1,), "value": 0}, (2, 3)),
        ("pad", {"before": (0, -1), "after": (1, 0), "value": 0}, (2, 3)),
        ("reshape", {"shape": (7,)}, (2, 3)),
        ("split", {"axis": 1, "sizes": (1, 1)}, (2, 3)),
        ("unpack", {"axis": 2}, (2, 3)),
        ("strided_slice", {"begin": (0, 1), "size": (2, 3), "strides": (1, 1)}, (2, 3)),
    ],
)
def test_shapes_that_make_no_sense_are_refused(
    op: str, attrs: dict[str, Any], sizes: tuple[int, ...]
) -> None:
    graph = read_tflite(write.reshape(act(sizes), (-1,)))
    node = replace(graph.nodes[0], op=op, attrs=attrs)
    with pytest.raises(GraphError):
        all_ops()[op].infer(node, (graph.tensors[graph.inputs[0]],))


@given(model=moves(("float32",), LITERT_RANKS), seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_float_meaning_is_what_the_bytes_say(model: bytes, seed: int) -> None:
    graph = read_tflite(model)
    if not graph.nodes:
        return
    (node,) = graph.nodes
    rng = np.random.default_rng(seed)
    values = {name: rng.uniform(-4, 4, graph.tensors[name].shape).astype(np.float32)
              for name in graph.inputs}  # fmt: skip
    tensors = graph.inputs_of(node)
    floats = tuple(
        None if t is None else values.get(t.name, np.asarray(t.data, np.float32)) for t in tensors
    )
    want = all_ops()[node.op].reference(node, floats)
    got = exact(graph, Profile.LITERT).run(values)
    for name, value in zip(graph.outputs, want, strict=True):
        assert value.shape == graph.tensors[name].shape
        assert value.dtype == np.float32
        assert np.array_equal(got[name].reshape(-1), value.reshape(-1))


# What the bytes of two scales mean is the runtimes' business; edgeq's own profile asks.
@pytest.mark.parametrize(("factor", "taken"), [(1.0 + 2.0**-23, True), (1.001, False)])
def test_profile_edgeq_moves_only_on_one_scale(factor: float, taken: bool) -> None:
    x = act((2, 3))
    y = replace(x, scale=float(np.float32(ACTIVATION["int8"][0]) * np.float32(factor)))
    graph = read_tflite(write.reshape(x, (6,), y=y))
    assert isinstance(exact(graph, Profile.TFLM).lowered[0], Alias)
    if taken:
        assert isinstance(exact(graph, Profile.EDGEQ).lowered[0], Alias)
    else:
        with pytest.raises(QuantError, match="share"):
            exact(graph, Profile.EDGEQ)
