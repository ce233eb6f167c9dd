"""Which instruction sets the machine that runs edgeq has, by kernels/ISA/isa.toml."""

from __future__ import annotations

import platform
import tomllib
from functools import cache
from pathlib import Path

from edgeq.resources import data_root


@cache
def cpu_flags() -> frozenset[str]:
    """The CPU's features as Linux lists them; empty where /proc/cpuinfo does not."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    return frozenset(next(lines, ":").split(":", 1)[1].split())


def runs_here(isa: str) -> bool:
    """True when this machine executes the instruction set; False for one without kernels."""
    entry = _entry(isa)
    machine, needs = entry.get("machine", ""), entry.get("cpuinfo", [])
    if not entry or (machine and machine != platform.machine()):
        return False
    return isinstance(needs, list) and set(map(str, needs)) <= cpu_flags()


def flags_of_isa(isa: str) -> tuple[str, ...]:
    """The compiler flags of an instruction set."""
    flags = _entry(isa).get("cflags", [])
    return tuple(map(str, flags)) if isinstance(flags, list) else ()


@cache
def _entry(isa: str) -> dict[str, object]:
    """isa.toml as it stands ({} without one); edgeq/kernels checks its keys."""
    path = data_root() / "kernels" / isa / "isa.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
