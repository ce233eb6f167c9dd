"""Compares what a plan needs with the memory there is, and says what would help.

RAM holds the arena and the stack, flash the constants and the code; where a target has no
flash (an operating system loads the program) its RAM holds all four.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeq.errors import BudgetError, EdgeqError, UsageError
from edgeq.ir.text import show
from edgeq.plan.plan import CONSTANT, Plan, Slot, Step
from edgeq.targets import Target, list_targets, load_target

SHOWN = 4
RAM, FLASH = "RAM", "flash"


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes of one kind of memory that a plan needs, and the limit that it is held against.

    parts   what the bytes are for: arena, stack, constants, code
    owner   who set the limit: a target's name, or the user's option
    """

    kind: str
    parts: Mapping[str, int]
    limit: int
    owner: str

    @property
    def bytes(self) -> int:
        return sum(self.parts.values())

    @property
    def over(self) -> int:
        """Bytes too many; 0 or less when it fits."""
        return self.bytes - self.limit


def check_budget(
    plan: Plan,
    *,
    max_ram: int | None = None,
    max_flash: int | None = None,
    code_bytes: int | None = None,
    stack_bytes: int | None = None,
) -> None:
    """Hold the plan against the target's memories and the user's own limits, in bytes.

    Args:
        plan: whose arena and constants are known.
        max_ram: the user's limit for arena and stack.
        max_flash: the user's limit for constants and code.
        code_bytes: of the model's code; None while no compiler has said.
        stack_bytes: the worst case; None while no compiler has said.

    Raises:
        BudgetError: it does not fit; every memory that is too small, at once.
        UsageError: a limit is not a whole number of at least 0.
    """
    _check_limits({"max_ram": max_ram, "max_flash": max_flash})
    ram = {"arena": plan.arena_bytes} | ({"stack": stack_bytes} if stack_bytes else {})
    flash = {"constants": plan.constant_bytes} | ({"code": code_bytes} if code_bytes else {})
    needs = _needs_of_target(plan.target, ram, flash)
    if max_ram is not None:
        needs.append(Need(RAM, ram, max_ram, "max_ram"))
    if max_flash is not None:
        needs.append(Need(FLASH, flash, max_flash, "max_flash"))
    worst = {n.kind: n for n in sorted(needs, key=lambda n: n.over) if n.over > 0}
    findings = [_finding(plan, need) for need in worst.values()]
    if findings:
        raise findings[0] if len(findings) == 1 else BudgetError("\n".join(map(str, findings)))


def _check_limits(limits: Mapping[str, int | None]) -> None:
    for name, value in limits.items():
        if value is not None and value < 0:
            raise UsageError(f"{name} is {value}", fix="give a number of bytes, 0 or more")


def _needs_of_target(
    target: Target, ram: Mapping[str, int], flash: Mapping[str, int]
) -> list[Need]:
    if target.flash_bytes is None:
        return [Need(RAM, {**ram, **flash}, target.ram_bytes, target.name)]
    return [
        Need(RAM, ram, target.ram_bytes, target.name),
        Need(FLASH, flash, target.flash_bytes, target.name),
    ]


def _finding(plan: Plan, need: Need) -> EdgeqError:
    sizes = " + ".join(f"{part} {size:,}" for part, size in need.parts.items())
    details = [sizes]
    if "arena" in need.parts:
        details.append(_peak(plan))
    if "constants" in need.parts:
        details.append(_largest(plan))
    return BudgetError(
        f"needs {need.bytes:,} bytes of {need.kind}, {need.over:,} more than the "
        f"{need.limit:,} of {need.owner}",
        where=show(plan.graph.name),
        why="; ".join(d for d in details if d),
        fix=_advice(plan, need),
    )


def _peak(plan: Plan) -> str:
    """The step with the most bytes alive, and its buffers, largest first."""
    if not plan.steps:
        return ""
    alive = [
        [s for s in plan.slots if s.first <= step <= s.last] for step in range(len(plan.steps))
    ]
    at = max(range(len(alive)), key=lambda step: covered(alive[step]))
    slots = sorted(alive[at], key=lambda s: -s.nbytes)
    buffers = _list([(_buffer_name(s.name), s.nbytes) for s in slots])
    total = covered(slots)
    return f"the peak is at {_layer(plan.steps[at])} with {total:,} bytes alive: {buffers}"


def covered(slots: Sequence[Slot]) -> int:
    """Bytes of the arena that some of them cover: one may lie over consumed rows of another."""
    total = end = 0
    for slot in sorted(slots, key=lambda s: s.offset):
        total += max(0, slot.offset + slot.nbytes - max(end, slot.offset))
        end = max(end, slot.offset + slot.nbytes)
    return total


def _buffer_name(name: str) -> str:
    return "scratch" if name.startswith("\0") else show(name)


def _largest(plan: Plan) -> str:
    """The layers with the most constants."""
    layers = constants_by_node(plan)
    named = {step.node: _layer(step) for step in plan.steps}
    ranked = sorted(layers.items(), key=lambda item: -item[1])
    return f"largest layers: {_list([(named[n], size) for n, size in ranked])}" if ranked else ""


def constants_by_node(plan: Plan) -> dict[str, int]:
    """Bytes of constant arrays by node; an array that several share counts for the first."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    for step in plan.steps:
        used = {p.index for p in step.args.values() if p.kind == CONSTANT} - seen
        seen |= used
        size = sum(plan.constants[index].nbytes for index in used)
        found[step.node] = found.get(step.node, 0) + size
    return {node: size for node, size in found.items() if size}


def _layer(step: Step) -> str:
    return f"{show(step.node)} ({step.op})"


def _list(entries: list[tuple[str, int]]) -> str:
    words = [f"{name} {size:,}" for name, size in entries[:SHOWN]]
    more = entries[SHOWN:]
    if more:
        words.append(f"{len(more)} more {sum(size for _, size in more):,}")
    return ", ".join(words)


def _advice(plan: Plan, need: Need) -> str:
    shrink = {
        RAM: "smaller activations at that step (input resolution, channels)",
        FLASH: "fewer channels or units in the largest layers",
    }[need.kind]
    if need.owner != plan.target.name:
        return f"raise {need.owner} to {need.bytes:,} or more, or train with {shrink}"
    roomy = [t.name for t in map(load_target, list_targets()) if _fits(t, plan, need)]
    if not roomy:
        return f"train with {shrink}"
    return f"take a target with more (of edgeq's own: {', '.join(roomy)}), or train with {shrink}"


def _fits(target: Target, plan: Plan, need: Need) -> bool:
    """Whether another target would hold the arena, the constants and what else is known."""
    if target.flash_bytes is None:
        everything = {"arena": plan.arena_bytes, "constants": plan.constant_bytes, **need.parts}
        return sum(everything.values()) <= target.ram_bytes
    ram = plan.arena_bytes + need.parts.get("stack", 0)
    flash = plan.constant_bytes + need.parts.get("code", 0)
    return ram <= target.ram_bytes and flash <= target.flash_bytes
