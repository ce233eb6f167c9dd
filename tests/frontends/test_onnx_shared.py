"""Trained ONNX models: float ones mean what their runtime computes, others are its integers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from benchmarks.onnx_nodes import gaps, integer_graph
from benchmarks.onnx_rounding import MARGIN, shaking
from edgeq.frontends import load
from edgeq.frontends.onnx import read_onnx
from edgeq.ir import Graph
from edgeq.ir.spec import check
from edgeq.numerics.fixed_point import requantize
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, lower_node
from edgeq.ops.window import gather
from edgeq.verify.oracle import Oracle
from tests.frontends.onnx_trials import meant, of_file

SharedFile = Callable[[str], Path]
Array = NDArray[Any]

# model -> largest input
FLOATS = {
    "derived_cifar_resnet20_float": 2.0,
    "fastestdet_coco_352_float": 1.0,
    "micro_kws_float": 2.0,
    "mlperf_tiny_ic_float": 255.0,
    "mlperf_tiny_vww_float": 1.0,
    "mnist_cntk_float": 255.0,
    "ultraface_slim_320_float": 1.0,
}
INTEGERS = {
    "derived_cifar_resnet20_qdq": 2.0,
    "derived_cifar_resnet20_qoperator": 2.0,
    "mlperf_tiny_ic_qdq": 255.0,
    "mlperf_tiny_vww_qdq": 1.0,
    "micro_kws_qdq": 3.0,
    "micro_kws_qoperator": 3.0,
}


@pytest.mark.parametrize("name", FLOATS)
def test_a_float_model_means_what_its_runtime_computes(
    name: str, shared_file: SharedFile, onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    data = shared_file(f"models/{name}.onnx").read_bytes()
    graph = read_onnx(data)
    check(graph, "loaded")
    assert all(node.op != "transpose" for node in graph.nodes)
    sample = {n: np.abs(of_file(graph, n, rng, FLOATS[name])) for n in graph.inputs}
    (found,) = meant(graph, [sample])
    moved = shaking(graph, sample, rng)
    onnxruntime.load(data)
    wanted = onnxruntime.invoke([sample[n] for n in graph.inputs]).outputs
    for output, expected in zip(onnx.load_from_string(data).graph.output, wanted, strict=True):
        gap = float(np.abs(found[output.name] - expected).max())
        assert gap <= MARGIN * moved[output.name]
        assert moved[output.name] <= 1e-3 * float(np.abs(expected).max())


def a_sample(name: str, data: bytes, rng: np.random.Generator) -> dict[str, Array]:
    graph = read_onnx(data)
    low = 0.0 if INTEGERS[name] in (1.0, 255.0) else -INTEGERS[name]
    return {
        n: np.maximum(of_file(graph, n, rng, INTEGERS[name]), np.float32(low)) for n in graph.inputs
    }


@pytest.mark.parametrize("name", INTEGERS)
def test_a_quantized_model_is_its_runtimes_integers(
    name: str, shared_file: SharedFile, onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    """Each node on ONNX Runtime's own inputs: ties go elsewhere, and pooled means round twice.

    ONNX Runtime multiplies by a float32 factor and rounds ties to even, edgeq by a factor of
    31 bits and rounds ties up: that is less than one element in 1000.  On processors without
    VNNI it adds uint8 by int8 products in pairs of int16; where a pair does not fit, its
    result is not the sum, and edgeq with the same saturation gives its integers.
    """
    data = shared_file(f"models/{name}.onnx").read_bytes()
    found = gaps(data, onnxruntime, a_sample(name, data, rng))
    strange = [g for g in found if g.largest > 1]
    graph = integer_graph(data)
    for gap in strange:
        (call,) = calls(graph, gap.node)
        off = np.abs(convolved(call, gap.x, saturating=True) - gap.theirs.astype(np.int64))
        assert off.max() <= 1
        assert np.count_nonzero(off) * 1000 <= off.size
    exact = [g for g in found if g.op not in ("average_pool_2d", "quantize") and g.largest <= 1]
    assert len(exact) >= 8
    assert sum(g.elements for g in exact) > 1000
    assert sum(g.differing for g in exact) * 1000 <= sum(g.elements for g in exact)
    assert not strange or name == "derived_cifar_resnet20_qoperator"


def calls(graph: Graph, name: str) -> tuple[Call, ...]:
    lowered = lower_node(graph, next(n for n in graph.nodes if n.name == name), Profile.EDGEQ)
    assert isinstance(lowered, tuple)
    return lowered


def convolved(call: Call, x: Array, *, saturating: bool) -> Array:
    """The integers of a convolution, its products of uint8 added in pairs that may saturate."""
    params = call.params
    windows = gather(x, params, params["zx"]).transpose(0, 1, 3, 4, 2)
    rows = windows.reshape(windows.shape[0] * windows.shape[1], -1).astype(np.int64)
    w = np.asarray(call.args["w"]).reshape(params["out_c"], -1).astype(np.int64)
    acc = rows @ w.T + np.asarray(call.args["bias"])
    if saturating:
        odd = rows.shape[1] % 2
        products = np.pad((rows + 128)[:, None] * w, ((0, 0), (0, 0), (0, odd)))
        pairs = products.reshape(*products.shape[:2], -1, 2).sum(axis=3)
        acc += (np.clip(pairs, -32768, 32767) - pairs).sum(axis=2)
    mult, shift = np.asarray(call.args["mult"]), np.asarray(call.args["shift"])
    v = requantize(acc, mult, shift, call.form) + params["zy"]
    return np.clip(v, params["act_min"], params["act_max"]).reshape(-1)


def test_a_model_is_loaded_from_its_file(shared_file: SharedFile) -> None:
    graph = load(shared_file("models/micro_kws_qdq.onnx"))
    assert graph.name == "micro_kws_qdq"
    assert graph.numerics == "edgeq"
    assert graph.tensors[graph.inputs[0]].shape == (1, 1960)


def test_a_batch_is_taken_where_the_file_leaves_it_open(shared_file: SharedFile) -> None:
    graph = load(shared_file("models/micro_kws_qdq.onnx"), batch=3)
    shapes = [t.shape for t in (graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]])]
    assert shapes == [(3, 1960), (3, 10)]
