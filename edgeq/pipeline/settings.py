"""Preprocessing as callers may state it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from edgeq.ir import Graph
from edgeq.quantize.preprocessing import (
    AudioSettings,
    ImageSettings,
    Settings,
    settings_of,
    settings_of_note,
)

Stated: TypeAlias = str | Path | Mapping[str, Any] | Settings | None
"""How a caller may state preprocessing."""


def settings_for(given: Stated, graph: Graph) -> Settings | None:
    """The settings that `given` means; "stored" takes the graph's own."""
    if given is None or isinstance(given, ImageSettings | AudioSettings):
        return given
    return settings_of_note(graph.notes) if given == "stored" else settings_of(given)
