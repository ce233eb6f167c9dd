"""edgeq: trained networks become plain C with the same bytes everywhere.

The public functions are imported when they are first used, so that `import edgeq` needs
numpy alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edgeq._version import __version__

if TYPE_CHECKING:
    from edgeq.pipeline import analyze, build, compile, load, verify

_PUBLIC = ("analyze", "build", "compile", "load", "verify")

__all__ = ["__version__", "analyze", "build", "compile", "load", "verify"]


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        return getattr(import_module("edgeq.pipeline"), name)
    raise AttributeError(f"module 'edgeq' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
