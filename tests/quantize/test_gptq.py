"""GPTQ: errors are made up for by the weights that follow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.quantize.clipping import nearest
from edgeq.quantize.gptq import LAZY, compensated, descended
from tests.quantize.rounding import correlated, error, gram_of, layer, least_error

EQUAL = 1e-9  # relative, of sums in float64
FEW = 20  # outputs


@pytest.mark.parametrize("limit", [7, 127])
def test_independent_inputs_leave_the_nearest(limit: int, rng: np.random.Generator) -> None:
    """Without correlation no weight can make up for another."""
    w, steps = layer(rng, FEW, 9, limit)
    gram = np.diag(rng.uniform(0.1, 4, 9))[None]
    wanted = nearest(w, steps, gram, limit)
    assert np.array_equal(compensated(w, steps, gram, limit), wanted)
    assert np.array_equal(descended(wanted, w, steps, gram, limit), wanted)


@pytest.mark.parametrize("inputs", [2, 3, 4])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_few_weights_come_to_the_optimum(inputs: int, share: float) -> None:
    """All integers within two of the weights are tried: three outputs of four have the best.

    The method is greedy: what is rounded first knows nothing of what comes.
    """
    rng = np.random.default_rng(inputs)
    w, steps = layer(rng, 100, inputs, 7)
    gram = gram_of(correlated(rng, inputs, share))
    least = least_error(w, steps, gram, 7, offsets=(-1, 0, 1, 2))
    integers = descended(compensated(w, steps, gram, 7), w, steps, gram, 7)
    found = error(w, steps, gram, integers)
    assert (found >= least * (1 - EQUAL)).all()
    assert np.mean(found <= least * (1 + EQUAL)) >= 0.75
    assert found.mean() <= 1.15 * least.mean()


@pytest.mark.parametrize("limit", [7, 127])
@pytest.mark.parametrize("inputs", [12, 3 * LAZY + 5])
def test_correlated_inputs_make_far_less_error(
    inputs: int, limit: int, rng: np.random.Generator
) -> None:
    w, steps = layer(rng, FEW, inputs, limit)
    gram = gram_of(correlated(rng, inputs, 0.9, rows=1000))
    plain = error(w, steps, gram, nearest(w, steps, gram, limit)).mean()
    integers = compensated(w, steps, gram, limit)
    found = error(w, steps, gram, integers).mean()
    better = error(w, steps, gram, descended(integers, w, steps, gram, limit)).mean()
    assert better <= found < 0.5 * plain


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.floats(0, 0.99),
       st.sampled_from([7, 127]), st.floats(0.3, 1))  # fmt: skip
def test_integers_stay_in_range_and_descent_adds_no_error(
    seed: int, inputs: int, share: float, limit: int, clipped: float
) -> None:
    rng = np.random.default_rng(seed)
    w, steps = layer(rng, 5, inputs, limit)
    steps = steps * clipped  # scales that leave the largest weights outside
    gram = gram_of(correlated(rng, inputs, share))
    first = compensated(w, steps, gram, limit)
    then = descended(first, w, steps, gram, limit)
    for found in (first, then):
        assert np.array_equal(found, np.round(found))
        assert np.abs(found).max() <= limit
    before, after = (error(w, steps, gram, q) for q in (first, then))
    assert (after <= before * (1 + EQUAL)).all()


def test_the_order_of_inputs_does_not_matter(rng: np.random.Generator) -> None:
    """Columns go in the order of their moments, wherever they lie."""
    w, steps = layer(rng, FEW, 10, 7)
    gram = gram_of(correlated(rng, 10, 0.5) * np.arange(1, 11))
    p = rng.permutation(10)
    moved = compensated(w[:, :, p], steps[:, :, p], gram[:, p][:, :, p], 7)
    assert np.array_equal(moved, compensated(w, steps, gram, 7)[:, :, p])


def test_blocks_are_solved_apart(rng: np.random.Generator) -> None:
    layers = [layer(rng, FEW, 6, 7) for _ in range(3)]
    grams = [gram_of(correlated(rng, 6, 0.7)) for _ in range(3)]
    w, steps, gram = (np.concatenate(a) for a in (*zip(*layers, strict=True), grams))
    together = compensated(w, steps, gram, 7)
    for i, ((one, step), g) in enumerate(zip(layers, grams, strict=True)):
        assert np.array_equal(together[i], compensated(one, step, g, 7)[0])
