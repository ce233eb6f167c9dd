"""Parts for threads: every row once, memory of its own for each, the same bytes."""

from __future__ import annotations

from itertools import combinations

import pytest

from edgeq.errors import UsageError
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call
from edgeq.plan import Plan, make_plan
from edgeq.plan.layout import SCRATCH_NAME
from edgeq.plan.threads import row_parts
from edgeq.targets import load_target
from tests.graphs import large


def call(rows: int, row0: int = 0, work: int = 10_000) -> Call:
    params = {"row0": row0, "row1": row0 + rows, "out_w": work, "in_c": 2, "kh": 3, "kw": 1}
    return Call("conv2d_s8", {}, params, "double", {})


def plan_of(threads: int, target: str = "raspberry-pi-4") -> Plan:
    return make_plan(large(), load_target(target), Profile.TFLM, threads=threads)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 24])
@pytest.mark.parametrize("threads", [2, 3, 4, 8])
def test_every_row_is_in_one_part(rows: int, threads: int) -> None:
    parts = row_parts(call(rows, row0=5), threads)
    ranges = [range(c.params["row0"], c.params["row1"]) for c in parts]
    assert [row for part in ranges for row in part] == list(range(5, 5 + rows))
    assert len(parts) == min(rows, threads)
    assert max(map(len, ranges)) - min(map(len, ranges)) <= 1


def test_one_thread_little_work_and_no_rows_leave_a_call_whole() -> None:
    whole, little = call(24), call(24, work=10)
    assert row_parts(whole, 1) == (whole,)
    assert row_parts(little, 4) == (little,)
    dense = Call("fc_s8", {}, {"in_dim": 10**6, "out_dim": 10**3}, "double", {})
    assert row_parts(dense, 4) == (dense,)


def test_parts_follow_each_other_and_end_with_the_output() -> None:
    plan = plan_of(3)
    convolutions = [s for s in plan.steps if s.op == "conv_2d"]
    assert [(s.part, s.parts) for s in convolutions] == [(0, 3), (1, 3), (2, 3)] * 2
    assert [bool(s.outputs) for s in convolutions] == [False, False, True] * 2


def test_steps_that_run_together_share_no_memory() -> None:
    plan = plan_of(4)
    scratches = [s for s in plan.slots if s.name.startswith(SCRATCH_NAME)]
    assert len({(s.first, s.last) for s in scratches}) < len(scratches)
    for one, other in combinations(plan.slots, 2):
        at_once = one.first <= other.last and other.first <= one.last
        assert not (at_once and one.meets(other)), (one, other)


def test_scratch_is_that_of_all_parts() -> None:
    assert plan_of(4).scratch_bytes > plan_of(1).scratch_bytes


@pytest.mark.parametrize("threads", [0, -1, 65])
def test_a_number_of_threads_that_makes_no_sense_is_refused(threads: int) -> None:
    with pytest.raises(UsageError, match=f"{threads} threads"):
        plan_of(threads)
