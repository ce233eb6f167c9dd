"""Takes a kernel for a call: the first in the target's order whose requirements hold."""

from __future__ import annotations

from collections.abc import Sequence

from edgeq.errors import PlanError
from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import Call


def values_of(call: Call) -> dict[str, int]:
    """What directives may name: params fields and proved facts."""
    return {**call.facts, **call.params}


def choose(call: Call, isa: Sequence[str], kernels: Sequence[Kernel], where: str) -> Kernel:
    """The kernel for `call`, by the order of `isa` and then by file name.

    Raises:
        PlanError: none accepts it; the message names what was tried.
    """
    candidates = [k for name in isa for k in kernels
                  if k.contract.name == call.contract and k.isa.name == name]  # fmt: skip
    values = values_of(call)
    for kernel in candidates:
        if kernel.accepts(values):
            return kernel
    tried = [f"{k.base_symbol} (requires {' and '.join(k.requires)})" for k in candidates]
    raise PlanError(
        f"no kernel for {', '.join(isa)} accepts this call",
        where=where,
        why=f"{call.contract} with {values}; tried {', '.join(tried) or 'nothing'}",
        fix=f"add kernels/ref/{call.contract}.c, or choose a target with more kernels",
    )
