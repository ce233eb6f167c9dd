"""Parts for threads: memory of its own for each worker, as many for each, the same bytes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.costs import NO_TABLE, CostTable, Row
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, Operand, View
from edgeq.plan import Plan, make_plan, threads
from edgeq.plan.layout import CACHE_LINE, SCRATCH_NAME
from edgeq.plan.plan import SCRATCH
from edgeq.plan.threads import LEAST, MOST_PIECES, PIECE, shared
from edgeq.targets import load_target
from tests.graphs import large, wide


def kernel(contract: str) -> Kernel:
    return next(k for k in catalog() if k.contract.name == contract and k.isa.name == "ref")


def image(rows: int, channels: int, work: int) -> Call:
    """A convolution of `rows` rows to `channels` channels that takes about `work` products."""
    params = {"row0": 0, "row1": rows, "out_w": 1, "out_c": channels, "kh": 1, "kw": 1,
              "in_c": max(work // rows // channels, 1)}  # fmt: skip
    one = np.ones(channels, np.int32)
    args: dict[str, Operand] = {"x": View("x"), "y": View("y"), "bias": one, "mult": one}
    args |= {"shift": one, "w": np.ones((channels, 1, 1, 1), np.int8)}
    return Call("conv2d_s8", args, params, "double", {})


def sizes(call: Call, count: int) -> list[tuple[int, int]]:
    """Rows and channels of each part."""
    parts = shared(call, count, kernel("conv2d_s8"), NO_TABLE)
    return [(p.params["row1"] - p.params["row0"], p.params["out_c"]) for p in parts]


def test_the_axis_that_balances_is_taken_and_rows_where_both_do() -> None:
    assert sizes(image(8, 64, 200_000), 2) == [(4, 64)] * 2
    assert sizes(image(7, 64, 200_000), 2) == [(7, 32)] * 2
    assert sizes(image(63, 64, 200_000), 2) == [(31, 64), (32, 64)]
    assert sizes(image(7, 16, 200_000), 2) == [(3, 16), (4, 16)]


def test_long_shares_are_of_pieces() -> None:
    assert len(sizes(image(64, 8, 2 * 2 * PIECE + 1000), 2)) == 2 * 2
    assert len(sizes(image(64, 8, 100 * PIECE), 3)) == 3 * MOST_PIECES
    assert len(sizes(image(1, 512, 100 * PIECE), 2)) == 2 * 2


def test_no_share_is_less_than_what_handing_out_costs() -> None:
    assert len(sizes(image(64, 8, 3 * LEAST + 1000), 8)) == 3
    assert len(sizes(image(64, 8, LEAST), 8)) == 1


def test_one_row_of_few_channels_stays_whole() -> None:
    assert sizes(image(1, 16, 10**7), 4) == [(1, 16)]


def test_what_was_measured_counts_before_products() -> None:
    costs = CostTable({"eq_conv2d_s8__ref": Row({"1": 8.0 * LEAST}, 0.0, 1)})
    assert len(shared(image(64, 8, 600), 8, kernel("conv2d_s8"), costs)) == 8
    assert len(shared(image(64, 8, 600), 8, kernel("conv2d_s8"), NO_TABLE)) == 1


def plan_of(count: int, target: str = "raspberry-pi-4", graph: Graph | None = None) -> Plan:
    plain = load_target(target)
    return make_plan(graph or large(), plain, Profile.TFLM, threads=count, costs=NO_TABLE)


def test_one_thread_has_no_parts() -> None:
    assert all(step.parts == 1 for step in plan_of(1).steps)


def test_parts_follow_each_other_and_end_with_the_output() -> None:
    convolutions = [s for s in plan_of(3).steps if s.op == "conv_2d"]
    assert [(s.part, s.parts) for s in convolutions] == [(0, 3), (1, 3), (2, 3)] * 2
    assert [bool(s.outputs) for s in convolutions] == [False, False, True] * 2


def test_layers_of_few_rows_are_shared_by_channels() -> None:
    plan = plan_of(2, graph=wide())
    assert [(s.op, s.part, s.parts) for s in plan.steps] == [
        (op, part, 2) for op in ("conv_2d", "depthwise_conv_2d", "fully_connected")
        for part in (0, 1)
    ]  # fmt: skip
    assert [s.params.get("out_c") for s in plan.steps[:2]] == [80, 80]
    assert [s.params.get("out_dim") for s in plan.steps[4:]] == [48, 55]


def test_sharing_by_channels_packs_every_weight_once() -> None:
    plans = (plan_of(n, "x86-64-avx2", wide()) for n in (1, 2))
    sums = [sum(c.nbytes for c in p.constants if c.comment == "conv_2d_0: w") for p in plans]
    assert sums == [160 * 64, 160 * 64]


@pytest.mark.parametrize("pieces", [False, True])
def test_workers_share_no_scratch(pieces: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PIECE", 10_000 if pieces else PIECE)
    plan = plan_of(4)
    slots = [s for s in plan.slots if s.name.startswith(SCRATCH_NAME)]
    parts = [(i, s) for i, s in enumerate(plan.steps) if s.parts > 1]
    used = [(i, s, s.args["scratch"]) for i, s in parts if s.args["scratch"].kind == SCRATCH]
    assert used
    for index, step, pointer in used:
        (slot,) = (s for s in slots if s.first <= index <= s.last)
        assert pointer.offset == slot.offset
        assert pointer.stride >= step.kernel.scratch_bytes(step.params)
        assert pointer.stride % CACHE_LINE == 0
        assert slot.nbytes >= min(4, step.parts) * pointer.stride
    assert any(step.parts > 4 for _, step, _ in used) == pieces


def test_a_worker_keeps_its_scratch() -> None:
    """What one core wrote is slow for another to write: no buffer takes turns with it."""
    plan = plan_of(4, "x86-64-avx2")
    found = [s.args["scratch"] for s in plan.steps if s.parts > 1 and "scratch" in s.args]
    assert len([p for p in found if p.kind == SCRATCH]) > 4
    assert len({(p.offset, p.stride) for p in found if p.kind == SCRATCH}) == 1


def test_steps_that_run_together_share_no_memory() -> None:
    plan = plan_of(4)
    for one, other in combinations(plan.slots, 2):
        at_once = one.first <= other.last and other.first <= one.last
        assert not (at_once and one.meets(other)), (one, other)


def test_scratch_is_that_of_all_workers() -> None:
    assert plan_of(4).scratch_bytes > plan_of(1).scratch_bytes


def test_pieces_need_no_more_scratch_than_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    shares = plan_of(4).scratch_bytes
    monkeypatch.setattr(threads, "PIECE", 10_000)
    assert plan_of(4).scratch_bytes <= shares


@pytest.mark.parametrize("count", [0, -1, 65])
def test_a_number_of_threads_that_makes_no_sense_is_refused(count: int) -> None:
    with pytest.raises(UsageError, match=f"{count} threads"):
        plan_of(count)


def test_parts_of_a_sum_write_over_what_they_read() -> None:
    costs = CostTable({"eq_add_s8__ref": Row({"1": 8.0 * LEAST}, 0.0, 1)})
    plan = make_plan(large(), load_target("x86-64-portable"), Profile.TFLM, threads=3, costs=costs)
    sums = [step for step in plan.steps if step.op == "add"]
    assert [(s.part, s.parts) for s in sums] == [(0, 3), (1, 3), (2, 3)]
    assert sum(s.params["d3"] for s in sums) == 24 * 24 * 8
    for step in sums:
        places = {name: pointer.offset for name, pointer in step.args.items()}
        assert places["y"] in (places["a"], places["b"])
