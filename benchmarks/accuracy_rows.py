"""One row of the accuracy table: a trained float network, quantized and judged on test data.

Calibration sees the calibration part of the data alone.  Where a set has none, it sees what
`Network` says, and the test part leaves that out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

import edgeq
from benchmarks.collection import shared
from edgeq.build.host import HostModel, as_integers
from edgeq.ir import Graph
from edgeq.measure.metrics import sqnr_db
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline import plan_of
from edgeq.quantize.samples import in_graph_order
from edgeq.reference.exact import Exact
from edgeq.reference.float import FloatModel

Floats = NDArray[np.float32]
Found = dict[str, Any]

AT_ONCE = 50  # samples that the float reference computes together
COMPARED = 50  # samples on which exact numpy and C must agree, and are timed
METHOD_SETS = (
    (), ("bias_correction",), ("equalize",), ("equalize", "bias_correction"), ("gptq",),
    ("adaround",), ("gptq", "adaround"), ("equalize", "gptq", "adaround"),
)  # fmt: skip
"""Cheapest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Real inputs in the order of the model's file, and labels of the test part or None."""

    calibration: Floats
    test: Floats
    labels: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A trained network and the data that is its own.

    file       of the float model
    official   the integer model that its authors published, or ""
    """

    file: str
    official: str
    data: Callable[[], Data]


@dataclass(frozen=True, slots=True)
class Row:
    """What one line of the table is of."""

    network: str
    scheme: str
    observer: str
    methods: tuple[str, ...]

    @property
    def key(self) -> str:
        return "/".join([self.network, self.scheme, self.observer, "+".join(self.methods)])

    @classmethod
    def of(cls, key: str) -> Row | None:
        """The row of that key; None for those of float and published networks."""
        parts = key.split("/")
        if len(parts) < len(cls.__slots__):
            return None
        network, scheme, observer, methods = parts
        return cls(network, scheme, observer, tuple(m for m in methods.split("+") if m))


def _npz(name: str) -> dict[str, NDArray[Any]]:
    with np.load(shared() / "data" / name) as stored:
        return {key: stored[key] for key in stored.files}


def _parts(name: str, real: Callable[[NDArray[Any]], NDArray[Any]]) -> Data:
    stored = _npz(name)
    cal, test = (np.asarray(real(stored[k]), np.float32) for k in ("x_cal", "x_test"))
    return Data(cal, test, stored["y_test"].astype(np.int64))


def _kws() -> Data:
    stored = _npz("kws01.npz")
    zero, scale = int(stored["input_zero_point"]), float(stored["input_scale"])
    return _parts("kws01.npz", lambda x: (x.astype(np.float32) - zero) * scale)


def _torch_cifar(x: NDArray[Any]) -> NDArray[Any]:
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return np.asarray(((x / 255 - mean) / std).transpose(0, 3, 1, 2))


def _clip() -> Data:
    """Windows of five frames: calibration from the clip's first half, test from its second."""
    frames = _npz("ad01_sample_clip.npz")["logmel"]
    half = len(frames) // 2
    parts = [np.stack([p[i : i + 5].reshape(-1) for i in range(len(p) - 4)])
             for p in (frames[:half], frames[half:])]  # fmt: skip
    return Data(*parts)


def _sine() -> Data:
    """Random angles calibrate, evenly spread ones are measured."""
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, (200, 1))
    test = np.linspace(0, 2 * np.pi, 629)[:, None]
    return Data(angles.astype(np.float32), test.astype(np.float32))


NETWORKS = {
    "ic": Network("mlperf_tiny_ic_float.tflite", "mlperf_tiny_ic_int8.tflite",
                  lambda: _parts("cifar10.npz", lambda x: x)),
    "kws": Network("mlperf_tiny_kws_float.tflite", "mlperf_tiny_kws_int8.tflite", _kws),
    "vww": Network("mlperf_tiny_vww_float.tflite", "mlperf_tiny_vww_int8.tflite",
                   lambda: _parts("vww_open.npz", lambda x: x / 255)),
    "mnist": Network("mnist_conv_fc_float.tflite", "mnist_conv_fc_int8.tflite",
                     lambda: _parts("mnist_t10k.npz", lambda x: x[..., None] / 255)),
    "mnist_cntk": Network("mnist_cntk_float.onnx", "",
                          lambda: _parts("mnist_t10k.npz", lambda x: x[:, None])),
    "resnet20": Network("derived_cifar_resnet20_float.onnx", "",
                        lambda: _parts("cifar10.npz", _torch_cifar)),
    "ad": Network("mlperf_tiny_ad_float.tflite", "mlperf_tiny_ad_int8.tflite", _clip),
    "sine": Network("tflm_hello_world_float.tflite", "tflm_hello_world_int8.tflite", _sine),
}  # fmt: skip


@cache
def data_of(network: str) -> Data:
    """The data of a network, read once."""
    return NETWORKS[network].data()


