"""Splits the calls that cost time into parts, so that threads can share them.

A call is cut along rows or along channels, whichever leaves the largest share least, into a share
for each thread, and long shares into pieces: a thread that is done early takes those of another.
Parts do not depend on each other: the bytes are the same for any number and any order.
"""

from __future__ import annotations

from math import prod

from edgeq.errors import UsageError
from edgeq.kernels.catalog import Kernel
from edgeq.kernels.costs import CostTable
from edgeq.ops.base import Call
from edgeq.plan.fuse import values_of
from edgeq.plan.ranges import axes

LEAST = 50_000  # products of a share: below, handing it out costs more than it saves
PIECE = 1_600_000  # products of a piece, at least
MOST_PIECES = 4  # of a share
SLACK = 1.03  # rows are taken unless channels are better by more: they stay in a core's cache
MOST_THREADS = 64
FACTORS = ("batch", "in_dim", "out_dim", "out_w", "out_c", "kh", "kw", "in_c", "multiplier")


def check_threads(threads: int) -> None:
    """UsageError unless it is a number of threads that a plan can be made for."""
    if not 1 <= threads <= MOST_THREADS:
        raise UsageError(f"{threads} threads", fix=f"give 1 to {MOST_THREADS}")


def shared(call: Call, threads: int, kernel: Kernel, costs: CostTable) -> tuple[Call, ...]:
    """`call` as calls that may run at the same time, in the order of what they compute.

    There is the same number of them for each thread, or one for each of fewer threads; a call
    that is too small, or that nothing is known to cut by, stays whole.
    """
    whole = cost_of(call, kernel, costs)
    count = min(threads, int(whole) // LEAST)
    cuts = [axis for axis in axes(call, kernel) if min(count, axis.steps) > 1]
    if not cuts:
        return (call,)
    longest = [-(-axis.steps // count) / axis.steps for axis in cuts]
    axis = cuts[next(i for i, part in enumerate(longest) if part <= SLACK * min(longest))]
    shares = min(count, axis.steps)
    pieces = min(MOST_PIECES, int(whole / shares) // PIECE, axis.steps // shares // axis.piece)
    return axis.parts(shares, max(pieces, 1))


def cost_of(call: Call, kernel: Kernel, costs: CostTable) -> float:
    """What a call takes, in products of the best instruction: measured, or counted."""
    values = values_of(call)
    row = costs.rows.get(kernel.base_symbol)
    if row is not None:
        return row.cost(values)
    rows = values["row1"] - values["row0"] if "row0" in values and "row1" in values else 1
    return rows * prod(values[name] for name in FACTORS if name in values)
