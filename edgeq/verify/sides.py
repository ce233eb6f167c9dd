"""What runs when C is compared: the code of a target, or of each level of a fat one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edgeq.build.host import HostModel
from edgeq.plan.plan import Plan
from edgeq.targets.levels import level_name
from edgeq.verify.program import levels_there, run_traced

Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The C code, or one level of it: its plan, and what it computes of each sample."""

    name: str
    plan: Plan
    runs: Iterator[Values]


def sides_of(plan: Plan, samples: Sequence[Values], folder: Path, *, native: bool) -> list[Side]:
    """The C code, or every level of it that this machine or its emulator has, best first.

    native   it runs in this process, else as programs of the target, made in `folder`
    """
    if not native:
        return _emulated_sides(plan, samples, folder)
    model = HostModel(plan)
    if not plan.levels:
        return [Side("numpy, C", plan, _native_runs(model, samples))]
    return [Side(f"numpy, C {name}", level, _native_runs(model, samples, name))
            for name, (_, level) in model.levels.items()]  # fmt: skip


def _native_runs(model: HostModel, samples: Sequence[Values], level: str = "") -> Iterator[Values]:
    for sample in samples:
        if level:
            model.use(level)
        stepwise = dict(model.trace(sample))
        yield {**stepwise, **model.run(sample)}  # outputs as a whole run leaves them


def _emulated_sides(plan: Plan, samples: Sequence[Values], folder: Path) -> list[Side]:
    if not plan.levels:
        return [Side("numpy, C", plan, run_traced(plan, samples, folder))]
    found = []
    for ident, level in levels_there(plan, _made(folder / "levels")):
        runs = run_traced(plan, samples, _made(folder / ident), (ident, level))
        found.append(Side(f"numpy, C {level_name(level.target)}", level, runs))
    return found


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
