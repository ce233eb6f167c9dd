"""Choosing a kernel: the order of the target, what kernels ask for, what is said otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from edgeq.errors import PlanError
from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import contracts
from edgeq.kernels.costs import CostTable, Row
from edgeq.kernels.isa import isas
from edgeq.ops.base import Call
from edgeq.plan.choose import Choice
from edgeq.plan.choose import choose as choice_of

REF = Kernel(contracts()["fc_s8"], isas()["ref"], "", Path("kernels/ref/fc_s8.c"))
AVX2 = replace(REF, isa=isas()["avx2"], path=Path("kernels/avx2/fc_s8.c"))
WIDE = replace(AVX2, tile="wide", requires=("in_dim >= 8", "acc_bits <= 24"))
CALL = Call("fc_s8", {}, {"in_dim": 16}, "double", {"acc_bits": 20})


def choose(
    call: Call, isa: Sequence[str], kernels: Sequence[Kernel], where: str, *, align: int = 1,
    optimize: str = "speed",
) -> Kernel:  # fmt: skip
    return choice_of(call, isa, kernels, where, align=align, optimize=optimize).kernel


def test_the_order_of_instruction_sets_decides() -> None:
    assert choose(CALL, ("avx2", "ref"), [REF, AVX2], "n") is AVX2
    assert choose(CALL, ("ref", "avx2"), [REF, AVX2], "n") is REF
    assert choose(CALL, ("ref",), [AVX2, REF], "n") is REF


def test_the_first_kernel_of_a_set_that_accepts_is_taken() -> None:
    assert choose(CALL, ("avx2", "ref"), [WIDE, AVX2, REF], "n") is WIDE
    small = replace(CALL, params={"in_dim": 7})
    assert choose(small, ("avx2", "ref"), [WIDE, AVX2, REF], "n") is AVX2


def test_facts_count_as_parameters_do() -> None:
    loose = replace(CALL, facts={"acc_bits": 25})
    assert choose(loose, ("avx2", "ref"), [WIDE, REF], "n") is REF


def test_another_contract_is_never_taken() -> None:
    other = replace(REF, contract=contracts()["conv2d_s8"])
    assert choose(CALL, ("ref",), [other, REF], "n") is REF


@pytest.mark.parametrize(("align", "taken"), [(1, REF), (8, REF), (16, AVX2), (64, AVX2)])
def test_a_kernel_is_given_the_alignment_that_it_asks_for(align: int, taken: Kernel) -> None:
    aligned = replace(AVX2, align=16)
    found = choose(CALL, ("avx2", "ref"), [aligned, REF], "n", align=align)
    assert found.isa is taken.isa


def test_for_ram_the_least_scratch_decides_and_then_the_order() -> None:
    hungry, frugal = replace(WIDE, scratch="4 * in_dim"), replace(AVX2, tile="x", scratch="in_dim")
    kernels = [hungry, frugal, REF]
    assert choose(CALL, ("avx2", "ref"), kernels, "n", optimize="speed") is hungry
    assert choose(CALL, ("avx2", "ref"), kernels, "n", optimize="ram") is REF
    assert choose(CALL, ("avx2",), kernels, "n", optimize="ram") is frugal
    assert choose(CALL, ("avx2", "ref"), [WIDE, AVX2, REF], "n", optimize="ram") is WIDE


def test_for_flash_the_portable_kernel_is_taken() -> None:
    assert choose(CALL, ("avx2", "ref"), [WIDE, AVX2, REF], "n", optimize="flash") is REF
    assert choose(CALL, ("avx2",), [WIDE, AVX2], "n", optimize="flash") is AVX2


def test_the_message_names_what_was_tried() -> None:
    with pytest.raises(PlanError) as caught:
        choose(replace(CALL, params={"in_dim": 4}), ("avx2",), [WIDE], "fc0 (fully_connected)")
    text = caught.value.text()
    assert text.startswith("fc0 (fully_connected): no kernel for avx2 accepts this call")
    assert "fc_s8 with {'acc_bits': 20, 'in_dim': 4}" in text
    assert "tried eq_fc_s8__avx2_wide (requires in_dim >= 8 and acc_bits <= 24" in text
    assert "fix: add kernels/ref/fc_s8.c, or choose a target with more kernels" in text


def test_the_message_says_when_there_was_nothing_to_try() -> None:
    with pytest.raises(PlanError, match="tried nothing"):
        choose(CALL, ("ref",), [], "n")


def table(**costs: Mapping[str, float]) -> CostTable:
    """Rows by tile; "ref" and "plain" are the kernels without one."""
    symbols = {"ref": REF.base_symbol, "plain": AVX2.base_symbol, "wide": WIDE.base_symbol}
    return CostTable({symbols[k]: Row(dict(v), 0.1, 9) for k, v in costs.items()})


def chosen(costs: CostTable, in_dim: int = 16, optimize: str = "speed") -> Choice:
    call = replace(CALL, params={"in_dim": in_dim})
    kernels = [WIDE, AVX2, REF]
    return choice_of(call, ("avx2", "ref"), kernels, "n", costs=costs, optimize=optimize)


def test_the_kernel_of_least_cost_is_taken() -> None:
    found = chosen(table(wide={"1": 30}, plain={"1": 20}, ref={"1": 21}))
    assert found == Choice(AVX2, "table")
    assert chosen(table(wide={"1": 30}, plain={"1": 20}, ref={"1": 19})).kernel is REF


def test_the_cost_depends_on_the_call() -> None:
    costs = table(wide={"1": 100, "in_dim": 1}, plain={"in_dim": 4}, ref={"in_dim": 9})
    assert [chosen(costs, n).kernel for n in (16, 32, 34, 64)] == [AVX2, AVX2, WIDE, WIDE]


def test_of_equal_costs_the_order_takes_the_first() -> None:
    same = {"1": 3.0, "in_dim": 2.0}
    assert chosen(table(wide=same, plain=same, ref=same)) == Choice(WIDE, "table")
    assert chosen(table(wide={"1": 99}, plain=same, ref=same)) == Choice(AVX2, "table")


@pytest.mark.parametrize("missing", ["wide", "plain", "ref"])
def test_a_kernel_without_a_row_leaves_the_choice_to_the_order(missing: str) -> None:
    rows = {"wide": {"1": 3.0}, "plain": {"1": 2.0}, "ref": {"1": 1.0}}
    del rows[missing]
    assert chosen(table(**rows)) == Choice(WIDE, "order")


def test_kernels_that_do_not_fit_need_no_row() -> None:
    costs = table(plain={"1": 2.0}, ref={"1": 1.0})
    assert chosen(costs, in_dim=7) == Choice(REF, "table")


def test_one_kernel_leaves_no_choice() -> None:
    assert choice_of(CALL, ("ref",), [AVX2, REF], "n") == Choice(REF, "only one")


@pytest.mark.parametrize(("optimize", "kernel"), [("ram", WIDE), ("flash", REF)])
def test_costs_are_of_time_alone(optimize: str, kernel: Kernel) -> None:
    costs = table(wide={"1": 3.0}, plain={"1": 2.0}, ref={"1": 9.0})
    assert chosen(costs, optimize=optimize) == Choice(kernel, optimize)
