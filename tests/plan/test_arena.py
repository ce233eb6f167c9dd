"""Placement: nothing that is alive at the same time overlaps, and the bound is one."""

from __future__ import annotations

from itertools import combinations, permutations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from edgeq.plan.arena import ORDERS, Buffer, _greedy, lower_bound, place, round_up


@st.composite
def buffers(draw: st.DrawFn, most: int = 12) -> list[Buffer]:
    found = []
    for i in range(draw(st.integers(0, most))):
        first = draw(st.integers(0, 9))
        last = first + draw(st.integers(0, 5))
        align = draw(st.sampled_from([1, 4, 8, 64]))
        found.append(Buffer(f"b{i}", draw(st.integers(1, 300)), first, last, align))
    return found


@given(buffers())
def test_what_is_alive_together_does_not_overlap(given_buffers: list[Buffer]) -> None:
    offsets, size = place(given_buffers)
    assert set(offsets) == {b.name for b in given_buffers}
    for a, b in combinations(given_buffers, 2):
        apart = (
            offsets[a.name] + a.nbytes <= offsets[b.name]
            or offsets[b.name] + b.nbytes <= offsets[a.name]
        )
        shares_a_step = any(a.first <= t <= a.last for t in range(b.first, b.last + 1))
        assert apart or not shares_a_step
    assert size == max((offsets[b.name] + b.nbytes for b in given_buffers), default=0)


@given(buffers())
def test_every_offset_is_aligned(given_buffers: list[Buffer]) -> None:
    offsets, _ = place(given_buffers)
    assert all(offsets[b.name] % b.align == 0 for b in given_buffers)
    assert all(offset >= 0 for offset in offsets.values())


@given(buffers())
def test_no_arena_is_smaller_than_the_bound(given_buffers: list[Buffer]) -> None:
    _, size = place(given_buffers)
    alive = [sum(b.nbytes for b in given_buffers if b.first <= t <= b.last) for t in range(20)]
    assert lower_bound(given_buffers) == max(alive)
    assert size >= lower_bound(given_buffers)


def test_small_cases_are_no_worse_than_any_greedy_order(rng: np.random.Generator) -> None:
    for _ in range(60):
        found = [
            Buffer(f"b{i}", int(size), int(first), int(first + life))
            for i, (size, first, life) in enumerate(rng.integers((1, 0, 0), (50, 6, 4), (5, 3)))
        ]
        assert place(found)[1] == min(_greedy(order)[1] for order in permutations(found))


@given(buffers())
def test_placement_is_deterministic(given_buffers: list[Buffer]) -> None:
    assert place(given_buffers) == place(list(given_buffers))


def test_a_chain_reuses_the_memory_of_the_step_before_last() -> None:
    chain = [Buffer(f"t{i}", 100, i, i + 1) for i in range(50)]
    assert place(chain)[1] == lower_bound(chain) == 200


def test_the_search_closes_a_gap_that_every_order_leaves() -> None:
    sizes = {"a": (4, 5, 5), "b": (8, 4, 5), "c": (1, 2, 5), "d": (7, 5, 7), "e": (6, 3, 5),
             "f": (8, 3, 4), "g": (2, 2, 5)}  # fmt: skip
    found = [Buffer(name, *life) for name, life in sizes.items()]
    assert min(_greedy(sorted(found, key=order))[1] for order in ORDERS) == 29
    assert place(found)[1] == lower_bound(found) == 28


def test_a_thousand_buffers_are_placed_in_reasonable_time() -> None:
    many = [Buffer(f"t{i}", 64 * (i % 7 + 1), i, i + 3, 64) for i in range(1000)]
    _, size = place(many)
    assert size >= lower_bound(many)


def test_nothing_needs_nothing() -> None:
    assert place([]) == ({}, 0)
    assert lower_bound([]) == 0


@pytest.mark.parametrize(("value", "align", "up"), [(0, 8, 0), (1, 8, 8), (8, 8, 8), (9, 4, 12)])
def test_rounding_up(value: int, align: int, up: int) -> None:
    assert round_up(value, align) == up
