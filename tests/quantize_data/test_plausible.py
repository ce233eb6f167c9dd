"""Pixels 0..255 at a model of [0, 1], and the other way round, are doubted; others are not."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.errors import DataWarning
from edgeq.ir import Graph, Node, Tensor
from edgeq.passes.float_graph import prepare_float
from edgeq.quantize.plausible import doubt
from edgeq.quantize.samples import samples_of
from tests.quantize_data.networks import Floats, images, network, two_inputs

SharedFile = Callable[[str], Path]


def pixels(count: int = 6) -> Floats:
    return np.floor(images(count) * 256)


def said(graph: Graph, data: object) -> str:
    return doubt(prepare_float(graph), samples_of(graph, data))


def without_bias(graph: Graph) -> Graph:
    first = graph.nodes[0]
    return graph.replace_nodes({first.name: replace(first, inputs=(*first.inputs[:2], ""))})


def normalizing(graph: Graph) -> Graph:
    """The same after x * (1 / 255): it takes pixels."""
    tensors = {
        "scaled": Tensor("scaled", (1, 8, 8, 3), graph.tensors["x"].dtype),
        "factor": Tensor("factor", (1,), graph.tensors["x"].dtype,
                         data=np.array([1 / 255], np.float32)),
    }  # fmt: skip
    scale = Node("scale", "mul", ("x", "factor"), ("scaled",), {"activation": "none"})
    first = replace(graph.nodes[0], inputs=("scaled", *graph.nodes[0].inputs[1:]))
    return replace(graph, nodes=(scale, first, *graph.nodes[1:]),
                   tensors={**graph.tensors, **tensors})  # fmt: skip


def test_pixels_at_a_model_of_fractions_are_doubted() -> None:
    text = said(network(), pixels())
    assert "the data of x ranges from 0 to 255, in integers" in text
    assert "0..1" in text


def test_pixels_where_nothing_speaks_for_them_are_doubted() -> None:
    assert "in integers" in said(without_bias(network()), pixels())


def test_fractions_at_a_model_of_pixels_are_doubted() -> None:
    assert "0..255" in said(network(input_scale=255.0), images(6))


@pytest.mark.parametrize(
    ("graph", "data"),
    [
        (network(), images(6)),
        (network(), images(6) * 2 - 1),
        (network(input_scale=255.0), pixels()),
        (normalizing(network()), pixels()),
        (without_bias(network()), images(6)),
        (without_bias(network()), np.floor(images(6) * 17)),  # digits of 0..16
        (two_inputs(), {"a": np.full((3, 4), 200), "b": np.full((3, 4), 200)}),
        (network(), np.zeros((5, 8, 8, 3))),
    ],
)
def test_other_data_is_not_doubted(graph: Graph, data: object) -> None:
    assert said(graph, data) == ""


def test_the_doubt_is_a_warning_that_can_be_silenced() -> None:
    with pytest.warns(DataWarning, match="in integers"):
        edgeq.quantize(network(), pixels())
    with silence():
        edgeq.quantize(network(), pixels(), trust_data=True)
        edgeq.quantize(network(), pixels(), preprocessing={"kind": "images"})


@contextmanager
def silence() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


MODELS = {
    # trained on pixels 0..255, on fractions, on fractions, on (pixel - mean) / std
    "mlperf_tiny_ic_float.tflite": ("cifar10.npz", 1.0, True),
    "mlperf_tiny_vww_float.tflite": ("vww_open.npz", 1 / 255, False),
    "mnist_conv_fc_float.tflite": ("mnist_t10k.npz", 1 / 255, False),
}


@pytest.mark.parametrize("model", MODELS)
def test_trained_networks_are_judged_rightly(shared_file: SharedFile, model: str) -> None:
    data, scale, takes_pixels = MODELS[model]
    graph = edgeq.load(shared_file(f"models/{model}"))
    with np.load(shared_file(f"data/{data}")) as file:
        x = file["x_cal"][:20].astype(np.float64)
    x = x.reshape(20, *graph.tensors[graph.inputs[0]].shape[1:])
    assert said(graph, x * scale) == ""
    wrong = said(graph, x / 255 if takes_pixels else x)
    assert ("0..255" if takes_pixels else "in integers") in wrong
