"""The demo's model and its test digits belong together."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq import demo
from edgeq.verify.oracle import Oracle

CORRECT = 343  # of 350: the 98.0 % that edgeq/demo/README.md states
MODEL_LIMIT = 60_000  # bytes


def test_test_digits_are_what_the_docstring_says() -> None:
    x, y = demo.test_data()
    assert (x.shape, x.dtype) == ((350, 8, 8, 1), np.dtype(np.int8))
    assert (y.shape, y.dtype) == ((350,), np.dtype(np.uint8))
    assert set(y.tolist()) == set(range(10))


def test_model_stays_small() -> None:
    assert demo.model_path().stat().st_size < MODEL_LIMIT


@pytest.mark.parametrize("name", ["tflm", "litert"])
def test_oracles_name_as_many_digits_as_the_readme_states(name: str) -> None:
    x, y = demo.test_data()
    with Oracle(name) as oracle:
        samples = oracle.run(demo.model_path().read_bytes(), [(row[np.newaxis],) for row in x])
    named = [int(sample.outputs[0].argmax()) for sample in samples]
    assert int((np.array(named) == y).sum()) == CORRECT
