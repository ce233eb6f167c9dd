"""The measurement of threads compares bytes first, and knows what a plan allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.threads import Gain, balance, check_bytes, measure
from edgeq.build.host import HostModel
from edgeq.ir.store import save
from edgeq.numerics.profile import Profile
from edgeq.plan import make_plan
from edgeq.targets import load_target
from tests.graphs import dense, large
from tests.tools import need_tool


def test_a_model_on_one_and_on_two_threads(tmp_path: Path) -> None:
    need_tool("gcc")
    save(large(), tmp_path / "large.edgeq")
    gain = measure(tmp_path / "large.edgeq", 2, rounds=3, seconds=0.001)
    assert isinstance(gain, Gain)
    assert gain.one.blocks == gain.several.blocks == gain.copies.blocks == 3
    assert 1 < gain.balance <= 2
    assert gain.row("large").count("|") == 9


def test_the_balance_is_that_of_the_largest_shares() -> None:
    plan = make_plan(large(), load_target("x86-64-portable"), Profile.TFLM, threads=2)
    parts = [step.parts for step in plan.steps]
    assert parts.count(2) >= 4
    even = [1.0 if n == 2 else 0.0 for n in parts]
    assert balance(plan, even) == 2
    uneven = [(3.0 if step.part else 1.0) if step.parts == 2 else 0.0 for step in plan.steps]
    assert balance(plan, uneven) == pytest.approx(4 / 3)


def test_other_bytes_are_seen() -> None:
    need_tool("gcc")
    one, other = (
        HostModel(make_plan(dense(seed=seed), load_target("x86-64-portable"), Profile.TFLM))
        for seed in (0, 1)
    )
    check_bytes(one, one)
    with pytest.raises(ValueError, match="number of threads"):
        check_bytes(one, other)
