"""Which tensors share memory: never one that somebody still needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeq.ir import DType, Graph, Node, QuantParams
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.plan.plan import ARENA
from edgeq.targets import load_target
from tests.graphs import GRAPHS, Builder

OTHER = QuantParams(np.array([0.11]), 7)


def plan_of(graph: Graph, io: str = "arena") -> Plan:
    return make_plan(graph, load_target("cortex-m4"), Profile.TFLM, io=io)


def at(plan: Plan, name: str) -> tuple[str, int]:
    return plan.places[name].kind, plan.places[name].offset


def chain(*ops: tuple[str, tuple[str, ...], str], outputs: tuple[str, ...]) -> Graph:
    """int8 tensors of 40 elements; the first is the input."""
    b = Builder()
    b.tensor("x", (40,))
    for op, inputs, output in ops:
        b.tensor(output, (40,), OTHER if output in "uvw" else b.tensors[inputs[0]].quant)
        attrs = {"activation": "none"} if op == "add" else {}
        b.node(op, inputs, (output,), **attrs)
    return b.graph("chain", ("x",), outputs)


def test_a_table_lookup_runs_in_place() -> None:
    plan = plan_of(chain(("tanh", ("x",), "u"), ("tanh", ("u",), "y"), outputs=("y",)))
    assert at(plan, "x") == at(plan, "u") == at(plan, "y")
    assert plan.arena_bytes == plan.arena_lower_bound == 40
    assert plan.inputs[0].overwritten


def test_an_input_that_is_read_again_is_kept() -> None:
    graph = chain(("tanh", ("x",), "u"), ("tanh", ("x",), "v"), ("add", ("u", "v"), "y"),
                  outputs=("y",))  # fmt: skip
    plan = plan_of(graph)
    assert at(plan, "u") != at(plan, "x")
    assert at(plan, "v") == at(plan, "x")
    assert at(plan, "y") in (at(plan, "u"), at(plan, "v"))


def test_an_output_of_the_graph_is_never_written_over() -> None:
    graph = chain(("tanh", ("x",), "u"), ("tanh", ("u",), "y"), outputs=("u", "y"))
    plan = plan_of(graph)
    assert at(plan, "u") != at(plan, "y")
    assert at(plan, "u") == at(plan, "x")


def test_the_same_buffer_as_both_operands_is_not_written_over() -> None:
    graph = chain(("tanh", ("x",), "u"), ("add", ("u", "u"), "y"), outputs=("y",))
    assert at(plan_of(graph), "y") != at(plan_of(graph), "u")


def test_a_reshape_of_an_operand_counts_as_that_operand() -> None:
    graph = chain(
        ("tanh", ("x",), "u"), ("reshape", ("u",), "v"), ("add", ("u", "v"), "y"), outputs=("y",)
    )
    plan = plan_of(graph)
    assert at(plan, "u") == at(plan, "v")
    assert at(plan, "y") != at(plan, "u")


def test_a_reshape_keeps_its_source_alive() -> None:
    graph = chain(
        ("tanh", ("x",), "u"), ("reshape", ("u",), "v"), ("tanh", ("x",), "w"),
        ("add", ("v", "w"), "y"), outputs=("y",),
    )  # fmt: skip
    plan = plan_of(graph)
    assert at(plan, "v") == at(plan, "u")
    assert at(plan, "w") not in (at(plan, "u"),)


def test_a_broadcast_operand_is_not_written_over() -> None:
    b = Builder()
    small, large, y = b.tensor("s", (1, 4)), b.tensor("l", (3, 4)), b.tensor("y", (3, 4))
    b.node("add", (small, large), (y,), activation="none")
    plan = plan_of(b.graph("g", (small, large), (y,)))
    assert at(plan, "y") == at(plan, "l") != at(plan, "s")


def test_a_constant_is_not_written_over() -> None:
    b = Builder()
    x, y = b.tensor("x", (4,)), b.tensor("y", (4,))
    c = b.tensor("c", (4,), data=np.arange(4, dtype=np.int8))
    b.node("add", (c, x), (y,), activation="none")
    plan = plan_of(b.graph("g", (x,), (y,)))
    assert at(plan, "y") == at(plan, "x")
    assert plan.places["y"].kind == ARENA


def test_a_larger_output_finds_its_own_place() -> None:
    b = Builder()
    x, y = b.tensor("x", (4,)), b.tensor("y", (4,), OTHER, DType.INT16)
    b.tensors["y"] = replace(b.tensors["y"], quant=QuantParams(np.array([0.001]), 0))
    b.node("quantize", (x,), (y,))
    plan = plan_of(b.graph("g", (x,), (y,)))
    slots = {s.name: s for s in plan.slots}
    assert not slots["x"].meets(slots["y"])


def test_a_kernel_that_does_not_say_so_never_runs_in_place() -> None:
    plan = plan_of(GRAPHS["dense"]())
    for step in plan.steps:
        assert not step.kernel.inplace
        assert (step.args["x"].kind, step.args["x"].offset) != (
            step.args["y"].kind, step.args["y"].offset,
        )  # fmt: skip


def test_the_callers_buffers_keep_to_themselves() -> None:
    graph = chain(("tanh", ("x",), "u"), ("tanh", ("u",), "y"), outputs=("y",))
    plan = plan_of(graph, "pointers")
    assert [at(plan, n)[0] for n in "xuy"] == ["input", "arena", "output"]
    assert not plan.inputs[0].overwritten


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_no_step_writes_what_another_still_needs(name: str, io: str) -> None:
    """Follow every byte: what a step reads was last written by the step that made it."""
    plan = plan_of(GRAPHS[name](), io)
    owner: dict[tuple[str, int, int], str] = {}

    def own(tensor: str) -> None:
        place = plan.places[tensor]
        for i in range(plan.graph.tensors[tensor].nbytes):
            owner[place.kind, place.index, place.offset + i] = root(tensor)

    def holds(tensor: str) -> bool:
        place, size = plan.places[tensor], plan.graph.tensors[tensor].nbytes
        keys = ((place.kind, place.index, place.offset + i) for i in range(size))
        return all(owner.get(key) == root(tensor) for key in keys)

    def root(tensor: str) -> str:
        node = plan.graph.producer(tensor)
        return root(node.inputs[0]) if node is not None and node.op == "reshape" else tensor

    for tensor in plan.graph.inputs:
        own(tensor)
    nodes: dict[str, Node] = {n.name: n for n in plan.graph.nodes}
    for step in plan.steps:
        read = [t for t in nodes[step.node].inputs if t and t in plan.places]
        assert all(holds(t) for t in read), step.node
        for tensor in step.outputs:
            own(tensor)
    assert all(holds(t) for t in plan.graph.outputs)
