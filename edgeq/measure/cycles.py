"""Estimates cycles from executed instructions, for cores whose manuals give simple rules.

An estimate, not a measurement: memory without wait states, no contention on the bus.

Cortex-M4 (Arm, "Cortex-M4 Processor Technical Reference Manual", instruction set summary):
one cycle for arithmetic and multiply-accumulates; a load takes 2, or 1 directly behind another
load or store, with which it pipelines; a store 1; a multiple load or store 1 + N; a doubleword
1 + 2; a division up to 12, 7 are taken here; a branch that is taken refills the pipeline in 1
to 3 more, 2 are taken here; IT is often folded into its neighbour, half a cycle is taken here.
The Cortex-M33 is estimated by the same rules.

Cortex-M55 (Arm, "Cortex-M55 Processor Technical Reference Manual", and "Helium Programmer's
Guide"): a vector instruction has four beats, two in a cycle, and overlaps with a neighbour of
another class, so it takes between 1 and 2 cycles; the end of a low-overhead loop is nearly
free.  So there are two bounds, without stalls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

LOAD_STORE = re.compile(r"v?(ldr|str|ldm|stm|push|pop).*")
MULTIPLE = re.compile(r"v?(ldm|stm|push|pop).*")
DOUBLEWORD = re.compile(r"(ldrd|strd)")
CONDITION = r"(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
BRANCH = re.compile(rf"(b|bl|bx|blx){CONDITION}|cbn?z|tb[bh]")
LOOP_END = re.compile(r"le(tp)?|[dw]ls(tp)?")
SIDE = re.compile(r"(\w?)(\d+)-\w?(\d+)")

DIVISION, REFILL, IF_THEN = 7.0, 2, 0.5


@dataclass(frozen=True, slots=True)
class Executed:
    """One instruction of a program: how often it ran, and how often it led elsewhere."""

    address: int
    size: int
    mnemonic: str
    operands: str
    kind: str
    count: int
    taken: int


Bounds = tuple[int, int]
Rules = Callable[[Iterable[Executed]], Bounds]


def cortex_m4(instructions: Iterable[Executed]) -> Bounds:
    """Estimated cycles, twice; `instructions` by ascending address."""
    total, behind = 0.0, -1  # behind: the address after the last load or store
    for one in instructions:
        base = one.mnemonic.partition(".")[0]
        total += one.count * _m4_cost(base, one.operands, pipelined=one.address == behind)
        total += REFILL * one.taken if _may_branch(base, one.operands) else 0
        behind = one.address + one.size if LOAD_STORE.fullmatch(base) else -1
    return round(total), round(total)


def cortex_m55(instructions: Iterable[Executed]) -> Bounds:
    """Least and greatest estimated cycles."""
    low = high = 0
    for one in instructions:
        free = LOOP_END.fullmatch(one.mnemonic.partition(".")[0]) is not None
        low += 0 if free else one.count
        high += one.count * (2 if one.kind == "vector" else 1)
    return low, high


RULES: Mapping[str, Rules] = {
    "cortex-m4": cortex_m4,
    "cortex-m33": cortex_m4,
    "cortex-m55": cortex_m55,
}
"""By the name of the core, as targets give it."""


def _m4_cost(base: str, operands: str, *, pipelined: bool) -> float:
    if MULTIPLE.fullmatch(base):
        return 1 + _listed(operands)
    if DOUBLEWORD.fullmatch(base):
        return 3
    if base.startswith(("ldr", "vldr")):
        return 1 if pipelined else 2
    if re.fullmatch(r"[su]div", base):
        return DIVISION
    return IF_THEN if re.fullmatch(r"it[te]*", base) else 1


def _listed(operands: str) -> int:
    """Registers between the braces of a multiple load or store."""
    inside = operands[operands.find("{") + 1 : operands.rfind("}")]
    count = 0
    for part in filter(None, (p.strip() for p in inside.split(","))):
        side = SIDE.fullmatch(part)
        count += int(side[3]) - int(side[2]) + 1 if side else 1
    return count


def _may_branch(base: str, operands: str) -> bool:
    return BRANCH.fullmatch(base) is not None or (
        LOAD_STORE.fullmatch(base) is not None and "pc" in operands.partition("{")[2]
    )
