"""The collection of trained models and labelled data that figures and tests are made with.

It is no part of the project: the environment variable EDGEQ_SHARED names its folder
(default `../shared` beside the checkout), with `models/`, `data/` and `baselines/`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeq.cli.screen import show_error
from edgeq.errors import EdgeqError
from edgeq.ir import Tensor
from edgeq.ir.values import quantize

Array = NDArray[Any]
REPOSITORY = Path(__file__).resolve().parent.parent


def run(main: Callable[[], None]) -> None:
    """Carry out a benchmark's main function; an error of the user's is told without a traceback."""
    try:
        main()
    except EdgeqError as error:
        sys.exit(show_error(error))


def shared() -> Path:
    """The collection's folder; it need not exist."""
    return Path(os.environ.get("EDGEQ_SHARED", REPOSITORY.parent / "shared"))


@dataclass(frozen=True, slots=True)
class Labelled:
    """Samples of one model: integers in the input's dtype, labels where there are any."""

    x: Array
    y: Array | None


@cache
def records() -> dict[str, dict[str, Any]]:
    """What is known of every model, by file stem; empty without the collection."""
    path = shared() / "models" / "models.json"
    if not path.exists():
        return {}
    return {Path(r["file"]).stem: r for r in json.loads(path.read_text(encoding="utf-8"))}


def model_path(stem: str) -> Path:
    """The .tflite file of a model."""
    return shared() / "models" / f"{stem}.tflite"


def accepted_by(stem: str, oracle: str) -> bool:
    """Whether the record says that `tflm` or `litert` takes the file."""
    key = {"tflm": "tflm", "litert": "litert_2_3_0_builtin_ref"}[oracle]
    return str(records()[stem]["engines"][key]).startswith("ok")


@lru_cache(maxsize=2)
def _npz(name: str) -> dict[str, Array]:
    with np.load(shared() / "data" / name) as data:
        return {key: data[key] for key in data.files}


def _pictures(height: int, width: int, mode: str) -> Array:
    folder = shared() / "data" / "images"
    names = [e["file"] for e in json.loads((folder / "images.json").read_text(encoding="utf-8"))]
    found = []
    for name in names:
        with Image.open(folder / name) as picture:
            sized = picture.convert(mode).resize((width, height), Image.Resampling.BILINEAR)
            found.append(np.asarray(sized).reshape(height, width, -1))
    return np.stack(found)


def _pixels(x: Array, unit: int, tensor: Tensor) -> Array:
    """The integers for uint8 pixels over `unit`, each of whose 256 values is quantized once."""
    return quantize(np.arange(256, dtype=np.float32) / np.float32(unit), tensor)[x]


def _kws(tensor: Tensor) -> Labelled:
    data = _npz("kws01.npz")
    return Labelled(data["x_test"].astype(tensor.dtype.numpy), data["y_test"])


def _cifar(tensor: Tensor) -> Labelled:
    data = _npz("cifar10.npz")
    return Labelled(_pixels(data["x_test"], 1, tensor), data["y_test"])


def _vww(tensor: Tensor) -> Labelled:
    data = _npz("vww_open.npz")
    return Labelled(_pixels(data["x_test"], 255, tensor), data["y_test"])


def _person(tensor: Tensor) -> Labelled:
    data = _npz("vww_open.npz")
    gray = np.stack([np.asarray(Image.fromarray(x).convert("L")) for x in data["x_test"]])
    return Labelled(quantize((gray[..., None] - np.float32(128)) / 128, tensor), data["y_test"])


def _vww_144(tensor: Tensor) -> Labelled:
    data = _npz("vww_open.npz")
    size, mode = (144, 144), Image.Resampling.BILINEAR
    large = np.stack([np.asarray(Image.fromarray(x).resize(size, mode)) for x in data["x_test"]])
    return Labelled(large.astype(tensor.dtype.numpy), data["y_test"])


def _mnist(tensor: Tensor) -> Labelled:
    data = _npz("mnist_t10k.npz")
    return Labelled(_pixels(data["x_test"][..., None], 255, tensor), data["y_test"])


def _sww(tensor: Tensor) -> Labelled:
    data = _npz("audio/sww_labelled_specs.npz")
    return Labelled(quantize(data["x_cal"], tensor), data["y_cal"])


def _speech(tensor: Tensor) -> Labelled:
    data = _npz("audio/micro_speech_features.npz")
    x = data["x_test"].reshape(len(data["x_test"]), -1)
    return Labelled(x.astype(tensor.dtype.numpy), data["y_test"])


def _ad(tensor: Tensor) -> Labelled:
    frames = _npz("ad01_sample_clip.npz")["logmel"]
    windows = np.stack([frames[i : i + 5].reshape(-1) for i in range(len(frames) - 4)])
    return Labelled(quantize(windows, tensor), None)


def _sine(tensor: Tensor) -> Labelled:
    return Labelled(quantize(np.linspace(0, 2 * np.pi, 629)[:, None], tensor), None)


def _photos(tensor: Tensor) -> Labelled:
    _, height, width, channels = tensor.shape
    pixels = _pictures(height, width, "RGB" if channels > 1 else "L")
    scaled = pixels if tensor.quant is None or tensor.quant.scale[0] >= 1 else pixels / 255
    if tensor.dtype.numpy == np.uint8:
        return Labelled(pixels, None)
    return Labelled(quantize(scaled.astype(np.float32), tensor), None)


def _torch_photos(tensor: Tensor) -> Labelled:
    _, _, height, width = tensor.shape
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = (_pictures(height, width, "RGB") / 255 - mean) / std
    return Labelled(quantize(pixels.transpose(0, 3, 1, 2), tensor), None)


REAL_DATA: dict[str, Callable[[Tensor], Labelled]] = {
    "mlperf_tiny_kws_int8": _kws,
    "mlperf_tiny_ic_int8": _cifar,
    "derived_ic_a16w8": _cifar,
    "derived_ic_a8w4": _cifar,
    "mlperf_tiny_vww_int8": _vww,
    "derived_vww_a16w8": _vww,
    "tflm_person_detect_int8": _person,
    "derived_person_detect_fixed_int8": _person,
    "wakevision_mcunet_vww_144_int8": _vww_144,
    "mnist_conv_fc_int8": _mnist,
    "mlperf_tiny_sww_int8": _sww,
    "tflm_micro_speech_int8": _speech,
    "mlperf_tiny_ad_int8": _ad,
    "tflm_hello_world_int8": _sine,
    "coral_mobilenet_v1_025_128_uint8": _photos,
    "fomo_face_96_int8": _photos,
    "ssd_slim_face_120x160_int8": _photos,
    "xtensa_mobilenet_v2_224_int8": _torch_photos,
}


def real_data(stem: str, tensor: Tensor, count: int | None = None) -> Labelled:
    """Real inputs of a model, raw integers of shape (N, ...), `count` spread over the set.

    Preprocessing is each model's own, as its record states it.
    """
    found = REAL_DATA[stem](tensor)
    if count is None or count >= len(found.x):
        return found
    rows = np.linspace(0, len(found.x) - 1, count).astype(int)
    return Labelled(found.x[rows], None if found.y is None else found.y[rows])
