"""Float, exact numpy and C side by side: each side is what running it alone gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.reference.float import FloatModel
from tests.graphs import floats, ports
from tests.quantize_data.networks import images, network, two_inputs
from tests.tools import need_tool

SharedFile = Callable[[str], Path]
LABELS = np.arange(40) % 4


@pytest.fixture(scope="module")
def quantized() -> Graph:
    need_tool("gcc")
    return edgeq.quantize(network(), images(30))


def test_each_side_is_what_it_gives_alone(quantized: Graph) -> None:
    x = images(40, seed=2)
    found = edgeq.evaluate(quantized, x, LABELS, float_graph=network())
    real = FloatModel(network()).run({"x": x})["y"].argmax(axis=1)
    model = edgeq.build(quantized)
    ran = np.array([model(sample).argmax() for sample in x])
    assert found.n == 40
    assert found.float_ == (real == LABELS).mean()
    assert found.fixed == found.c == (ran == LABELS).mean()
    assert found.same_outputs == 40
    assert found.sqnr_db is not None
    assert 20 < found.sqnr_db < 60
    assert found.classes is not None
    for label in range(4):
        assert found.classes[str(label)]["c"] == (ran == LABELS)[label == LABELS].mean()


def test_without_a_float_model_the_integers_are_read_as_reals(quantized: Graph) -> None:
    found = edgeq.evaluate(quantized, images(40, seed=2), LABELS)
    real = edgeq.evaluate(quantized, images(40, seed=2), LABELS, float_graph=network())
    assert found.fixed == real.fixed
    assert found.sqnr_db != real.sqnr_db


def test_integers_of_the_inputs_own_dtype_are_taken_as_they_are(quantized: Graph) -> None:
    x = quantized.tensors["x"]
    assert x.quant is not None
    step, zero = float(x.quant.scale[0]), x.quant.zero_point
    integers = np.random.default_rng(0).integers(-128, 128, (40, 8, 8, 3), np.int8)
    reals = (integers.astype(np.float64) - zero) * step
    assert edgeq.evaluate(quantized, integers, LABELS) == edgeq.evaluate(quantized, reals, LABELS)


def test_a_float_model_has_one_side() -> None:
    found = edgeq.evaluate(network(), images(40), LABELS)
    assert found.float_ is not None
    assert found.fixed is found.c is found.same_outputs is None


def test_reconstruction_is_judged_by_the_input_itself() -> None:
    need_tool("gcc")
    graph = edgeq.quantize(two_inputs(), {n: images(9)[:, 0, :4, 0] for n in ("a", "b")})
    x = {n: images(9)[:, 1, :4, 1] for n in ("a", "b")}
    with pytest.raises(UsageError, match="there are no labels"):
        edgeq.evaluate(graph, x, metric="mse")
    found = edgeq.evaluate(graph, x, x["a"] + x["b"], metric="mse")
    assert found.float_ == pytest.approx(0, abs=1e-4)
    assert found.c is not None
    step = float(graph.tensors["y"].quant.scale[0])  # type: ignore[union-attr]
    assert 0 < found.c <= (2 * step) ** 2


def test_models_with_float_inputs_and_outputs() -> None:
    need_tool("gcc")
    x = np.random.default_rng(1).normal(size=(6, 6)).astype(np.float32)
    found = edgeq.evaluate(floats(), x, np.arange(6) % 2)
    assert found.same_outputs == 6
    assert found.fixed == found.c


def test_preprocessing_is_applied_to_pixels() -> None:
    need_tool("gcc")
    pixels = np.floor(images(30) * 256).astype(np.uint8)
    settings = {"kind": "images", "scale": 1 / 255}
    graph = edgeq.quantize(network(), pixels, preprocessing=settings)
    stated = edgeq.evaluate(graph, pixels, LABELS[:30], preprocessing="stored")
    by_hand = edgeq.evaluate(graph, (pixels / 255).astype(np.float32), LABELS[:30])
    assert stated == by_hand


@pytest.mark.parametrize(
    ("x", "y", "metric", "said"),
    [
        (images(4), LABELS[:4], "accuracy", "no metric is called 'accuracy'"),
        (images(4), LABELS[:3], "top1", "4 samples and 3 labels"),
        (images(4), None, "top1", "there are no labels"),
        (images(0), LABELS[:0], "top1", "same number of samples"),
        (images(4)[:, :7], LABELS[:4], "top1", r"has shape \(4, 7, 8, 3\)"),
        ({"z": images(4)}, LABELS[:4], "top1", "data for z"),
    ],
)
def test_what_does_not_fit_is_refused(
    quantized: Graph, x: np.ndarray, y: np.ndarray | None, metric: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        edgeq.evaluate(quantized, x, y, metric=metric)


def test_several_inputs_need_as_many_samples_each() -> None:
    graph = ports()
    arrays = {n: np.zeros((3, *graph.tensors[n].shape), graph.tensors[n].dtype.numpy)
              for n in graph.inputs}  # fmt: skip
    arrays["q"] = arrays["q"][:2]
    with pytest.raises(UsageError, match="different numbers of samples"):
        edgeq.evaluate(graph, arrays, LABELS[:3])


def test_the_anomaly_detector_rebuilds_its_input(shared_file: SharedFile) -> None:
    need_tool("gcc")
    graph = edgeq.load(shared_file("models/mlperf_tiny_ad_int8.tflite"))
    real = edgeq.load(shared_file("models/mlperf_tiny_ad_float.tflite"))
    with np.load(shared_file("data/ad01_sample_clip.npz")) as file:
        frames = file["logmel"]
    x = np.stack([frames[i : i + 5].reshape(-1) for i in range(0, 60, 5)])
    found = edgeq.evaluate(graph, x, metric="mse", float_graph=real)
    rebuilt = FloatModel(real).run({real.inputs[0]: x})[real.outputs[0]]
    assert found.float_ == pytest.approx(float(((rebuilt - x) ** 2).mean()), rel=1e-4)
    assert found.fixed == found.c == pytest.approx(found.float_, rel=0.1)
    scores = edgeq.evaluate(graph, x, np.arange(12) % 2, metric="auc", float_graph=real)
    errors = ((rebuilt - x) ** 2).mean(axis=1)
    pairs = [a > b for a in errors[1::2] for b in errors[::2]]
    assert scores.float_ == pytest.approx(np.mean(pairs))