@cache
def float_graph(network: str) -> Graph:
    """The float network, prepared."""
    return prepare_float(edgeq.load(shared() / "models" / NETWORKS[network].file))


@cache
def float_outputs(network: str) -> NDArray[np.float64]:
    """What the float reference gives for the test part, (N, outputs)."""
    graph, model = float_graph(network), FloatModel(float_graph(network))
    (x,) = in_graph_order(graph, {graph.inputs[0]: data_of(network).test}).values()
    found = [
        model.run({graph.inputs[0]: x[i : i + AT_ONCE]})[graph.outputs[0]].reshape(
            len(x[i : i + AT_ONCE]), -1
        )
        for i in range(0, len(x), AT_ONCE)
    ]
    return np.concatenate(found).astype(np.float64)


def measure_float(network: str) -> Found:
    """The float network beside the labels, or beside its own input."""
    return {"samples": len(data_of(network).test), **_judged(network, float_outputs(network))}


def measure_official(network: str) -> Found:
    """The published integer model."""
    graph = edgeq.load(shared() / "models" / NETWORKS[network].official)
    return _judged(network, integer_outputs(graph, network))


def measure(row: Row, known: dict[str, Found]) -> Found:
    """Quantize and judge; `known` holds earlier findings by digest of the integer graph."""
    start = time.monotonic()
    graph = edgeq.quantize(
        float_graph(row.network), data_of(row.network).calibration, row.scheme,
        observer=row.observer, methods=row.methods, trust_data=True,
    )  # fmt: skip
    found = {"digest": digest(graph), "quantize_s": round(time.monotonic() - start, 1)}
    judged = known.get(f"{row.network}/{found['digest']}")
    return {**(judged or _judged(row.network, integer_outputs(graph, row.network))), **found}


def digest(graph: Graph) -> str:
    """Of all constants and parameters: equal ones make equal programs."""
    total = sha256()
    for name, tensor in sorted(graph.tensors.items()):
        quant = tensor.quant
        total.update(f"{name} {tensor.dtype} {quant and (quant.zero_point, quant.axis)}".encode())
        if quant is not None:
            total.update(quant.scale.tobytes())
            total.update(b"" if quant.group_factors is None else quant.group_factors.tobytes())
        total.update(b"" if tensor.data is None else np.ascontiguousarray(tensor.data).tobytes())
    return total.hexdigest()[:16]


def integer_outputs(graph: Graph, network: str) -> NDArray[np.float64]:
    """The reals that the outputs of the test part stand for, (N, outputs).

    The first samples run in exact numpy and in C, and must give the same bytes; the faster of
    the two runs the others.

    Raises:
        RuntimeError: they differ.
    """
    plan = plan_of(graph)
    tensor, output = plan.inputs[0].tensor, plan.outputs[0].tensor
    (x,) = in_graph_order(plan.graph, {tensor.name: data_of(network).test}).values()
    exact, compiled = Exact(plan.graph, plan.lowered), HostModel(plan)
    sides: list[Callable[[Found], NDArray[Any]]] = [
        lambda fed: exact.run(fed)[output.name], lambda fed: compiled.run(fed)[output.name],
    ]  # fmt: skip
    fed = [{tensor.name: as_integers(tensor, sample[None])} for sample in x]
    values, seconds = [], []
    for side in sides:
        start = time.monotonic()
        values.append(np.stack([side(f).reshape(-1) for f in fed[:COMPARED]]))
        seconds.append(time.monotonic() - start)
    if not np.array_equal(values[0], values[1]):
        raise RuntimeError(f"{network}: exact numpy and C differ")
    run = sides[int(np.argmin(seconds))]
    rest = [run(f).reshape(1, -1) for f in fed[COMPARED:]]
    integers = np.concatenate([values[0], *rest]).astype(np.float64)
    if output.quant is None:
        return integers
    return (integers - output.quant.zero_point) * float(output.quant.scale[0])


def _judged(network: str, outputs: NDArray[np.float64]) -> Found:
    """Right answers, those gained and lost against float, and answers that are others."""
    data, real = data_of(network), float_outputs(network)
    found: Found = {}
    if outputs is not real:
        found["sqnr_db"] = round(sqnr_db(real, outputs), 2)
    if data.labels is None:
        rebuilt = data.test.reshape(outputs.shape) if network == "ad" else np.sin(data.test)
        found["target_sqnr_db"] = round(sqnr_db(rebuilt.astype(np.float64), outputs), 2)
        found["target_mse"] = float(np.square(rebuilt - outputs).mean())
        return found
    ours, theirs = outputs.argmax(axis=1), real.argmax(axis=1)
    right, before = ours == data.labels, theirs == data.labels
    found["right"] = int(right.sum())
    if outputs is not real:
        found["gained"], found["lost"] = int((right & ~before).sum()), int((before & ~right).sum())
        found["changed"] = int((ours != theirs).sum())
    return found
