"""Samples with labels from arrays, .npz files and folders, a batch at a time."""

from __future__ import annotations

import tracemalloc
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import edgeq
from edgeq.errors import UsageError
from edgeq.ir import Attr, DType, Graph, Node, Tensor
from edgeq.measure.evaluate import Sides, evaluate
from edgeq.measure.labelled import labelled
from edgeq.quantize.audio import clip_features
from edgeq.quantize.preprocessing import AudioSettings, settings_of
from edgeq.reference.float import FloatModel
from tests.quantize_data.networks import images, network
from tests.tools import need_tool

PIXELS = {"kind": "images", "scale": 1 / 128, "mean": [0.5]}


def folder_of(place: Path, pixels: np.ndarray, classes: list[str]) -> Path:
    """One picture for each of `pixels` (N, H, W, 3), in the folder of its class."""
    for i, (picture, name) in enumerate(zip(pixels, classes, strict=True)):
        (place / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / name / f"{i:03}.png")
    return place


def some_pixels(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, 8, 8, 3), np.uint8)


def test_a_folder_for_each_class_is_what_its_arrays_are(tmp_path: Path) -> None:
    """Through the preprocessing that was kept when the model was quantized."""
    need_tool("gcc")
    pixels, names = some_pixels(20), ["cat", "bird", "dog", "ant"] * 5
    graph = edgeq.quantize(network(), pixels, preprocessing=PIXELS, trust_data=True)
    found = edgeq.evaluate(graph, folder_of(tmp_path / "test", pixels, names))
    order = np.argsort(names, kind="stable")
    labels = np.array([sorted(set(names)).index(n) for n in names])[order]
    wanted = edgeq.evaluate(graph, pixels[order], labels, preprocessing="stored")
    assert replace(found, classes=None) == replace(wanted, classes=None)
    assert found.same_outputs == found.n == 20
    assert found.classes is not None
    assert wanted.classes is not None
    assert list(found.classes) == ["ant", "bird", "cat", "dog"]
    assert list(found.classes.values()) == list(wanted.classes.values())


def test_folders_of_numbers_are_these_classes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, some_pixels(3), ["3", "0", "10"])
    found = labelled(network(), folder, None, None)
    assert found.labels is not None
    assert found.labels.tolist() == [0, 10, 3]
    assert found.classes == {0: "0", 10: "10", 3: "3"}


def test_a_folder_without_classes_has_no_labels(tmp_path: Path) -> None:
    found = labelled(network(), folder_of(tmp_path, some_pixels(3), ["."] * 3), None, None)
    assert found.labels is None
    assert len(found) == 3


def test_files_beside_classes_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, some_pixels(3), ["a", ".", "b"])
    with pytest.raises(UsageError, match="beside the folders"):
        labelled(network(), folder, None, None)


def listener(shape: tuple[int, ...]) -> Graph:
    """The mean of the features of a clip, and minus that."""
    size = int(np.prod(shape))
    weights = np.concatenate([np.ones((1, size)), -np.ones((1, size))]).astype(np.float32) / size
    tensors = {
        "x": Tensor("x", shape, DType.FLOAT32), "w": Tensor("w", weights.shape, data=weights,
                                                             dtype=DType.FLOAT32),
        "flat": Tensor("flat", (1, size), DType.FLOAT32), "y": Tensor("y", (1, 2), DType.FLOAT32),
    }  # fmt: skip
    attrs: dict[str, Attr] = {"activation": "none", "keep_num_dims": False}
    nodes = (Node("flatten", "reshape", ("x",), ("flat",), {"shape": (1, size)}),
             Node("dense", "fully_connected", ("flat", "w"), ("y",), attrs))  # fmt: skip
    return Graph("listener", tensors, nodes, ("x",), ("y",))


