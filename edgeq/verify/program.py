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
from edgeq.build.write import c_sources, write_files
from edgeq.codegen import emit
from edgeq.codegen.emit import environment
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


def build_program(plan: Plan, template: str, dumps: Sequence[Sequence[str]], folder: Path) -> Path:
    """Link the model and a driver rendered from `template` into folder/NAME.elf.

    dumps   per step the tensors that the driver writes after it
    """
    files = emit(plan, name=NAME, selftest=False)
    write_files(files, folder)
    driver = folder / "driver.c"
    values = {
        **model_view(plan, NAME),
        "steps": [
            StepDumps(i, tuple(_dump(plan, name) for name in names))
            for i, names in enumerate(dumps)
        ],
        "inputs": [{"offset": p.pointer.offset, "bytes": p.tensor.nbytes} for p in plan.inputs],
    }
    text = environment().get_template(template).render(values)
    driver.write_text(text, encoding="utf-8")
    sources = [*c_sources(files, folder), driver]
    return link_program(
        sources, folder / f"{NAME}.elf", plan.target, include=[folder, folder / "include"]
    )


def _dump(plan: Plan, name: str) -> str:
    """The arguments of the write of one tensor."""
    return f"arena + {plan.places[name].offset}, {plan.graph.tensors[name].nbytes}u"


def run_traced(
    plan: Plan, samples: Sequence[Mapping[str, NDArray[Any]]], folder: Path
) -> Iterator[dict[str, NDArray[Any]]]:
    """Every computed tensor of every sample, as a program of the plan's target computes it.

    Raises:
        ToolError: no compiler or emulator, a fault, or less output than was asked for.
    """
    order = tensors_after(plan)
    elf = build_program(plan, "probe.c.j2", order, folder)
    data = struct.pack("<I", len(samples)) + b"".join(_input_bytes(plan, s) for s in samples)
    output = run_probe(elf, plan.target, data, folder, timeout=RUN_SECONDS)
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
