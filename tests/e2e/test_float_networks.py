"""Float networks in every scheme: numpy, C, emulated C and TensorFlow Lite give the same bytes.

Their weights are rounded to nearest, which is quick; accuracy is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.float_networks import (
    NETWORKS,
    SCHEMES,
    has_groups,
    has_int4_rows,
    quantized,
    samples,
)
from edgeq.errors import Problems
from edgeq.ir import Graph
from edgeq.ir.values import quantize as to_integers
from edgeq.pipeline import verify
from edgeq.targets import load_target
from edgeq.verify.compare import VerifyReport
from edgeq.verify.oracle import OracleRefused
from tests.tools import need_target

SharedFile = Callable[[str], Path]
TYPICAL = ("int8", "mixed")
LARGE = ("ic", "vww")
OVERFLOWING = {("mnist_conv_fc", "int16x8")}
"""LiteRT adds up int16 rows in 32 bits, which edgeq refuses where that may overflow."""


def _cases(quick: Callable[[str, str], bool]) -> list[Any]:
    return [
        pytest.param(name, scheme, marks=[] if quick(name, scheme) else [pytest.mark.slow])
        for name in NETWORKS for scheme in SCHEMES
    ]  # fmt: skip


def _on_host(name: str, scheme: str) -> bool:
    """The default run's: one network in every scheme, the small ones in a few, two large ones."""
    if NETWORKS[name].large:
        return name in LARGE and scheme == "int8"
    return name == "kws" or scheme in TYPICAL


def _emulated(name: str, scheme: str) -> bool:
    return not NETWORKS[name].large and (name == "kws" or scheme == "mixed")


def _graph(name: str, scheme: str, shared_file: SharedFile) -> Graph:
    network = NETWORKS[name]
    shared_file(f"models/{network.file}")
    if network.data:
        shared_file(f"data/{network.data}")
    return quantized(name, scheme)


def _same_bytes(graph: Graph, name: str, real: int = 2, **options: Any) -> VerifyReport:
    """A few real samples, then random integers."""
    tensor = graph.tensors[graph.inputs[0]]
    chosen = to_integers(samples(name)[-real:], tensor)
    limits = np.iinfo(chosen.dtype)
    rng = np.random.default_rng(5)
    noise = rng.integers(limits.min, limits.max, chosen[:1].shape, chosen.dtype, endpoint=True)
    data = {"x": np.concatenate([chosen, noise])}
    report = verify(graph, data=data, samples=real + 1, **options)
    assert report.first_difference is None
    assert report.ok
    assert report.samples == real + 1
    assert report.differing_bytes == 0
    assert report.compared_bytes > 0
    return report


@pytest.mark.parametrize(("name", "scheme"), _cases(_on_host))
def test_numpy_and_c_agree(name: str, scheme: str, shared_file: SharedFile) -> None:
    graph = _graph(name, scheme, shared_file)
    assert graph.numerics == "edgeq"
    _same_bytes(graph, name)


@pytest.mark.parametrize("target", ["cortex-m4", "raspberry-pi-4"])
@pytest.mark.parametrize(("name", "scheme"), _cases(_emulated))
def test_numpy_and_emulated_c_agree(
    name: str, scheme: str, target: str, shared_file: SharedFile
) -> None:
    need_target(load_target(target))
    graph = _graph(name, scheme, shared_file)
    _same_bytes(graph, name, real=1, target=target)


@pytest.mark.parametrize("oracle", ["tflm", "litert"])
@pytest.mark.parametrize(("name", "scheme"), _cases(_on_host))
def test_the_exported_file_equals_the_oracle(
    name: str, scheme: str, oracle: str, shared_file: SharedFile
) -> None:
    """TFLM takes no int4 rows beside int8 activations; LiteRT does, and judges those."""
    graph = _graph(name, scheme, shared_file)
    if has_groups(graph):
        with pytest.raises(Problems, match="scales in groups of 32"):
            verify(graph, against=oracle)
    elif oracle == "tflm" and has_int4_rows(graph):
        with pytest.raises(OracleRefused, match="kTfLiteInt4"):
            verify(graph, against=oracle, samples=1)
    elif oracle == "litert" and (name, scheme) in OVERFLOWING:
        with pytest.raises(Problems, match="accumulator may reach"):
            verify(graph, against=oracle, samples=1)
    else:
        report = _same_bytes(graph, name, against=oracle)
        assert report.oracle_tensors == report.computed_tensors
