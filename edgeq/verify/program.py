"""The generated C as a program on a target: samples in, tensors out, emulated where need be."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.build.cc import link_program
from edgeq.build.write import c_sources, flags_of, write_files
from edgeq.codegen import emit
from edgeq.codegen.emit import environment
from edgeq.codegen.levels import level_idents
from edgeq.codegen.view import model_view
from edgeq.errors import ToolError
from edgeq.plan.plan import Plan
from edgeq.plan.trace import tensors_after
from edgeq.verify.emulated import run_probe

NAME = "model"
RUN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class StepDumps:
    """A step and the arguments of the writes that follow it."""

    index: int
    dumps: tuple[str, ...]


Level = tuple[str, Plan]
"""A level of a fat target: what its functions' names begin with, and its plan."""


def build_program(
    plan: Plan, template: str, dumps: Sequence[Sequence[str]], folder: Path,
    level: Level | None = None,
) -> Path:  # fmt: skip
    """Link the model and a driver rendered from `template` into folder/NAME.elf.

    dumps   per step the tensors that the driver writes after it
    level   what the driver runs of a fat target
    """
    files = emit(plan, name=NAME, selftest=False)
    write_files(files, folder)
    driver = folder / "driver.c"
    ident, ran = level or (NAME, plan)
    values = {
        **model_view(ran, ident, base=NAME),
        "steps": [
            StepDumps(i, tuple(_dump(ran, name) for name in names)) for i, names in enumerate(dumps)
        ],
        "inputs": [{"offset": p.pointer.offset, "bytes": p.tensor.nbytes} for p in ran.inputs],
    }
    text = environment().get_template(template).render(values)
    driver.write_text(text, encoding="utf-8")
    sources = [*c_sources(files, folder), driver]
    return link_program(
        sources, folder / f"{NAME}.elf", plan.target, include=[folder, folder / "include"],
        own_flags=flags_of(plan, folder),
    )  # fmt: skip


def levels_there(plan: Plan, folder: Path) -> list[Level]:
    """The levels of a fat plan that the target's emulator has, best first."""
    elf = build_program(plan, "levels/there.c.j2", (), folder)
    there = run_probe(elf, plan.target, b"", folder, timeout=RUN_SECONDS)
    idents = [*level_idents(plan, NAME), (NAME, plan.levels[-1])]
    return [level for level, has in zip(idents, there, strict=True) if has]


def _dump(plan: Plan, name: str) -> str:
    """The arguments of the write of one tensor."""
    return f"arena + {plan.places[name].offset}, {plan.graph.tensors[name].nbytes}u"


def run_traced(
    plan: Plan, samples: Sequence[Mapping[str, NDArray[Any]]], folder: Path,
    level: Level | None = None,
) -> Iterator[dict[str, NDArray[Any]]]:  # fmt: skip
    """Every computed tensor of every sample, as a program of the plan's target computes it.

    `level` is what runs of a fat target.

    Raises:
        ToolError: no compiler or emulator, a fault, or less output than was asked for.
    """
    whole, plan = plan, level[1] if level else plan
    order = tensors_after(plan)
    elf = build_program(whole, "probe.c.j2", order, folder, level)
    data = struct.pack("<I", len(samples)) + b"".join(_input_bytes(plan, s) for s in samples)
    output = run_probe(elf, whole.target, data, folder, timeout=RUN_SECONDS)
    names = [name for step in order for name in step]
    wanted = len(samples) * sum(plan.graph.tensors[name].nbytes for name in names)
    if len(output) != wanted:
        raise ToolError(f"the program wrote {len(output)} bytes instead of {wanted}",
                        where=plan.target.name)  # fmt: skip
    start = 0
    for _ in samples:
        found = {}
        for name in names:
            tensor = plan.graph.tensors[name]
            raw = np.frombuffer(output, np.uint8, tensor.nbytes, start)
            found[name] = raw.view(tensor.dtype.numpy).reshape(tensor.shape)
            start += tensor.nbytes
        yield found


def _input_bytes(plan: Plan, sample: Mapping[str, NDArray[Any]]) -> bytes:
    return b"".join(np.ascontiguousarray(sample[p.tensor.name]).tobytes() for p in plan.inputs)
