"""Budgets: what does not fit is said with sizes, causes and a way out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeq.errors import BudgetError, UsageError
from edgeq.ir import Graph
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.plan.budget import check_budget, constants_by_node
from edgeq.targets import Memory, Target, load_target
from tests.graphs import Builder, dense


def plan_of(graph: Graph, target: str | Target = "cortex-m4") -> Plan:
    chosen = load_target(target) if isinstance(target, str) else target
    return make_plan(graph, chosen, Profile.TFLM)


def large(count: int) -> Graph:
    """A dense layer of count x count weights."""
    b = Builder()
    x, y = b.tensor("picture", (1, count)), b.tensor("y", (1, count))
    b.node("fully_connected", (x, b.weights("w", (count, count)), ""), (y,), activation="none")
    return b.graph("large", (x,), (y,))


def message(plan: Plan, **limits: int) -> str:
    with pytest.raises(BudgetError) as caught:
        check_budget(plan, **limits)
    assert caught.value.exit_code == 1
    return caught.value.text()


def test_what_fits_to_the_byte_is_accepted() -> None:
    plan = plan_of(dense())
    check_budget(plan)
    check_budget(plan, max_ram=plan.arena_bytes, max_flash=plan.constant_bytes)
    check_budget(plan, max_ram=plan.arena_bytes + 100, stack_bytes=100)
    check_budget(plan, max_flash=plan.constant_bytes + 100, code_bytes=100)


def test_one_byte_too_many_is_refused() -> None:
    plan = plan_of(dense())
    text = message(plan, max_ram=plan.arena_bytes - 1)
    assert f"needs {plan.arena_bytes} bytes of RAM, 1 more than the" in text
    assert "of max_ram" in text
    text = message(plan, max_flash=plan.constant_bytes + 99, code_bytes=100)
    assert f"needs {plan.constant_bytes + 100} bytes of flash, 1 more than the" in text


def test_the_stack_counts_as_soon_as_it_is_known() -> None:
    plan = plan_of(dense())
    check_budget(plan, max_ram=plan.arena_bytes)
    assert "arena 24 + stack 1" in message(plan, max_ram=plan.arena_bytes, stack_bytes=1)


def test_ram_names_the_peak_and_its_buffers() -> None:
    text = message(plan_of(dense()), max_ram=10)
    assert "the peak is at 'fully_connected_0' (fully_connected) with 24 bytes alive" in text
    assert "'x' 16, 'h' 8" in text
    assert "raise max_ram to 24 or more" in text


def test_flash_names_the_largest_layers() -> None:
    plan = plan_of(dense())
    text = message(plan, max_flash=10)
    sizes = constants_by_node(plan)
    first, second = sizes["fully_connected_0"], sizes["fully_connected_1"]
    assert first > second
    assert f"'fully_connected_0' (fully_connected) {first}" in text
    assert text.index("fully_connected_0") < text.index("fully_connected_1")
    assert f"raise max_flash to {plan.constant_bytes} or more" in text


def test_both_are_told_at_once() -> None:
    text = message(plan_of(dense()), max_ram=1, max_flash=1)
    assert "bytes of RAM" in text
    assert "bytes of flash" in text


def test_the_targets_own_memory_is_a_limit() -> None:
    plan = plan_of(large(600), "cortex-m0")
    assert plan.constant_bytes > 256 * 1024
    text = message(plan)
    assert f"more than the {plan.target.flash_bytes:,} of cortex-m0" in text
    assert "take a target with more" in text
    assert "cortex-m4" in text.split("fix:")[1]
    assert "raise" not in text


def test_a_target_that_would_not_do_either_is_not_named() -> None:
    text = message(plan_of(dense()), stack_bytes=5_000_000)
    assert "cortex-m7" not in text
    assert "raspberry-pi-4" in text


def test_the_tighter_limit_is_the_one_that_is_told() -> None:
    text = message(plan_of(large(600), "cortex-m0"), max_flash=1000)
    assert "of max_flash" in text
    assert text.count("bytes of flash") == 1


def test_an_operating_system_holds_everything_in_ram() -> None:
    pi = load_target("raspberry-pi-4")
    small = replace(pi, memory=(Memory("ram", "ram", 0, 2000, 0),))
    plan = plan_of(large(40), small)
    text = message(plan, code_bytes=300)
    total = plan.arena_bytes + plan.constant_bytes + 300
    assert f"needs {total:,} bytes of RAM, {total - 2000:,} more than the 2,000" in text
    assert f"arena {plan.arena_bytes:,} + constants {plan.constant_bytes:,} + code 300" in text
    check_budget(plan_of(large(20), small))


def test_scratch_is_called_so() -> None:
    plan = plan_of(dense())
    slots = (*plan.slots, replace(plan.slots[0], name="\x000", nbytes=999))
    assert "scratch 999" in message(replace(plan, slots=slots), max_ram=1)


def test_long_lists_are_cut() -> None:
    b = Builder()
    names = [b.tensor(f"x{i}", (1, 8)) for i in range(9)]
    y = b.tensor("y", (1, 72))
    b.node("concatenation", tuple(names), (y,), axis=1, activation="none")
    assert " more " in message(plan_of(b.graph("g", tuple(names), (y,))), max_ram=1)


def test_hostile_names_cannot_break_the_message() -> None:
    graph = dense("\x1b[2Jname\n" + "x" * 10_000)
    text = message(plan_of(graph), max_ram=1)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) < 400


@pytest.mark.parametrize("limits", [{"max_ram": -1}, {"max_flash": -5}])
def test_a_negative_limit_is_a_mistake(limits: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="give a number of bytes"):
        check_budget(plan_of(dense()), **limits)


def test_constants_that_layers_share_are_counted_once() -> None:
    plan = plan_of(large(8))
    total = sum(constants_by_node(plan).values())
    assert total == sum(c.nbytes for c in plan.constants)
    assert np.all([size > 0 for size in constants_by_node(plan).values()])