def test_sounds_in_folders(tmp_path: Path) -> None:
    """Loud clips are class 1 or 0, as their features say."""
    rng = np.random.default_rng(0)
    for i, name in enumerate(["loud", "silent"] * 2):
        (tmp_path / name).mkdir(exist_ok=True)
        with wave.open(str(tmp_path / name / f"{i}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            clip = rng.normal(0, 9000 if name == "loud" else 2, 16000).astype(np.int16)
            file.writeframes(clip.tobytes())
    settings = settings_of({"kind": "audio"})
    assert isinstance(settings, AudioSettings)
    (first, *_) = sorted(tmp_path.rglob("*.wav"))
    shape = (1, *clip_features(first, settings).shape)
    found = edgeq.evaluate(listener(shape), tmp_path, preprocessing=settings)
    assert found.classes is not None
    assert found.float_ == 1
    assert list(found.classes) == ["loud", "silent"]


def test_an_archive_brings_its_labels(tmp_path: Path) -> None:
    x, y = images(20, seed=4), np.arange(20) % 4
    np.savez(tmp_path / "d.npz", x=x, y=y, other=np.zeros(3))
    graph = network()
    assert edgeq.evaluate(graph, tmp_path / "d.npz") == edgeq.evaluate(graph, x, y)
    few = edgeq.evaluate(graph, str(tmp_path / "d.npz"), samples=7)
    assert few == edgeq.evaluate(graph, x[:7], y[:7])
    np.savez(tmp_path / "d.npz", x=x, y=y[:5])
    with pytest.raises(UsageError, match="20 samples and 5 labels"):
        edgeq.evaluate(graph, tmp_path / "d.npz")
    x[13] = np.nan
    np.savez(tmp_path / "d.npz", x=x, y=y)
    with pytest.raises(UsageError, match=r"'x' holds values that are not finite.*\n.*sample 13"):
        edgeq.evaluate(graph, tmp_path / "d.npz")


def test_memory_does_not_grow_with_the_samples(tmp_path: Path) -> None:
    """Not even for outputs as large as the inputs, where their errors are all that is kept."""
    peaks = []
    for count in (64, 640):
        np.savez(tmp_path / "d.npz", x=images(count))
        tracemalloc.start()
        edgeq.evaluate(mirror(), tmp_path / "d.npz", metric="mse")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def mirror() -> Graph:
    tensors = {n: Tensor(n, (1, 8, 8, 3), DType.FLOAT32) for n in ("x", "y")}
    return Graph("mirror", tensors, (Node("relu", "relu", ("x",), ("y",)),), ("x",), ("y",))


def detector() -> Graph:
    """Boxes as they are given, and the logistic of scores."""
    shapes = {"boxes": (1, 3, 4), "scores": (1, 3, 2), "found": (1, 3, 4), "sure": (1, 3, 2)}
    tensors = {n: Tensor(n, s, DType.FLOAT32) for n, s in shapes.items()}
    nodes = (Node("keep", "relu", ("boxes",), ("found",)),
             Node("squash", "logistic", ("scores",), ("sure",)))  # fmt: skip
    return Graph("detector", tensors, nodes, ("boxes", "scores"), ("found", "sure"))


def test_boxes_of_a_network_in_integers() -> None:
    need_tool("gcc")
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, 0.5, (12, 3, 2))
    boxes = np.concatenate([corners, corners + 0.4], axis=2).astype(np.float32)
    scores = rng.uniform(-3, 3, (12, 3, 2)).astype(np.float32)
    y = np.concatenate([scores.argmax(axis=2)[..., None], boxes], axis=2)
    x = {"boxes": boxes, "scores": scores}
    graph = edgeq.quantize(detector(), x)
    found = edgeq.evaluate(graph, x, y, metric="map50", float_graph=detector())
    assert found.fixed == found.c
    assert found.same_outputs == 12
    assert found.float_ is not None
    assert 0.3 < found.float_ < 1
    assert found.c == pytest.approx(found.float_, abs=0.05)
    fine = edgeq.evaluate(detector(), x, y, metric="map")
    assert fine.float_ is not None
    assert fine.float_ <= found.float_


def test_the_float_side_is_the_reference() -> None:
    x, y = images(40, seed=5), np.arange(40) % 4
    found = evaluate(Sides(network()), labelled(network(), x, y, None), "top1", lambda *_: None)
    real = FloatModel(network()).run({"x": x})["y"].argmax(axis=1)
    assert found.float_ == (real == y).mean()
