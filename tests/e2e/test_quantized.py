"""Trained float networks, quantized on calibration data alone: accuracy, and the same bytes.

Every network is judged on its whole test set; `python -m benchmarks.accuracy` takes all schemes
and methods.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.collection import shared
from edgeq.build.host import HostModel
from edgeq.exporters.tflite import as_file
from edgeq.ir import Graph
from edgeq.ir.values import quantize as to_integers
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline import load, plan_of, verify
from edgeq.quantize import quantize
from edgeq.reference.float import FloatModel
from edgeq.targets import load_target
from tests.tools import need_target

FILES = {
    "kws": ("mlperf_tiny_kws_float", "kws01"),
    "vww": ("mlperf_tiny_vww_float", "vww_open"),
    "ic": ("mlperf_tiny_ic_float", "cifar10"),
}
ROWS = {"kws": 599, "vww": 131, "ic": 5000}
# Right answers that a scheme may lose against float, of that many samples.
ALLOWED = {
    ("kws", "int8"): 3, ("kws", "int16x8"): 1, ("kws", "int4"): 12,
    ("vww", "int8"): 1, ("vww", "int16x8"): 0,
    ("ic", "int8"): 25, ("ic", "int4"): 75,
}  # fmt: skip
CASES = sorted(ALLOWED)
SLOW = {("ic", "int4"), ("ic", "int8"), ("vww", "int16x8")}  # a minute or so


def real(which: str, x: np.ndarray) -> np.ndarray:
    """Each network's own preprocessing."""
    values: np.ndarray = x.astype(np.float32)
    if which == "vww":
        values = values / 255
    if which == "kws":
        with np.load(shared() / "data" / "kws01.npz") as data:
            values = (values - data["input_zero_point"]) * data["input_scale"]
    return values


@cache
def arrays(which: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Calibration samples, test samples and labels."""
    with np.load(shared() / "data" / f"{FILES[which][1]}.npz") as data:
        rows = slice(0, ROWS[which])
        return real(which, data["x_cal"]), real(which, data["x_test"][rows]), data["y_test"][rows]


@cache
def float_graph(which: str) -> Graph:
    return prepare_float(load(shared() / "models" / f"{FILES[which][0]}.tflite"))


@cache
def float_right(which: str) -> int:
    """How often the float network is right."""
    _, x, y = arrays(which)
    graph = float_graph(which)
    model = FloatModel(graph)
    found = [model.run({graph.inputs[0]: x[i : i + 50]})[graph.outputs[0]].reshape(-1, y.max() + 1)
             for i in range(0, len(x), 50)]  # fmt: skip
    return int((np.concatenate(found).argmax(axis=1) == y).sum())


@cache
def quantized(which: str, scheme: str) -> Graph:
    return quantize(float_graph(which), arrays(which)[0], scheme)


@pytest.fixture(
    params=[
        pytest.param(case, id="-".join(case), marks=[pytest.mark.slow] if case in SLOW else [])
        for case in CASES
    ]
)
def case(request: pytest.FixtureRequest, shared_file: Callable[[str], Path]) -> tuple[str, str]:
    which, _ = request.param
    shared_file(f"models/{FILES[which][0]}.tflite")
    shared_file(f"data/{FILES[which][1]}.npz")
    found: tuple[str, str] = request.param
    return found


def test_few_answers_are_lost(case: tuple[str, str]) -> None:
    which, scheme = case
    _, x, y = arrays(which)
    model = HostModel(plan_of(quantized(which, scheme)))
    right = sum(int(model(one[None]).argmax() == label) for one, label in zip(x, y, strict=True))
    assert right >= float_right(which) - ALLOWED[case]


@pytest.mark.parametrize("target", ["host", "cortex-m4", "raspberry-pi-4"])
def test_numpy_and_c_agree(case: tuple[str, str], target: str) -> None:
    need_target(load_target(target))
    graph = quantized(*case)
    data = {"x": arrays(case[0])[1]}
    report = verify(graph, target, samples=20 if target == "host" else 1, data=data)
    assert report.first_difference is None
    assert report.compared_bytes > 0


@pytest.mark.parametrize("oracle", ["tflm", "litert"])
def test_exported_file_equals_the_oracle(case: tuple[str, str], oracle: str) -> None:
    which, scheme = case
    if scheme == "int4" and oracle == "tflm":
        return  # TFLM's convolutions take no int4 weights with int8 activations; LiteRT judges
    graph = as_file(quantized(which, scheme))
    tensor = graph.tensors[graph.inputs[0]]
    data = {"x": to_integers(arrays(which)[1][:10], tensor)}
    for inputs in (data, None):
        report = verify(graph, samples=10, against=oracle, data=inputs)
        assert report.first_difference is None
        assert report.oracle_tensors == report.computed_tensors
