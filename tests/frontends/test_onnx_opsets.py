"""The same operators as older and newer opsets write them, converted by the onnx package."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import version_converter

from edgeq.frontends.onnx import read_onnx
from edgeq.verify.oracle import Oracle
from tests.frontends.onnx_trials import FUNCTIONS, differences
from tests.frontends.test_onnx_ops import ELEMENTS, MOVES, SUMS

FILES = {name: data for name, (data, _) in SUMS.items()} | ELEMENTS | MOVES
BEYOND_OLD = {"Unsqueeze"}
"""What the converter writes with an axis below 0, which opset 7 has not."""

NEWEST = onnx.defs.onnx_opset_version()
NEWEST_OF_RUNTIME = 26
LEAST = {7: 38, 11: 50, 18: 130, 21: 130, NEWEST_OF_RUNTIME: 130, NEWEST: 130}
"""How many of the files the converter can write in each opset; newer ones lose no operators."""


def converted(opset: int) -> dict[str, bytes]:
    """The files that the converter can write in that opset and that are not of it already."""
    found = {}
    for name, data in FILES.items():
        model = onnx.load_from_string(data)
        if any(o.domain for o in model.opset_import) or model.opset_import[0].version == opset:
            continue
        try:
            found[name] = version_converter.convert_version(model, opset).SerializeToString()
        except (RuntimeError, ValueError, onnx.shape_inference.InferenceError):
            continue  # the converter has no rule
    return {n: d for n, d in found.items() if opset > 9 or n not in BEYOND_OLD}


@pytest.mark.parametrize("opset", sorted({*LEAST} - {NEWEST}))
def test_operators_mean_the_same_in_every_opset(
    opset: int, onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    files = converted(opset)
    assert len(files) >= LEAST[opset]
    for name, data in files.items():
        _, worst = differences(data, onnxruntime, rng)
        assert worst <= (0 if name in MOVES else 8 * FUNCTIONS), name


def test_the_newest_opset_is_read_before_the_runtime_knows_it() -> None:
    files = converted(NEWEST)
    assert len(files) >= LEAST[NEWEST]
    for name, data in files.items():
        ops = [n.op for n in read_onnx(data).nodes]
        assert ops == [n.op for n in read_onnx(FILES[name]).nodes], name
