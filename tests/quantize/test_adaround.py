"""AdaRound: every weight goes up or down, as the layer's output has it best."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.quantize.adaround import rounded
from edgeq.quantize.clipping import nearest
from edgeq.quantize.gptq import compensated
from tests.quantize.rounding import correlated, error, gram_of, layer, least_error

EQUAL = 1e-6  # relative, of the float32 in which h is found


@pytest.mark.parametrize("inputs", [2, 3, 4, 6])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_few_weights_come_to_the_optimum(inputs: int, share: float) -> None:
    """All ways up and down are tried: four outputs of five have the best."""
    rng = np.random.default_rng(inputs)
    w, steps = layer(rng, 100, inputs, 7)
    gram = gram_of(correlated(rng, inputs, share))
    least = least_error(w, steps, gram, 7)
    found = error(w, steps, gram, rounded(w, steps, gram, 7, nearest(w, steps, gram, 7)))
    assert (found >= least * (1 - EQUAL)).all()
    assert np.mean(found <= least * (1 + EQUAL)) >= 0.8
    assert found.mean() <= 1.05 * least.mean()


@pytest.mark.parametrize("limit", [7, 127])
def test_correlated_inputs_make_far_less_error(limit: int, rng: np.random.Generator) -> None:
    w, steps = layer(rng, 20, 24, limit)
    gram = gram_of(correlated(rng, 24, 0.9, rows=1000))
    start = nearest(w, steps, gram, limit)
    found = error(w, steps, gram, rounded(w, steps, gram, limit, start)).mean()
    assert found < 0.5 * error(w, steps, gram, start).mean()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.floats(0, 0.99),
       st.sampled_from([7, 127]), st.floats(0.3, 1))  # fmt: skip
@settings(max_examples=30)
def test_weights_go_one_step_up_or_down(
    seed: int, inputs: int, share: float, limit: int, clipped: float
) -> None:
    rng = np.random.default_rng(seed)
    w, steps = layer(rng, 4, inputs, limit)
    steps = steps * clipped
    gram = gram_of(correlated(rng, inputs, share))
    start = nearest(w, steps, gram, limit)
    found = rounded(w, steps, gram, limit, start)
    assert np.array_equal(found, np.round(found))
    assert np.abs(found).max() <= limit
    exact = np.clip(w / steps, -limit, limit)
    assert (np.abs(found - exact) <= 1).all()
    assert ((found == np.floor(exact)) | (found == np.ceil(exact)) | (exact == np.round(exact))
            ).all()  # fmt: skip


def test_what_another_method_chose_moves_by_one_at_most(rng: np.random.Generator) -> None:
    w, steps = layer(rng, 20, 24, 7)
    gram = gram_of(correlated(rng, 24, 0.9))
    start = compensated(w, steps, gram, 7)
    found = rounded(w, steps, gram, 7, start)
    assert np.abs(found - start).max() <= 1
    assert np.abs(found).max() <= 7
