"""Ranges of a call, for every contract that has any: together they write what the call does."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.contract import contracts
from edgeq.ops.base import Array, Call, Case, Operand, View, op_of_contract
from edgeq.plan import ranges
from edgeq.plan.ranges import Axis, axes, channel_block

CASES = 25
CUT = sorted(
    c.name for c in contracts().values()
    if {"row0", "out_c", "out_dim", "b0"} & {*c.fields} and c.name in op_of_contract()
)  # fmt: skip


def reference(contract: str) -> Kernel:
    return next(k for k in catalog() if k.contract.name == contract and k.isa.name == "ref")


def call_of(kernel: Kernel, case: Case) -> Call:
    """The case as a call in a network: x and y are activations."""
    activations = {q.name for q in kernel.contract.pointers if q.is_output or q.name in "xab"}
    args: dict[str, Operand] = {
        name: View(name) if name in activations else array for name, array in case.args.items()
    }
    forms = case.forms or kernel.contract.forms or ("",)
    return Call(kernel.contract.name, args, case.params, forms[0], case.facts)


def cases(contract: str) -> Iterator[tuple[Kernel, Case, Call]]:
    kernel, rng = reference(contract), np.random.default_rng(0)
    for case in islice(op_of_contract()[contract].cases(contract, rng), CASES):
        yield kernel, case, call_of(kernel, case)


def run(call: Call, memory: dict[str, Array]) -> None:
    """What the call leaves in `memory`, of activations by name."""
    args = {
        name: memory[operand.tensor].reshape(-1)[operand.offset :]
        if isinstance(operand, View) else operand
        for name, operand in call.args.items()
    }  # fmt: skip
    exact = op_of_contract()[call.contract].exact
    for name, values in exact(call.contract, args, call.params, call.form).items():
        operand = call.args[name]
        assert isinstance(operand, View)
        memory[operand.tensor].reshape(-1)[operand.offset :] = values.reshape(-1)


def memory_of(call: Call, case: Case) -> dict[str, Array]:
    return {n: case.args[n].copy() for n, operand in call.args.items() if isinstance(operand, View)}


@pytest.mark.parametrize("contract", CUT)
def test_the_ranges_of_a_call_write_what_it_does(
    contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "CHANNELS", 1)
    monkeypatch.setattr(ranges, "ELEMENTS", 2)
    tried: dict[str, int] = {}
    for kernel, case, call in cases(contract):
        want = memory_of(call, case)
        run(call, want)
        for axis in axes(call, kernel):
            shares = min(3, axis.steps)
            parts = axis.parts(shares, min(2, axis.steps // shares))
            tried[axis.name] = tried.get(axis.name, 0) + (len(parts) > 1)
            got = memory_of(call, case)
            for part in reversed(parts):
                run(part, got)
            for name, values in want.items():
                assert np.array_equal(got[name], values), (axis.name, call.params)
    assert tried, contract
    assert all(tried.values()), tried


def axis_of(size: int, step: int) -> Axis:
    def cut(lo: int, hi: int) -> Call:
        return Call("", {}, {"lo": lo, "hi": hi})

    return Axis("rows", 5, size, step, 1, cut)


@pytest.mark.parametrize("size", [1, 2, 7, 24, 1001])
@pytest.mark.parametrize("step", [1, 3, 16])
@pytest.mark.parametrize("shares", [1, 2, 3, 7])
@pytest.mark.parametrize("pieces", [1, 2, 4])
def test_every_index_is_in_one_part(size: int, step: int, shares: int, pieces: int) -> None:
    axis = axis_of(size, step)
    shares = min(shares, axis.steps)
    pieces = min(pieces, axis.steps // shares)
    found = [range(c.params["lo"], c.params["hi"]) for c in axis.parts(shares, pieces)]
    assert [index for part in found for index in part] == list(range(5, 5 + size))
    assert len(found) == shares * pieces
    assert all((part.start - 5) % step == 0 for part in found)
    sums = [sum(map(len, found[i * pieces : (i + 1) * pieces])) for i in range(shares)]
    assert max(sums) - min(sums) <= 2 * step


def test_ranges_of_channels_pad_no_weights() -> None:
    """A kernel that packs 32 together gets multiples of 32, one that packs four multiples of 16."""
    blocks = {k.base_symbol: channel_block(k) for k in catalog()}
    assert blocks["eq_fc_s8__avx2_32x4"] == 32
    assert blocks["eq_conv2d_s8__avx2_6x16"] == 16
    assert blocks["eq_conv2d_s8__ref"] == 16


def test_activations_in_the_place_of_weights_are_not_cut() -> None:
    kernel, case, call = next(iter(cases("fc_s8")))
    args = {**call.args, "w": View("w")}
    assert not list(axes(Call("fc_s8", args, {**case.params, "batch": 1}), kernel))


def test_a_batch_whose_rows_follow_each_other_is_not_cut_by_channels() -> None:
    kernel, case, call = next(iter(cases("fc_s8")))
    assert not list(axes(Call("fc_s8", call.args, {**case.params, "batch": 2}), kernel))
