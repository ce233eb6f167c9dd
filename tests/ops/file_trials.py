"""Trials of operators through their files: a one-operator .tflite, an oracle, and edgeq.

The file is read by the front end, so what it makes of the options is tried as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.frontends.tflite import read_tflite
from edgeq.numerics.profile import Profile
from edgeq.passes.legacy_uint8 import legacy_uint8
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.models import random_inputs

Array = NDArray[Any]
PROFILES = {"tflm": Profile.TFLM, "litert": Profile.LITERT}


def agree(
    oracle: Oracle, model: bytes, rng: np.random.Generator, samples: int = 2, extremes: bool = True
) -> list[Array]:
    """Fail unless edgeq under the oracle's profile gives the oracle's bytes; the last outputs.

    Inputs are random, and once (with `extremes`) only the smallest and largest values.
    """
    graph = legacy_uint8(read_tflite(model))
    machine = exact(graph, PROFILES[oracle.name])
    trials = [random_inputs(model, rng) for _ in range(samples)]
    if extremes:
        trials.append([_extreme(x, rng) for x in trials[0]])
    got: list[Array] = []
    for sample, answer in zip(trials, oracle.run(model, trials), strict=True):
        result = machine.run(dict(zip(graph.inputs, sample, strict=True)))
        got = [result[name] for name in graph.outputs]
        for ours, theirs in zip(got, answer.outputs, strict=True):
            _same(ours, theirs, oracle.name)
    return got


def _extreme(x: Array, rng: np.random.Generator) -> Array:
    if x.dtype.kind == "f":
        return x
    info = np.iinfo(x.dtype)
    return rng.choice(np.array([info.min, info.max], x.dtype), x.shape)


def _same(ours: Array, theirs: Array, name: str) -> None:
    assert ours.dtype == theirs.dtype
    assert ours.size == theirs.size
    wrong = np.flatnonzero(ours.reshape(-1) != theirs.reshape(-1))
    if wrong.size:
        at = int(wrong[0])
        raise AssertionError(
            f"{wrong.size} of {ours.size} differ from {name}, first at {at}: "
            f"got {ours.reshape(-1)[at]}, want {theirs.reshape(-1)[at]}"
        )
