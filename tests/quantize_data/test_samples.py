"""What a user may give as calibration data, and what is refused, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.errors import UsageError
from edgeq.ir.file_order import with_file_orders
from edgeq.ir.store import to_bytes
from edgeq.quantize.preprocessing import AudioSettings, ImageSettings
from edgeq.quantize.samples import Samples, prepared_arrays, samples_of
from tests.quantize_data.networks import images, network, save, two_inputs


def whole(samples: Samples, name: str = "x") -> np.ndarray[Any, Any]:
    return np.concatenate([batch[name] for batch in samples.batches(0, len(samples), 3)])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "uint8", "int8", "int64"])
def test_every_kind_of_number_becomes_float32(dtype: str) -> None:
    data = (images(5) * 100).astype(dtype)
    found = whole(samples_of(network(), data))
    assert found.dtype == np.float32
    assert np.array_equal(found, data.astype(np.float32))


def test_arrays_mappings_and_files_are_the_same_samples(tmp_path: Path) -> None:
    data = images(7)
    path = save(tmp_path / "d.npz", x=data, y=np.arange(7))
    for given in (data, {"x": data}, {"x": data, "y": np.arange(7)}, path, str(path)):
        assert np.array_equal(whole(samples_of(network(), given)), data)


def test_an_array_for_each_input() -> None:
    a, b = np.arange(12.0).reshape(3, 4), np.ones((3, 4))
    samples = samples_of(two_inputs(), {"a": a, "b": b})
    assert np.array_equal(whole(samples, "a"), a)
    assert np.array_equal(whole(samples, "b"), b)


BAD: list[tuple[object, str]] = [
    (images(0), "there are no samples"),
    (images(1), "there is one sample only"),
    (images(3)[..., :2], r"data for x has shape \(3, 8, 8, 2\)"),
    (images(3)[0], r"data for x has shape \(8, 8, 3\)"),
    (np.float32(3), r"data for x has shape \(\)"),
    ({"image": images(3)}, "data for image"),
    ({}, "data for nothing"),
    (images(3).astype(str), "data for x is <U"),
    (images(3).astype(object), "data for x is object"),
    (images(3) * 1j, "data for x is complex"),
]


@pytest.mark.parametrize(("data", "said"), BAD)
def test_data_that_does_not_fit_is_refused_by_name(data: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        samples_of(network(), data)


def test_inputs_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="different numbers of samples") as caught:
        samples_of(two_inputs(), {"a": np.ones((3, 4)), "b": np.ones((4, 4))})
    assert "'a' has 3, 'b' has 4" in caught.value.text()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("from_file", [False, True])
def test_values_that_are_not_finite_are_refused_with_their_sample(
    tmp_path: Path, value: float, from_file: bool
) -> None:
    data = images(50).astype(np.float64)
    data[43, 2, 1, 0] = value
    given = save(tmp_path / "d.npz", x=data) if from_file else data
    with pytest.raises(UsageError, match="sample 43 of x is not finite"):
        edgeq.quantize(network(), given)


def test_data_in_the_order_of_the_models_file_is_transposed(tmp_path: Path) -> None:
    graph = with_file_orders(network(), {"x": (0, 2, 3, 1)})
    data = images(6)
    turned = np.ascontiguousarray(data.transpose(0, 3, 1, 2))
    for given in (data, turned, save(tmp_path / "d.npz", x=turned)):
        assert np.array_equal(whole(samples_of(graph, given)), data)
        if not isinstance(given, Path):
            assert np.array_equal(prepared_arrays(graph, given, None)["x"], data)
    with pytest.raises(UsageError, match="has shape"):
        samples_of(graph, data.transpose(0, 2, 3, 1))
    assert to_bytes(edgeq.quantize(graph, data)) == to_bytes(edgeq.quantize(graph, turned))


def test_pixels_in_arrays_are_normalized() -> None:
    pixels = (images(4) * 255).astype(np.uint8)
    settings = ImageSettings(scale=1 / 255, mean=(0.1, 0.2, 0.3), std=(0.5, 1.0, 2.0))
    found = whole(samples_of(network(), pixels, settings))
    wanted = (pixels / 255 - [0.1, 0.2, 0.3]) / [0.5, 1.0, 2.0]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)
    assert np.array_equal(prepared_arrays(network(), pixels, settings)["x"], found)


def test_settings_that_do_not_fit_the_data_are_refused() -> None:
    with pytest.raises(UsageError, match="arrays hold features already"):
        samples_of(network(), images(3), AudioSettings())
    with pytest.raises(UsageError, match="2 inputs"):
        samples_of(two_inputs(), {n: np.ones((3, 4)) for n in ("a", "b")}, ImageSettings())
    with pytest.raises(UsageError, match="mean has 2 numbers for 3 channels"):
        samples_of(network(), images(3), ImageSettings(mean=(0.1, 0.2)))


def test_samples_of_ones_own_are_taken_as_they_are() -> None:
    own = samples_of(network(), images(4))
    assert samples_of(network(), own) is own
