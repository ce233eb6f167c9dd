"""Outputs that would share their memory are copied; all others are left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.ir.spec import check
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, lower_node
from edgeq.passes import prepare
from edgeq.passes.separate_outputs import separate_outputs
from edgeq.plan import make_plan
from edgeq.reference.exact import exact
from edgeq.targets import load_target

QUANT = QuantParams(np.array([0.5]), 3)
RELU = Node("relu0", "relu", ("x",), ("a",))
FLAT = Node("flat", "reshape", ("a",), ("b",))
FLAT_AGAIN = Node("flat2", "reshape", ("a",), ("d",))


def graph_of(
    nodes: tuple[Node, ...], outputs: tuple[str, ...], inputs: tuple[str, ...] = ("x",)
) -> Graph:
    """Tensors x, a of shape (2, 3), b, d of shape (6), and the constant c."""
    tensors = {n: Tensor(n, (2, 3), DType.INT8, QUANT) for n in "xa"}
    tensors |= {n: Tensor(n, (6,), DType.INT8, QUANT) for n in "bd"}
    tensors["c"] = Tensor("c", (2,), DType.INT8, QUANT, np.array([7, -9], np.int8))
    used = {*inputs, *outputs, *(t for n in nodes for t in (*n.inputs, *n.outputs))}
    kept = {name: t for name, t in tensors.items() if name in used}
    index = {name: i for i, name in enumerate(kept)}
    return Graph("g", kept, nodes, inputs, outputs, file_index=index)


def roots(graph: Graph) -> list[str]:
    """The tensor in whose memory each output lies."""
    sources = {}
    for node in graph.nodes:
        lowered = lower_node(graph, node, Profile.TFLM)
        if isinstance(lowered, Alias):
            sources[node.outputs[0]] = lowered.source
    found = []
    for output in graph.outputs:
        name = output
        while name in sources:
            name = sources[name]
        found.append(name)
    return found


@pytest.mark.parametrize("outputs", [("b",), ("a",)])
def test_an_output_with_memory_of_its_own_is_left_alone(outputs: tuple[str, ...]) -> None:
    graph = graph_of((RELU, FLAT), outputs)
    assert separate_outputs(graph) is graph


CASES = {
    "an input": graph_of((), ("x",)),
    "a reshaped input": graph_of((replace(FLAT, inputs=("x",)),), ("b",)),
    "a constant": graph_of((RELU,), ("a", "c")),
    "only a constant": graph_of((), ("c",), ()),
    "one tensor twice": graph_of((RELU,), ("a", "a")),
    "a tensor and its reshape": graph_of((RELU, FLAT), ("a", "b")),
    "a reshape and its tensor": graph_of((RELU, FLAT), ("b", "a")),
    "two reshapes around it": graph_of((RELU, FLAT, FLAT_AGAIN), ("b", "a", "d")),
    "everything": graph_of((RELU, FLAT, FLAT_AGAIN), ("b", "a", "x", "d", "c", "a", "x", "c", "b")),
}


@pytest.mark.parametrize("case", CASES)
def test_no_two_outputs_share_memory_afterwards(case: str) -> None:
    separated = separate_outputs(CASES[case])
    check(separated, "integer")
    found = roots(separated)
    assert len(set(found)) == len(found) == len(CASES[case].outputs)
    assert not set(found) & set(separated.inputs)
    assert not any(separated.tensors[t].is_constant for t in found)
    assert len(set(separated.outputs)) == len(separated.outputs)


@pytest.mark.parametrize("case", CASES)
def test_every_output_keeps_its_bytes(case: str, rng: np.random.Generator) -> None:
    graph, separated = CASES[case], separate_outputs(CASES[case])
    x = rng.integers(-128, 128, (2, 3), np.int8)
    inputs = {"x": x} if graph.inputs else {}
    relu = np.maximum(x, np.int8(3))
    known = {"x": x, "a": relu, "b": relu, "d": relu, "c": np.array([7, -9], np.int8)}
    if case == "a reshaped input":
        known["b"] = x
    results = exact(separated, Profile.TFLM).run(inputs)
    for old, new in zip(graph.outputs, separated.outputs, strict=True):
        np.testing.assert_array_equal(results[new].reshape(-1), known[old].reshape(-1))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_the_plan_takes_what_it_refused_before(case: str, io: str) -> None:
    plan = make_plan(separate_outputs(CASES[case]), load_target("cortex-m4"), Profile.TFLM, io=io)
    places = {(p.pointer.kind, p.pointer.index, p.pointer.offset) for p in plan.outputs}
    assert len(places) == len(plan.outputs)


@pytest.mark.parametrize("case", CASES)
def test_float_outputs_are_separated_too(case: str, rng: np.random.Generator) -> None:
    graph, real = CASES[case], prepare(CASES[case], io_dtype="float32")
    x = rng.integers(-128, 128, (2, 3), np.int8)
    want = exact(separate_outputs(graph), Profile.TFLM).run({"x": x} if graph.inputs else {})
    floats = ((x - 3) * 0.5).astype(np.float32)
    got = exact(real, Profile.TFLM).run({"x": floats} if graph.inputs else {})
    for values, integers in zip(got.values(), want.values(), strict=True):
        np.testing.assert_array_equal(values, (integers - np.float32(3)) * np.float32(0.5))
    make_plan(real, load_target("cortex-m4"), Profile.TFLM, io="pointers")


def test_an_output_that_a_node_makes_keeps_its_name() -> None:
    separated = separate_outputs(graph_of((RELU, FLAT), ("a", "b")))
    assert separated.outputs == ("a", "b")


def test_a_copy_has_the_index_in_the_file_of_what_it_copies() -> None:
    graph = graph_of((RELU,), ("a", "c"))
    separated = separate_outputs(graph)
    assert separated.outputs == ("a", "c/output")
    assert separated.file_index["c/output"] == graph.file_index["c"]


def test_new_names_do_not_collide_with_names_of_the_model() -> None:
    taken = Node("relu1", "relu", ("x",), ("x/output",))
    graph = graph_of((), ("x",))
    tensors = {**graph.tensors, "x/output": Tensor("x/output", (2, 3), DType.INT8, QUANT)}
    graph = replace(graph, nodes=(taken,), tensors=tensors, outputs=("x", "x/output"))
    assert separate_outputs(graph).outputs == ("x/output_", "x/output")
