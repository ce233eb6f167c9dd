"""In which precision the runtimes make a rescale factor, where it shows.

For each of these scales one accumulator rounds to another integer when scale_x * scale_w is
taken in float32 before it is divided by scale_y.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq.frontends.tflite import read_tflite
from edgeq.numerics.fixed_point import quantize_multipliers, requantize
from edgeq.numerics.thresholds import double_steps
from edgeq.passes.legacy_uint8 import legacy_uint8
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests import operators as ops
from tests.one_op import act, const
from tests.ops.file_trials import PROFILES

Scales = tuple[float, float, float]

SHOWS_IN_DOUBLE_ROUNDING: dict[Scales, int] = {
    (0.05823766067624092, 0.0392630472779274, 0.2684386372566223): 7219,
    (0.07180745154619217, 0.06948253512382507, 0.45484790205955505): 10711,
    (0.02736898884177208, 0.05299744755029678, 0.17052583396434784): 14871,
}
SHOWS_IN_DOUBLE_PRECISION: dict[Scales, int] = {
    (0.011146939359605312, 0.07614254951477051, 0.08315089344978333): 9160,
    (0.06338478624820709, 0.002803551033139229, 0.018180331215262413): 665,
    (0.02551848627626896, 0.07904057949781418, 0.17859968543052673): 4206,
}
EVERY = SHOWS_IN_DOUBLE_ROUNDING | SHOWS_IN_DOUBLE_PRECISION


def reals(scales: Scales) -> tuple[float, float]:
    """scale_x * scale_w / scale_y with the product in double and in float32."""
    x, w, y = (float(np.float32(s)) for s in scales)
    return x * w / y, float(np.float32(x) * np.float32(w)) / y


def model(op: str, scales: Scales, acc: int, dtype: str) -> tuple[bytes, Any]:
    """A model of two products, and the input (127, 1) for which its sums are acc and -acc."""
    point = 128 if dtype == "uint8" else 0
    high = round(acc / 127)
    w = np.array([[high, acc - 127 * high], [-high, 127 * high - acc]]) + point
    y = act((), dtype, scales[2], point)
    kind = "uint8" if dtype == "uint8" else "int8"
    shape = {"fully_connected": (2, 2), "conv_2d": (2, 1, 1, 2), "depthwise_conv_2d": (1, 1, 2, 2)}
    data = w.T if op == "depthwise_conv_2d" else w
    weights = const(data.reshape(shape[op]), kind, scale=scales[1], zero_point=point)
    bias = const(np.zeros(2, np.int32), scale=float(np.float32(scales[0]) * np.float32(scales[1])))
    image = {"conv_2d": (1, 1, 1, 2), "depthwise_conv_2d": (1, 1, 2, 1)}.get(op, (1, 2))
    x = act(image, dtype, scales[0], point)
    options = {"padding": "VALID"} if op == "depthwise_conv_2d" else {}
    built = getattr(ops, op)(x, weights, bias, y, **options)
    return built, (np.array([127, 1]) + point).astype(dtype).reshape(image)


@pytest.mark.parametrize(("scales", "acc"), SHOWS_IN_DOUBLE_ROUNDING.items())
def test_precision_shows_in_double_rounding(scales: Scales, acc: int) -> None:
    mult, shift = quantize_multipliers(np.array(reals(scales)))
    a, b = requantize(acc, mult, shift, "double").tolist()
    assert a != b


@pytest.mark.parametrize(("scales", "acc"), SHOWS_IN_DOUBLE_PRECISION.items())
def test_precision_shows_in_double_precision(scales: Scales, acc: int) -> None:
    a, b = (int(double_steps(np.array([acc]), real)[0]) for real in reals(scales))
    assert a != b


# TFLM takes no uint8; under LiteRT uint8 convolutions take the product in float32,
# everything else takes it in double.
@pytest.mark.parametrize("op", ["conv_2d", "depthwise_conv_2d", "fully_connected"])
@pytest.mark.parametrize(("scales", "acc"), EVERY.items())
def test_factor_equals_both_oracles(
    tflm: Oracle, litert: Oracle, op: str, scales: Scales, acc: int
) -> None:
    for oracle, dtype in ((tflm, "int8"), (litert, "int8"), (litert, "uint8")):
        built, x = model(op, scales, acc, dtype)
        graph = legacy_uint8(read_tflite(built))
        (y,) = exact(graph, PROFILES[oracle.name]).run({graph.inputs[0]: x}).values()
        (answer,) = oracle.run(built, [[x]])
        assert y.reshape(-1).tolist() == answer.outputs[0].reshape(-1).tolist()
