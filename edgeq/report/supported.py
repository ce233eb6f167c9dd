"""What is supported, said by the operators, front ends, rules and target files themselves."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from edgeq.ir.spec import SPEC
from edgeq.ops.base import all_ops
from edgeq.report.table import Table, table
from edgeq.targets import Target
from edgeq.targets.levels import level_name, levels_of
from edgeq.targets.target import emulated


def op_rows() -> list[dict[str, Any]]:
    """Every operator: name, what it means, the kernel contracts that it may become."""
    return [
        {"name": op.name, "means": first_line(op), "contracts": list(op.contracts)}
        for _, op in sorted(all_ops().items())
    ]


def op_table() -> Table:
    """The same to look at."""
    rows = [(r["name"], r["means"], ", ".join(r["contracts"]) or "-") for r in op_rows()]
    return table("operators", ("operator", "meaning", "kernel contracts"), rows)


def read_operators() -> dict[str, list[str]]:
    """By file ending, the operators that its front end reads, under the file format's names.

    Formats whose package is not installed are left out.
    """
    from edgeq.frontends.tflite_ops import RULES  # the schemas are large: other tables do without

    found = {".tflite": sorted(RULES)}
    try:
        from edgeq.frontends.onnx_ops import RULES as ONNX_RULES
    except ModuleNotFoundError:
        return found
    names = sorted(".".join(filter(None, key)) for key in ONNX_RULES)
    return found | {".onnx": names}


def spec_sentences() -> dict[str, list[str]]:
    """What holds for a graph, by stage."""
    return {stage: [rule.sentence for rule in rules] for stage, rules in SPEC.items()}


def first_line(thing: object) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def target_rows(machines: Sequence[Target]) -> list[dict[str, Any]]:
    """Every target: what it is, its instruction sets, compiler, emulator and memories."""
    return [
        {
            "name": m.name,
            "description": m.description,
            "isa": list(m.isa),
            "levels": list(m.levels),
            "cc": m.cc,
            "emulator": list(_emulator(m)),
            "ram_bytes": m.ram_bytes,
            "flash_bytes": m.flash_bytes,
            "memory": [{"name": x.name, "kind": x.kind, "bytes": x.bytes} for x in m.memory],
        }
        for m in machines
    ]


def target_table(machines: Sequence[Target]) -> Table:
    """The same to look at."""
    rows = [
        (m.name, m.description, _instructions(m), m.cc, " ".join(_emulator(m)[:1]) or "none",
         m.ram_bytes, m.flash_bytes)
        for m in machines
    ]  # fmt: skip
    columns = ("target", "machine", "instructions", "compiler", "emulator", ">RAM", ">flash")
    return table("targets", columns, rows)


def _instructions(target: Target) -> str:
    """Its instruction sets; of a fat target the best of each level."""
    levels = [level_name(level) for level in levels_of(target)]
    return " or ".join(levels) if levels else " ".join(target.isa)


def _emulator(target: Target) -> Sequence[str]:
    firmware = emulated(target).firmware
    return firmware.emulator if firmware else ()
