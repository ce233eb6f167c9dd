"""What the generated project of a fat target has beside the others.

Every level is a model of its own, NAME_LEVEL, that of every machine plain NAME.  Constants that
levels have in common are in a file of their own, as are the entries among which NAME_select takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edgeq.codegen.literals import c_type, initializer
from edgeq.codegen.names import c_comment
from edgeq.plan.plan import Constant, Plan
from edgeq.targets.levels import features_of, level_name

REGISTERS = 4
Shared = Mapping[tuple[str, bytes], str]
"""Names of the constants that several levels have, by `Constant.key`."""


@dataclass(frozen=True, slots=True)
class ConstantView:
    """One constant array: `const TYPE NAME[COUNT] = { VALUES };`."""

    type: str
    name: str
    count: int
    values: str
    comment: str


@dataclass(frozen=True, slots=True)
class LevelView:
    """One level as NAME_select.c shows it: its functions, its budget, what it asks of the CPU."""

    index: int
    name: str
    ident: str
    condition: str
    values: str


def constant_view(constant: Constant, name: str) -> ConstantView:
    """One array under the name that it has in C."""
    return ConstantView(
        c_type(constant.data.dtype), name, max(constant.data.size, 1), initializer(constant.data),
        c_comment(constant.comment),
    )  # fmt: skip


def level_idents(plan: Plan, name: str) -> list[tuple[str, Plan]]:
    """The levels that are modules of their own: all but the portable one, which is NAME itself."""
    return [(f"{name}_{level_name(p.target)}", p) for p in plan.levels[:-1]]


def shared_constants(plan: Plan, name: str) -> dict[str, Constant]:
    """What more than one level has, by its name in C."""
    found: dict[tuple[str, bytes], list[Constant]] = {}
    for level in plan.levels:
        for constant in level.constants:
            found.setdefault(constant.key, []).append(constant)
    common = (same[0] for same in found.values() if len(same) > 1)
    return {f"{name}_k{i}": constant for i, constant in enumerate(common)}


def own_flags(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Kernel files of a fat project that are compiled with flags of their instruction set."""
    if not plan.levels:
        return {}
    return {
        f"kernels/{kernel.symbol(form)}.c": kernel.isa.cflags
        for kernel, form in plan.used_kernels() if kernel.isa.cflags
    }  # fmt: skip


def levels_view(plan: Plan, name: str) -> dict[str, object]:
    """What select.h.j2, select.c.j2 and the shared constants' templates substitute."""
    shared = shared_constants(plan, name)
    idents = [*level_idents(plan, name), (name, plan.levels[-1])]
    ports = [f"{kind}{i}" for kind, found in (("input", plan.inputs), ("output", plan.outputs))
             for i in range(len(found))]  # fmt: skip
    return {
        "levels": [_level(i, ident, level) for i, (ident, level) in enumerate(idents)],
        "level_count": len(idents),
        "level_names": ", ".join(level_name(p.target) for _, p in idents),
        "offsets": [] if plan.io == "pointers" else ports,
        "shared": [constant_view(c, ident) for ident, c in shared.items()],
    }  # fmt: skip


def _level(index: int, ident: str, plan: Plan) -> LevelView:
    name = level_name(plan.target)
    offsets = [str(port.pointer.offset) for port in (*plan.inputs, *plan.outputs)]
    values = [f'"{name}"', f"{ident}_run", f"{ident}_step", str(len(plan.steps)),
              str(plan.arena_bytes), str(plan.scratch_bytes), str(plan.constant_bytes),
              *([] if plan.io == "pointers" else offsets)]  # fmt: skip
    return LevelView(index, name, ident, " && ".join(_conditions(plan)) or "1", ", ".join(values))


def _conditions(plan: Plan) -> Iterator[str]:
    """C expressions that hold where the CPU and its system have what the level needs."""
    features = features_of(plan.target)
    state = 0
    places: dict[tuple[int, int, int], int] = {}
    for feature in features:
        place = (feature.leaf, feature.subleaf, feature.register)
        places[place] = places.get(place, 0) | 1 << feature.bit
        state |= feature.state
    if state:
        yield f"saves({state:#x}u)"
    for (leaf, subleaf, register), mask in places.items():
        yield f"has({leaf}u, {subleaf}u, {register}, {mask:#x}u)"
