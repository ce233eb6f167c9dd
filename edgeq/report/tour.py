"""The last words of `edgeq demo`: one table of everything that was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeq.report.table import Table, table

MISSING = "not measured"


def tour_table(found: Mapping[str, Any]) -> Table:
    """Accuracy, flash, arena, latency, instructions and the folder; see `edgeq.cli.demo`."""
    rows = [
        ("accuracy of the C code", _share(found["accuracy"]), f"{found['n']} test digits"),
        (f"flash on {found['target']}", _flash(found), "code and constants"),
        (f"arena on {found['target']}", _bytes(found["arena_bytes"]), "all the RAM but the stack"),
        ("latency on this machine", _microseconds(found["median_us"]), "median, one thread"),
        (f"instructions on {found['target']}", _count(found["instructions"]), "per inference"),
        ("folder", found["folder"], "C, self-test, CMake"),
    ]
    return table("edgeq demo", ("", ">", ""), rows)


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.2f} %"


def _bytes(value: int | None) -> str:
    return MISSING if value is None else f"{value:,} bytes"


def _flash(found: Mapping[str, Any]) -> str:
    """Without a compiler the constants are known all the same."""
    whole, constants = found["flash_bytes"], found["constant_bytes"]
    return f"{constants:,} bytes + code" if whole is None else _bytes(whole)


def _microseconds(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.1f} us"


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"
