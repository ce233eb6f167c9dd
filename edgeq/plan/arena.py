"""Places live buffers in one arena: the best of several greedy orders, then a local search.

Finding the smallest arena is NP-hard (dynamic storage allocation: Garey and Johnson,
"Computers and Intractability", SR2), so the result stands beside a lower bound: the
largest sum of sizes alive in one step.

Two buffers may share bytes where one begins a gap below the other (`plan.overlap`): the lower one
then counts with the gap, not with its size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

SEARCH_ROUNDS = 400
SEARCH_WORK = 4_000_000  # pairs of buffers looked at, about two seconds


Gaps = Mapping[tuple[str, str], int]  # (lower, upper) -> bytes between their starts, at least
NO_GAPS: Gaps = {}


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory that must not be shared with anything else alive in steps [first, last].

    nbytes   size, > 0;  align   of its offset, a power of two
    """

    name: str
    nbytes: int
    first: int
    last: int
    align: int = 1

    def meets(self, other: Buffer) -> bool:
        """True when both are alive in some step."""
        return self.first <= other.last and other.first <= self.last


ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda b: (-b.nbytes, b.first),
    lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
    lambda b: (-(b.last - b.first), -b.nbytes),
    lambda b: (b.first, -b.nbytes),
    lambda b: (-b.last, -b.nbytes),
)


def lower_bound(buffers: Sequence[Buffer], gaps: Gaps = NO_GAPS) -> int:
    """The largest number of bytes alive in one step: no placement is smaller."""
    by_name = {b.name: b for b in buffers}
    pairs = [(by_name[y], by_name[x], gap) for (y, x), gap in gaps.items()]
    starts = {b.first for b in buffers}
    return max((_alive(buffers, step) - _shared(pairs, step) for step in starts), default=0)


def _alive(buffers: Sequence[Buffer], step: int) -> int:
    return sum(b.nbytes for b in buffers if b.first <= step <= b.last)


def _shared(pairs: Sequence[tuple[Buffer, Buffer, int]], step: int) -> int:
    """The most bytes that pairs alive in `step` can have in common."""
    return sum(
        y.nbytes + x.nbytes - max(gap + x.nbytes, y.nbytes)
        for y, x, gap in pairs
        if y.first <= step <= x.last
    )


def place(buffers: Sequence[Buffer], gaps: Gaps = NO_GAPS) -> tuple[dict[str, int], int]:
    """Offsets by name, and the arena's size in bytes.

    Deterministic: the local search moves one buffer of the best order with a fixed seed, and
    stops when the lower bound is reached or the work is done.
    """
    bound = lower_bound(buffers, gaps)
    trials = [sorted(buffers, key=order) for order in ORDERS]
    best, order = min(((_greedy(t, gaps), t) for t in trials), key=lambda found: found[0][1])
    rng = np.random.default_rng(0)
    for _ in range(min(SEARCH_ROUNDS, SEARCH_WORK // max(len(buffers), 1) ** 2)):
        if best[1] <= bound:
            break
        trial = list(order)
        i, j = rng.integers(0, len(trial), 2)
        trial.insert(int(j), trial.pop(int(i)))
        found = _greedy(trial, gaps)
        if found[1] <= best[1]:
            best, order = found, trial
    return best


def _greedy(order: Sequence[Buffer], gaps: Gaps = NO_GAPS) -> tuple[dict[str, int], int]:
    """Put each buffer in turn at the lowest offset that is free over its whole life."""
    placed: list[tuple[int, Buffer]] = []
    offsets: dict[str, int] = {}
    for buffer in order:
        taken = sorted(_taken(buffer, placed, gaps))
        offset = 0
        for low, high in taken:
            if offset <= low:
                break
            offset = max(offset, round_up(high, buffer.align))
        offsets[buffer.name] = offset
        placed.append((offset, buffer))
    size = max((offset + b.nbytes for offset, b in placed), default=0)
    return offsets, size


def _taken(
    buffer: Buffer, placed: Sequence[tuple[int, Buffer]], gaps: Gaps
) -> Iterator[tuple[int, int]]:
    """(low, high) for each that `buffer` meets: it may lie at low or below, at high or above."""
    for start, other in placed:
        if buffer.meets(other):
            below = gaps.get((buffer.name, other.name), buffer.nbytes)
            above = gaps.get((other.name, buffer.name), other.nbytes)
            yield start - below, start + above


def round_up(value: int, align: int) -> int:
    """The smallest multiple of `align` that is not below `value`."""
    return -(-value // align) * align
