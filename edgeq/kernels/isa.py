"""Reads kernels/ISA/isa.toml: how kernels of an instruction set are compiled and run."""

from __future__ import annotations

import platform
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgeq.errors import TargetError
from edgeq.resources import data_root

KEYS = {"cc": str, "cflags": list, "machine": str, "cpuinfo": list, "emulator": list}
OPTIONAL = {"target": str, "emulated_cflags": list}


@dataclass(frozen=True, slots=True)
class Isa:
    """An instruction set: a folder of kernels.

    machine    what `platform.machine()` says where it runs natively, "" for any
    cpuinfo    flags of /proc/cpuinfo that the CPU must have
    emulator   command that runs a program of it elsewhere, () when none does
    target     board whose emulator runs firmware of it, for sets without an operating system
    emulated_cflags   in place of cflags under the emulator, whose CPU has the instructions in
                      another encoding
    """

    name: str
    cc: str
    cflags: tuple[str, ...]
    machine: str
    cpuinfo: tuple[str, ...]
    emulator: tuple[str, ...]
    target: str = ""
    emulated_cflags: tuple[str, ...] = ()

    def runs_here(self) -> bool:
        """True when this machine executes it natively."""
        if self.machine and platform.machine() != self.machine:
            return False
        return set(self.cpuinfo) <= cpu_flags()


@cache
def cpu_flags() -> frozenset[str]:
    """The CPU's flags as Linux lists them; empty where it does not."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    return frozenset(next(lines, ":").split(":", 1)[1].split())


def read_isa(path: Path) -> Isa:
    """Parse one isa.toml.

    Raises:
        TargetError: it is not TOML, or a key is missing, unknown or of the wrong type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TargetError("is not TOML", where=str(path), why=str(error)) from None
    problems = [f"missing {key}" for key in KEYS if key not in table]
    known = {**KEYS, **OPTIONAL}
    problems += [f"unknown {key}" for key in table if key not in known]
    problems += [f"{k} must be a {t.__name__}" for k, t in known.items()
                 if k in table and not isinstance(table[k], t)]  # fmt: skip
    if problems:
        raise TargetError("; ".join(problems), where=str(path), fix=f"keys are {', '.join(known)}")
    lists = {k: tuple(map(str, table.get(k, ()))) for k, t in known.items() if t is list}
    return Isa(path.parent.name, table["cc"], machine=table["machine"],
               target=table.get("target", ""), **lists)  # fmt: skip


@cache
def isas() -> dict[str, Isa]:
    """Every instruction set by name, from the folders of kernels/."""
    paths = sorted((data_root() / "kernels").glob("*/isa.toml"))
    return {path.parent.name: read_isa(path) for path in paths}
