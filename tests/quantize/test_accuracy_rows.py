"""Rows of the accuracy table that are cheap enough for every run, and a network of our own."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from benchmarks.accuracy_rows import NETWORKS, Row, measure, measure_float
from benchmarks.accuracy_table import by_chance, chosen
from edgeq.build.host import as_integers
from edgeq.ir import DType, Graph, Node, Tensor
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline import plan_of
from edgeq.quantize import Options, quantize
from edgeq.quantize.methods import DEFAULTS
from edgeq.reference.exact import Exact
from edgeq.reference.float import FloatModel

TRAIN, CALIBRATE, TEST = slice(0, 1000), slice(1000, 1100), slice(1100, 1450)
LAYERS, WIDTH = 5, 24  # deep and narrow, so that rounding errors add up
ALLOWED = {"int8": 3, "int16x8": 1, "int4": 12}  # answers of 599 that kws may lose
CLOSEST = {"int8": 25.0, "int16x8": 45.0, "int4": 20.0}  # dB to float's outputs, 2 to 4 below found


@pytest.mark.parametrize("scheme", sorted(DEFAULTS))
def test_defaults_keep_the_answers_of_keyword_spotting(
    scheme: str, shared_file: Callable[[str], Path]
) -> None:
    for name in (f"models/{NETWORKS['kws'].file}", "data/kws01.npz"):
        shared_file(name)
    default = DEFAULTS[scheme]
    found = measure(Row("kws", scheme, default.observer, default.methods), {})
    assert found["right"] >= measure_float("kws")["right"] - ALLOWED[scheme]
    assert found["sqnr_db"] >= CLOSEST[scheme]


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pixels (N, 64) in [0, 1] and labels."""
    data = load_digits()
    return (data.data / 16).astype(np.float32), data.target


@pytest.fixture(scope="module")
def network(digits: tuple[NDArray[np.float32], NDArray[np.int64]]) -> Graph:
    """Fully connected layers that know the digits, trained in a second."""
    found = MLPClassifier((WIDTH,) * LAYERS, random_state=0, learning_rate_init=3e-3, max_iter=150)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it did not converge
        found.fit(digits[0][TRAIN], digits[1][TRAIN])
    tensors, nodes, x = {"x": Tensor("x", (1, 64), DType.FLOAT32)}, [], "x"
    for i, (w, b) in enumerate(zip(found.coefs_, found.intercepts_, strict=True)):
        constants: dict[str, NDArray[Any]] = {f"w{i}": w.T, f"b{i}": b}
        for name, value in constants.items():
            data = np.ascontiguousarray(value, np.float32)
            tensors[name] = Tensor(name, data.shape, DType.FLOAT32, None, data)
        y = f"y{i}"
        tensors[y] = Tensor(y, (1, len(b)), DType.FLOAT32)
        attrs = {"activation": "relu" if i < LAYERS else "none", "keep_num_dims": False}
        nodes.append(Node(f"fc{i}", "fully_connected", (x, f"w{i}", f"b{i}"), (y,), attrs))
        x = y
    return prepare_float(Graph("digits", tensors, tuple(nodes), ("x",), (x,)))


def right_answers(graph: Graph, x: NDArray[np.float32], y: NDArray[np.int64]) -> int:
    """How often the integer graph is right, in exact numpy."""
    plan = plan_of(graph)
    exact, tensor, output = Exact(plan.graph, plan.lowered), plan.inputs[0].tensor, graph.outputs[0]
    answers = [exact.run({tensor.name: as_integers(tensor, s[None])})[output].argmax() for s in x]
    return int((np.array(answers) == y).sum())


def test_the_default_recovers_what_plain_int4_loses(
    network: Graph, digits: tuple[NDArray[np.float32], NDArray[np.int64]]
) -> None:
    x, y = digits[0][TEST], digits[1][TEST]
    answers = FloatModel(network).run({"x": x})[network.outputs[0]].argmax(axis=1)
    real = int((answers == y).sum())
    assert real >= 310  # of 350: the network did learn
    plain, default = (
        right_answers(quantize(network, digits[0][CALIBRATE], "int4", options=o), x, y)
        for o in (Options(methods=()), Options())
    )
    assert plain <= real - 10
    assert default >= real - 5


@pytest.mark.parametrize("methods", [("gptq",), ("adaround",), ("gptq", "adaround")])
def test_a_seed_gives_the_same_integers(
    network: Graph, digits: tuple[NDArray[np.float32], NDArray[np.int64]], methods: tuple[str, ...]
) -> None:
    options = Options(methods=methods, seed=3)
    first, second = (
        quantize(network, digits[0][CALIBRATE], "int4", options=options) for _ in range(2)
    )
    for name, tensor in first.tensors.items():
        other = second.tensors[name].data
        if tensor.data is None or other is None:
            assert tensor.data is other
        else:
            assert np.array_equal(tensor.data, other)


def test_mcnemar_is_the_binomial_of_the_samples_that_changed() -> None:
    assert by_chance(0, 0) == 1
    assert by_chance(5, 5) == 1
    assert by_chance(0, 5) == 2 / 2**5
    assert by_chance(8, 2) == 2 * (1 + 10 + 45) / 2**10


def row(right: int, gained: int, lost: int, changed: int) -> dict[str, int]:
    return {"right": right, "gained": gained, "lost": lost, "changed": changed}


def test_the_rule_takes_the_cheapest_of_those_that_chance_cannot_tell_apart() -> None:
    rows: dict[str, dict[str, Any]] = {}
    for name in ("kws", "vww", "ic"):
        rows[f"{name}/float"] = {"samples": 1000, "right": 900}
        rows[f"{name}/int8/minmax/"] = row(903, 9, 6, 20)  # the most right, by chance
        rows[f"{name}/int8/minmax/gptq"] = row(902, 5, 3, 9)
        rows[f"{name}/int8/minmax/adaround"] = row(902, 5, 3, 8)  # no closer than gptq is
        rows[f"{name}/int8/mse/gptq"] = row(880, 1, 21, 3)  # close, and wrong
    rows["kws/int8/entropy/gptq"] = row(999, 99, 0, 0)  # the other networks are missing
    assert chosen(rows, "int8") == ("minmax", ("gptq",))
    for name in ("kws", "vww", "ic"):
        rows[f"{name}/int8/percentile/gptq"] = row(902, 5, 3, 8)
    assert chosen(rows, "int8") == ("percentile", ("gptq",))
    rows |= {f"{n}/int8/minmax/adaround": row(902, 3, 1, 4) for n in ("kws", "vww", "ic")}
    assert chosen(rows, "int8") == ("minmax", ("adaround",))
