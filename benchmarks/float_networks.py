"""The collection's float networks, with a few real samples of each where there is data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.collection import shared
from edgeq.ir import DType, Graph
from edgeq.pipeline import load, quantize

Floats = NDArray[np.float32]
MACS = frozenset({"conv_2d", "depthwise_conv_2d", "fully_connected"})
CALIBRATED = 24
SCHEMES = ("int8", "int16x8", "int4", "int4g32", "mixed")


@dataclass(frozen=True, slots=True)
class Network:
    """A float network.

    file     in the collection's `models/`
    data     a file in its `data/` that `real` turns into (N, ...) inputs of the model's file;
             "" for random numbers in `bounds`
    large    more than 3 million multiply-accumulates
    """

    file: str
    data: str = ""
    real: Callable[[Mapping[str, NDArray[Any]]], Floats] | None = None
    bounds: tuple[float, float] = (0.0, 1.0)
    shape: tuple[int, ...] = ()
    large: bool = False


def _keywords(data: Mapping[str, NDArray[Any]]) -> Floats:
    steps = data["x_cal"].astype(np.float32) - data["input_zero_point"]
    return np.asarray(steps * data["input_scale"], np.float32)


def _pixels(scale: float, *, first: bool = False) -> Callable[[Mapping[str, NDArray[Any]]], Floats]:
    """Pixels times `scale`; with `first` channels come first."""

    def real(data: Mapping[str, NDArray[Any]]) -> Floats:
        x = data["x_cal"][:CALIBRATED]
        x = x.reshape(*x.shape[:3], -1).astype(np.float32) * np.float32(scale)
        return x.transpose(0, 3, 1, 2) if first else x

    return real


def _normalized(data: Mapping[str, NDArray[Any]]) -> Floats:
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = data["x_cal"][:CALIBRATED].astype(np.float32) / 255
    return np.asarray(((pixels - mean) / deviation).transpose(0, 3, 1, 2), np.float32)


def _windows(data: Mapping[str, NDArray[Any]]) -> Floats:
    frames = data["logmel"]
    return np.stack([frames[i : i + 5].reshape(-1) for i in range(0, len(frames) - 4, 4)])


NETWORKS = {
    "hello_world": Network("tflm_hello_world_float.tflite", bounds=(0, 6.28), shape=(1,)),
    "ad": Network("mlperf_tiny_ad_float.tflite", "ad01_sample_clip.npz", _windows),
    "mnist_conv_fc": Network("mnist_conv_fc_float.tflite", "mnist_t10k.npz", _pixels(1 / 255)),
    "mnist_cntk": Network("mnist_cntk_float.onnx", "mnist_t10k.npz", _pixels(1, first=True)),
    "kws": Network("mlperf_tiny_kws_float.tflite", "kws01.npz", _keywords),
    "micro_kws": Network("micro_kws_float.onnx", bounds=(-2, 2), shape=(1960,), large=True),
    "vww": Network("mlperf_tiny_vww_float.tflite", "vww_open.npz", _pixels(1 / 255), large=True),
    "vww_onnx": Network("mlperf_tiny_vww_float.onnx", "vww_open.npz",
                        _pixels(1 / 255, first=True), large=True),
    "ic": Network("mlperf_tiny_ic_float.tflite", "cifar10.npz", _pixels(1), large=True),
    "ic_onnx": Network("mlperf_tiny_ic_float.onnx", "cifar10.npz", _pixels(1, first=True),
                       large=True),
    "resnet20": Network("derived_cifar_resnet20_float.onnx", "cifar10.npz", _normalized,
                        large=True),
    "ultraface": Network("ultraface_slim_320_float.onnx", bounds=(-1, 1), shape=(3, 240, 320),
                         large=True),
    "fastestdet": Network("fastestdet_coco_352_float.onnx", shape=(3, 352, 352), large=True),
}  # fmt: skip


@cache
def samples(name: str) -> Floats:
    """(N, ...) inputs in the order of the model's file."""
    network = NETWORKS[name]
    if network.real is not None:
        with np.load(shared() / "data" / network.data) as data:
            return network.real(data)
    rng = np.random.default_rng(0)
    return rng.uniform(*network.bounds, (4, *network.shape)).astype(np.float32)


@cache
def quantized(name: str, scheme: str) -> Graph:
    """The network in integers, its weights rounded to nearest: bytes do not ask for accuracy."""
    graph = load(shared() / "models" / NETWORKS[name].file)
    chosen = mixed(graph) if scheme == "mixed" else scheme
    return quantize(graph, samples(name), chosen, methods=(), trust_data=True)


def mixed(graph: Graph) -> dict[str, str]:
    """All schemes in one network: the first layers and the last have one each."""
    layers = [node.name for node in graph.nodes if node.op in MACS]
    chosen = zip((0, 1, 2, -1), ("int16x8", "int4", "int16x8", "int4g32"), strict=True)
    places = {f"^{re.escape(layers[i])}$": scheme for i, scheme in chosen}
    return {"default": "int8", **places}


def has_groups(graph: Graph) -> bool:
    """Whether weights have factors by group, which TensorFlow Lite has not."""
    return any(t.quant is not None and t.quant.group_size for t in graph.tensors.values())


def has_int4_rows(graph: Graph) -> bool:
    """Whether a fully connected layer has int4 weights beside int8 activations."""
    return any(
        graph.tensors[node.inputs[1]].dtype is DType.INT4
        and graph.tensors[node.inputs[0]].dtype is DType.INT8
        for node in graph.nodes if node.op == "fully_connected"
    )  # fmt: skip
