"""Puts generated files into a folder that the caller made for them (a temporary one)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edgeq.codegen.levels import own_flags
from edgeq.plan.plan import Plan


def write_files(files: Mapping[str, str], folder: Path) -> Path:
    """Write `{path: text}` below `folder`, which belongs to the caller; returns it."""
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def flags_of(plan: Plan, folder: Path) -> dict[Path, tuple[str, ...]]:
    """The files below `folder` that are compiled with flags of their own: those of levels."""
    return {folder / path: flags for path, flags in own_flags(plan).items()}


def c_sources(files: Mapping[str, str], folder: Path) -> list[Path]:
    """The model's own C files below `folder`: no self-test, no board."""
    return [
        folder / path
        for path in files
        if path.endswith(".c") and not path.startswith("board/") and "_selftest" not in path
    ]
