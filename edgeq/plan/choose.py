"""Takes a kernel for a call, among those whose requirements hold.

For speed it is the one that costs least by the target's table of measured costs; where the table
lacks one of them, or there is none, the first in the target's order.  For RAM it is the one that
asks for least scratch, for flash the last: the portable kernels are the smallest, and calls of a
contract share them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeq.errors import PlanError, UsageError
from edgeq.kernels.catalog import FUSED, ODD, Kernel
from edgeq.kernels.costs import NO_TABLE, CostTable
from edgeq.ops.base import Call
from edgeq.plan.fuse import fits, values_of

SPEED, RAM, FLASH = "speed", "ram", "flash"
ONLY, TABLE, ORDER = "only one", "table", "order"
RESCALES = (FUSED, ODD, "")  # the shortest first


@dataclass(frozen=True, slots=True)
class Choice:
    """A kernel, and what decided: "only one" fits, "table", "order", or "ram", "flash"."""

    kernel: Kernel
    by: str


def choose(
    call: Call, isa: Sequence[str], kernels: Sequence[Kernel], where: str, *, align: int = 1,
    optimize: str = SPEED, costs: CostTable = NO_TABLE,
) -> Choice:  # fmt: skip
    """The kernel for `call`, by cost, or by the order of `isa` and then by file name.

    Args:
        call: what is asked for.
        isa: names of instruction sets, best first.
        kernels: to choose from.
        where: the node, for the message.
        align: bytes to which every pointer of the call is known to be aligned.
        optimize: speed, ram or flash.
        costs: what kernels were measured to take; used for speed alone.

    Raises:
        PlanError: none accepts it; the message names what was tried.
    """
    candidates = [k for name in isa for k in sorted(kernels, key=_length)
                  if k.contract.name == call.contract and k.isa.name == name]  # fmt: skip
    values = values_of(call)
    fitting = [k for k in candidates if k.align <= align and fits(k, call)]
    if fitting:
        return _best(fitting, values, optimize, costs)
    raise PlanError(
        f"no kernel for {', '.join(isa)} accepts this call",
        where=where,
        why=f"{call.contract} with {values}; tried {_tried(candidates)}",
        fix=f"add kernels/ref/{call.contract}.c, or choose a target with more kernels",
    )


def _length(kernel: Kernel) -> int:
    """Among kernels of an instruction set those that rescale by floats come first."""
    return RESCALES.index(kernel.rescale)


def _best(
    fitting: Sequence[Kernel], values: Mapping[str, int], optimize: str, costs: CostTable
) -> Choice:
    if len(fitting) == 1:
        return Choice(fitting[0], ONLY)
    if optimize == RAM:
        return Choice(min(fitting, key=lambda kernel: kernel.scratch_bytes(values)), RAM)
    if optimize == FLASH:
        return Choice(fitting[-1], FLASH)
    rows = [costs.rows.get(kernel.base_symbol) for kernel in fitting]
    known = [row.cost(values) for row in rows if row is not None]
    if len(known) < len(fitting):
        return Choice(fitting[0], ORDER)
    return Choice(fitting[known.index(min(known))], TABLE)  # the first of those that cost the same


def check_optimize(optimize: str) -> None:
    """UsageError unless it is speed, ram or flash."""
    if optimize not in (SPEED, RAM, FLASH):
        raise UsageError(f"nothing is optimized for {optimize!r}",
                         fix=f"choose {SPEED}, {RAM} or {FLASH}")  # fmt: skip


def _tried(candidates: Sequence[Kernel]) -> str:
    words = [
        f"{k.base_symbol} (requires {' and '.join((*k.requires, f'alignment {k.align}'))})"
        for k in candidates
    ]
    return ", ".join(words) or "nothing"
