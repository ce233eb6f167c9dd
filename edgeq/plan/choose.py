"""Takes a kernel for a call: the first in the target's order whose requirements hold."""

from __future__ import annotations

from collections.abc import Sequence

from edgeq.errors import PlanError
from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import Call


def values_of(call: Call) -> dict[str, int]:
    """What directives may name: params fields and proved facts."""
    return {**call.facts, **call.params}


def choose(
    call: Call, isa: Sequence[str], kernels: Sequence[Kernel], where: str, *, align: int = 1
) -> Kernel:
    """The kernel for `call`, by the order of `isa` and then by file name.

    Args:
        call: what is asked for.
        isa: names of instruction sets, best first.
        kernels: to choose from.
        where: the node, for the message.
        align: bytes to which every pointer of the call is known to be aligned.

    Raises:
        PlanError: none accepts it; the message names what was tried.
    """
    candidates = [k for name in isa for k in kernels
                  if k.contract.name == call.contract and k.isa.name == name]  # fmt: skip
    values = values_of(call)
    for kernel in candidates:
        if kernel.align <= align and kernel.accepts(values):
            return kernel
    raise PlanError(
        f"no kernel for {', '.join(isa)} accepts this call",
        where=where,
        why=f"{call.contract} with {values}; tried {_tried(candidates)}",
        fix=f"add kernels/ref/{call.contract}.c, or choose a target with more kernels",
    )


def _tried(candidates: Sequence[Kernel]) -> str:
    words = [
        f"{k.base_symbol} (requires {' and '.join((*k.requires, f'alignment {k.align}'))})"
        for k in candidates
    ]
    return ", ".join(words) or "nothing"
