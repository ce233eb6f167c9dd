"""Estimated cycles: the manual's rules, applied to counts by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.measure.cycles import Executed, cortex_m4, cortex_m55
from tests.measure.test_instructions import LOOP, counted


def program(*lines: str, count: int = 10, taken: int = 0) -> list[Executed]:
    """Instructions of 2 bytes, each run `count` times; the last led elsewhere `taken` times."""
    found = []
    for index, line in enumerate(lines):
        mnemonic, _, operands = line.partition(" ")
        led = taken if index == len(lines) - 1 else 0
        found.append(Executed(0x100 + 2 * index, 2, mnemonic, operands, "other", count, led))
    return found


@pytest.mark.parametrize(
    ("lines", "each"),
    [
        (("add r0, r1", "smlad r0, r1, r2, r3"), 2),
        (("ldr r0, [r1]", "add r0, r1"), 3),
        (("ldr r0, [r1]", "ldr r2, [r1, #4]", "str r2, [r3]"), 4),
        (("ldr r0, [r1]", "add r0, r1", "ldr r2, [r1]"), 5),
        (("ldmia r1!, {r2, r3, r5-r8}",), 7),
        (("push {r4, lr}",), 3),
        (("ldrd r0, r1, [r2]",), 3),
        (("udiv r0, r1, r2",), 7),
        (("ite eq", "moveq r0, #1"), 1.5),
        (("vldr s0, [r0]",), 2),
    ],
)
def test_cortex_m4(lines: tuple[str, ...], each: float) -> None:
    assert cortex_m4(program(*lines)) == (10 * each, 10 * each)


@pytest.mark.parametrize("line", ["bne.n 100", "bl 200", "bx lr", "pop {r4, pc}", "cbz r0, 100"])
def test_a_taken_branch_refills(line: str) -> None:
    without, with_refill = (cortex_m4(program(line, taken=n))[0] for n in (0, 7))
    assert with_refill - without == 14


def test_two_loads_that_are_not_neighbours_do_not_pipeline() -> None:
    first, second = program("ldr r0, [r1]", "ldr r2, [r1]")
    far = Executed(0x200, 2, second.mnemonic, second.operands, "load", 10, 0)
    assert cortex_m4([first, far]) == (40, 40)


def test_cortex_m55_has_bounds() -> None:
    lines = [Executed(0, 4, "vldrb.8", "q0, [r0]", "vector", 8, 0),
             Executed(4, 4, "letp", "lr, 0", "branch", 8, 7),
             Executed(8, 2, "adds", "r0, #1", "other", 3, 0)]  # fmt: skip
    assert cortex_m55(lines) == (11, 27)


def test_the_emulator_tells_which_branches_were_taken(tmp_path: Path) -> None:
    """500 times subs and bne, of which 499 are taken."""
    (region,) = counted(
        "cortex-m4", tmp_path, LOOP + "int main(void) { loop(500); return 0; }\n"
    ).details
    assert region.total == 1000
    assert region.cycles == (1000 + 2 * 499,) * 2


def test_a_core_without_rules_has_no_estimate(tmp_path: Path) -> None:
    (region,) = counted(
        "cortex-m0", tmp_path, LOOP + "int main(void) { loop(5); return 0; }\n"
    ).details
    assert region.cycles is None
