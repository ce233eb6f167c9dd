"""Measures kernels on this machine and keeps the table of costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgeq.errors import KernelError, OutputError, UsageError
from edgeq.ir.files import check_place, write_file
from edgeq.kernels.costs import NO_TABLE, CostTable, cached_table, machine_name, read_costs
from edgeq.measure import tune as measured
from edgeq.targets import load_target
from edgeq.targets.target import HOST
from edgeq.verify.compare import Progress, no_progress

SEPARATOR = "; "


def tune(
    target: str = HOST, *, out: str | Path | None = None, kernels: str = "",
    seconds: float = measured.SECONDS, command: str = "", progress: Progress = no_progress,
) -> CostTable:  # fmt: skip
    """Measure what kernels take on this machine and write the table; compiling for `host` reads it.

    Args:
        target: "host": nothing else can be measured here.
        out: the file; the user's cache when None.
        kernels: regular expression of the kernels to measure, with those that they compete with;
            rows of others stay as the file of the same machine has them. "" measures all.
        seconds: about how long a block of runs takes.
        command: kept in the table.
        progress: told how many layers are done.

    Raises:
        UsageError: another target than "host", or nothing to measure.
        ToolError: no compiler.
        OutputError: the file cannot be written.
    """
    if target != HOST:
        why = "kernels are timed on this machine"
        raise UsageError(f"{target} cannot be measured here", why=why, fix="use target 'host'")
    path = cached_table() if out is None else Path(out)
    _make_place(path)
    table = measured.tune(load_target(target), kernels, seconds=seconds, command=command,
                          progress=progress)  # fmt: skip
    table = _added_to(_earlier(path), table) if kernels else table
    write_file(path, table.text().encode("utf-8"))
    return read_costs(path, str(path))


def _make_place(path: Path) -> None:
    """The folder of the table; OutputError now, not after all was measured."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "cannot be written", where=str(path), why=str(error.strerror),
            fix="give another file by --out, or another folder by EDGEQ_CACHE",
        ) from None  # fmt: skip
    check_place(path)


def _added_to(earlier: CostTable, table: CostTable) -> CostTable:
    """The rows of both, the new ones instead of old ones, and the commands that measured them."""
    commands = dict.fromkeys([*earlier.made.get("command", "").split(SEPARATOR),
                              table.made["command"]])  # fmt: skip
    made = {**table.made, "command": SEPARATOR.join(filter(None, commands))}
    return replace(table, rows={**earlier.rows, **table.rows}, made=made)


def _earlier(path: Path) -> CostTable:
    """The table at `path`, if it is of this machine; else one without rows."""
    try:
        table = read_costs(path, str(path)) if path.is_file() else NO_TABLE
    except KernelError:
        return NO_TABLE
    return table if table.made.get("machine") == machine_name() else NO_TABLE
