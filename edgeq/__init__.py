"""edgeq: trained networks become plain C with the same bytes everywhere.

The public functions are imported when they are first used, so that `import edgeq` needs
numpy alone.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from edgeq._version import __version__

if TYPE_CHECKING:
    from edgeq.pipeline import (
        analyze,
        build,
        compile,
        evaluate,
        from_torch,
        load,
        quantize,
        verify,
    )  # fmt: skip

_PUBLIC = ("analyze", "build", "compile", "evaluate", "from_torch", "load", "quantize", "verify")

__all__ = [
    "__version__", "analyze", "build", "compile", "evaluate", "from_torch", "load", "quantize",
    "verify",
]  # fmt: skip


class _Package(ModuleType):
    """Keeps `edgeq.build` and `edgeq.verify` functions, though subpackages share their names.

    Importing a subpackage binds it in its parent; for public names that is left out.
    `from edgeq.verify.oracle import Oracle` works all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        return getattr(import_module("edgeq.pipeline"), name)
    raise AttributeError(f"module 'edgeq' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
