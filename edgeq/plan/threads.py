"""Splits the calls that cost time into row ranges, so that threads can share them.

A spatial contract computes output rows [row0, row1), and rows do not depend on each other:
the bytes are the same for any number of parts and any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from math import prod

from edgeq.errors import UsageError
from edgeq.ops.base import Call

LEAST_WORK = 50_000  # products: below, handing out the parts costs more than they save
MOST_THREADS = 64
FACTORS = ("out_w", "out_c", "kh", "kw", "in_c", "multiplier")


def check_threads(threads: int) -> None:
    """UsageError unless it is a number of threads that a plan can be made for."""
    if not 1 <= threads <= MOST_THREADS:
        raise UsageError(f"{threads} threads", fix=f"give 1 to {MOST_THREADS}")


def row_parts(call: Call, threads: int) -> tuple[Call, ...]:
    """`call` as one call for each thread, over row ranges that differ by one row at most.

    A call without rows, or one that is too small, stays whole.
    """
    if threads == 1 or "row0" not in call.params or "row1" not in call.params:
        return (call,)
    first, rows = call.params["row0"], call.params["row1"] - call.params["row0"]
    count = min(threads, rows, _work(call.params, rows) // LEAST_WORK)
    if count < 2:  # noqa: PLR2004 (nothing to share)
        return (call,)
    edges = [first + rows * part // count for part in range(count + 1)]
    return tuple(
        replace(call, params={**call.params, "row0": row0, "row1": row1})
        for row0, row1 in pairwise(edges)
    )


def _work(params: Mapping[str, int], rows: int) -> int:
    """Products of a convolution, elements read of a pool."""
    return rows * prod(params[name] for name in FACTORS if name in params)
