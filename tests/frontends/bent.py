"""Small good models, bent before they are written: `relu(bend)`, `dense(scale=-1.0)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
import pytest

from edgeq.errors import EdgeqError
from edgeq.frontends.tflite import read_tflite
from tests.models import TfliteModel

Bend = Callable[[TfliteModel], object]


def relu(bend: Bend | None = None, **x: object) -> bytes:
    """A model of one RELU whose parts were bent before it was written."""
    model = TfliteModel()
    given = {"shape": (1, 4), "dtype": "int8", "scale": 0.1, **x}
    ends = [model.tensor(**given), model.tensor((1, 4), "int8", scale=0.1)]  # type: ignore[arg-type]
    model.op("RELU", ends[:1], ends[1:])
    if bend:
        bend(model)
    return model.build(ends[:1], ends[1:])


def dense(**w: object) -> bytes:
    """A model of one FULLY_CONNECTED, 4 inputs and 3 outputs, with its weights as given."""
    model = TfliteModel()
    given = {"shape": (3, 4), "dtype": "int8", "scale": 0.1, "data": np.ones((3, 4), np.int8), **w}
    x = model.tensor((1, 4), "int8", scale=0.1)
    weights = model.tensor(**given)  # type: ignore[arg-type]
    y = model.tensor((1, 3), "int8", scale=0.1)
    model.op("FULLY_CONNECTED", [x, weights, -1], [y])
    return model.build([x], [y])


def reasons(data: bytes, error: type[EdgeqError] = EdgeqError) -> str:
    with pytest.raises(error) as caught:
        read_tflite(data)
    return caught.value.text()


def written(model: Any) -> bytes:
    """The file of the schema's own model object."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
