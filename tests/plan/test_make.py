"""Making a plan: everything is decided, and everything that is wrong is said at once."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from edgeq.errors import GraphError, PlanError, Problems, QuantError, UsageError
from edgeq.ir import DType, Graph, Node, QuantParams
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.plan.plan import ARENA, CONSTANT, INPUT, NOWHERE, OUTPUT, SCRATCH
from edgeq.targets import load_target
from tests.graphs import GRAPHS, Builder, dense

M4 = load_target("cortex-m4")


def plan_of(graph: Graph, io: str = "arena", kernels: tuple[Kernel, ...] | None = None) -> Plan:
    return make_plan(graph, M4, Profile.TFLM, io=io, kernels=kernels)


def test_every_problem_is_told_at_once_in_the_models_order() -> None:
    graph = dense()
    first, second = graph.nodes
    broken = replace(graph.tensors["x"], quant=None)
    strange = Node("n2", "teleport", ("y",), ("z",))
    z = replace(graph.tensors["y"], name="z")
    bad = replace(
        graph, nodes=(strange, first, second), tensors={**graph.tensors, "x": broken, "z": z}
    )
    with pytest.raises(Problems) as caught:
        plan_of(bad)
    problems = caught.value.problems
    assert [type(p) for p in problems] == [GraphError, QuantError]
    assert "n2 (teleport): there is no operator 'teleport'" in caught.value.text()
    assert "fully_connected_0" in problems[1].where
    assert "'dense' cannot be compiled for cortex-m4" in caught.value.text()


def test_lowering_and_missing_kernels_are_told_together() -> None:
    graph = GRAPHS["image"]()
    broken = replace(graph.tensors["logits"], quant=None)
    with pytest.raises(Problems) as caught:
        plan_of(replace(graph, tensors={**graph.tensors, "logits": broken}), kernels=())
    nodes = [n.name for n in graph.nodes if n.op != "reshape"]
    assert [p.where.split()[0].rstrip(":") for p in caught.value.problems] == nodes
    assert isinstance(caught.value.problems[0], PlanError)


def test_an_unknown_io_is_refused() -> None:
    with pytest.raises(UsageError, match="choose arena or pointers"):
        plan_of(dense(), "registers")


def test_progress_is_told_of_every_node() -> None:
    told: list[str] = []
    make_plan(dense(), M4, Profile.TFLM, progress=told.append)
    assert told == ["fully_connected_0", "fully_connected_1"]


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_every_argument_of_every_kernel_has_a_place(name: str, io: str) -> None:
    plan = plan_of(GRAPHS[name](), io)
    for step in plan.steps:
        contract = step.kernel.contract
        assert set(step.args) == {q.name for q in contract.parameters} - {"p"}
        assert set(step.params) == set(contract.fields)
        for pointer in step.args.values():
            if pointer.kind == CONSTANT:
                assert pointer.index < len(plan.constants)
            elif pointer.kind in (ARENA, SCRATCH):
                assert 0 <= pointer.offset < plan.arena_bytes


@pytest.mark.parametrize("name", GRAPHS)
def test_the_arena_holds_every_slot_and_is_aligned(name: str) -> None:
    plan = plan_of(GRAPHS[name]())
    assert plan.arena_bytes % M4.align == 0
    assert plan.arena_bytes >= plan.arena_lower_bound > 0
    assert all(s.offset % M4.align == 0 for s in plan.slots)
    assert max(s.offset + s.nbytes for s in plan.slots) <= plan.arena_bytes


@pytest.mark.parametrize("name", GRAPHS)
def test_with_pointers_inputs_and_outputs_are_the_callers(name: str) -> None:
    graph = GRAPHS[name]()
    plan = plan_of(graph, "pointers")
    assert [(p.pointer.kind, p.pointer.index) for p in plan.inputs] == [
        (INPUT, i) for i in range(len(graph.inputs))
    ]
    assert [(p.pointer.kind, p.pointer.index) for p in plan.outputs] == [
        (OUTPUT, i) for i in range(len(graph.outputs))
    ]
    assert not {s.name for s in plan.slots} & {*graph.inputs, *graph.outputs}
    assert not any(p.overwritten for p in plan.inputs)


def test_offsets_count_elements_of_the_tensor() -> None:
    b = Builder()
    wide = QuantParams(np.array([0.001]), 0)
    x, y = (b.tensor(n, s, wide, DType.INT16) for n, s in (("x", (9,)), ("y", (2,))))
    b.node("strided_slice", (x,), (y,), begin=(5,), size=(2,), strides=(1,))
    plan = plan_of(b.graph("g", (x,), (y,)))
    (step,) = plan.steps
    assert step.args["x"].offset - plan.places["x"].offset == 5 * 2


def test_scratch_is_placed_beside_what_is_alive() -> None:
    (fc,) = (k for k in catalog() if k.base_symbol == "eq_fc_s8__ref")
    hungry = replace(fc, scratch="4 * in_dim")
    with_scratch = replace(
        hungry.contract,
        parameters=(*hungry.contract.parameters[:-1],
                    replace(hungry.contract.parameters[0], name="scratch", const=False),
                    hungry.contract.parameters[-1]),
    )  # fmt: skip
    plan = plan_of(dense(), kernels=(replace(hungry, contract=with_scratch),))
    assert plan.scratch_bytes == 64
    assert [s.args["scratch"].kind for s in plan.steps] == [SCRATCH, SCRATCH]
    first = plan.steps[0].args
    spans = [(first["x"].offset, 16), (first["y"].offset, 8), (first["scratch"].offset, 64)]
    spans.sort()
    assert all(a + n <= b for (a, n), (b, _) in pairwise(spans))
    assert plan.arena_bytes == plan.arena_lower_bound == 88


def test_a_kernel_without_scratch_gets_none() -> None:
    portable = tuple(k for k in catalog() if k.isa.name == "ref")
    plan = plan_of(GRAPHS["image"](), kernels=portable)
    steps = [s for s in plan.steps if "scratch" in s.args]
    assert steps
    assert {s.args["scratch"].kind for s in steps} == {NOWHERE}


def test_equal_constants_are_stored_once() -> None:
    b = Builder()
    x, y, z = b.tensor("x", (1, 4)), b.tensor("y", (1, 4)), b.tensor("z", (1, 4))
    w = b.weights("w", (4, 4))
    b.node("fully_connected", (x, w, ""), (y,), activation="none")
    b.node("fully_connected", (y, w, ""), (z,), activation="none")
    plan = plan_of(b.graph("g", (x,), (z,)))
    assert len({(str(c.data.dtype), c.data.tobytes()) for c in plan.constants}) == len(
        plan.constants
    )
    assert [s.args["w"].index for s in plan.steps] == [0, 0]
    params = 4 * len(plan.steps[0].params)
    assert plan.constant_bytes == sum(c.nbytes for c in plan.constants) + params


@pytest.mark.parametrize("io", ["arena", "pointers"])
@pytest.mark.parametrize("outputs", [("c",), ("y", "y")])
def test_an_output_without_memory_of_its_own_is_refused(outputs: tuple[str, ...], io: str) -> None:
    b = Builder()
    b.tensor("c", (4,), data=np.arange(4, dtype=np.int8))
    x, y = b.tensor("x", (4,)), b.tensor("y", (4,))
    b.node("tanh", (x,), (y,))
    with pytest.raises(PlanError, match="run the pass separate_outputs"):
        plan_of(b.graph("g", (x,), outputs), io)


def test_callers_cannot_give_two_buffers_for_the_same_bytes() -> None:
    b = Builder()
    x, y = b.tensor("x", (2, 2)), b.tensor("y", (4,))
    b.node("reshape", (x,), (y,))
    graph = b.graph("g", (x,), (y,))
    assert plan_of(graph).outputs[0].pointer == plan_of(graph).inputs[0].pointer
    with pytest.raises(PlanError, match="no memory of its own"):
        plan_of(graph, "pointers")


def test_a_constant_that_does_not_fit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def lower(*arguments: object) -> tuple[object, ...]:
        (call,) = original(*arguments)
        return (replace(call, args={**call.args, "bias": call.args["bias"].astype(float) + 0.5}),)

    original = make_plan.__globals__["lower_node"]
    monkeypatch.setitem(make_plan.__globals__, "lower_node", lower)
    with pytest.raises(PlanError, match="constant bias does not fit int32"):
        plan_of(dense())


def test_an_aligned_kernel_is_not_given_the_callers_buffers() -> None:
    (fc,) = (k for k in catalog() if k.base_symbol == "eq_fc_s8__ref")
    aligned = replace(fc, isa=replace(fc.isa, name="fast"), align=8)
    target = replace(M4, isa=("fast", "ref"))
    kernels = (aligned, fc)
    inside = make_plan(dense(), target, Profile.TFLM, kernels=kernels)
    assert [s.kernel.isa.name for s in inside.steps] == ["fast", "fast"]
    outside = make_plan(dense(), target, Profile.TFLM, kernels=kernels, io="pointers")
    assert [s.kernel.isa.name for s in outside.steps] == ["ref", "ref"]


def test_what_is_optimized_for_is_checked_and_kept() -> None:
    with pytest.raises(UsageError, match="nothing is optimized for 'size'"):
        make_plan(dense(), M4, Profile.TFLM, optimize="size")
    small = make_plan(dense(), M4, Profile.TFLM, optimize="flash")
    assert small.optimize == "flash"
    assert "-Os" in small.target.cflags
    assert "-O2" not in small.target.cflags
