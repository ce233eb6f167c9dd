"""Accuracy of numpy, C and oracles on labelled digits, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq import demo, pipeline
from edgeq.build.host import HostModel
from edgeq.errors import UsageError
from edgeq.measure.accuracy import top1
from tests.tools import need_tool

CORRECT = 343  # of 350: what edgeq/demo/README.md states


@pytest.fixture(scope="module")
def model() -> HostModel:
    need_tool("gcc")
    return pipeline.build(pipeline.load(demo.model_path()))


@pytest.mark.parametrize("against", ["tflm", "litert"])
def test_all_sides_name_the_same_digits(against: str, request: pytest.FixtureRequest) -> None:
    need_tool("gcc")
    request.getfixturevalue(against)
    graph = pipeline.load(demo.model_path())
    x, y = demo.test_data()
    score = top1(pipeline.build(graph, numerics=against), x, y, against=against)
    assert (score.n, score.same_as_c) == (350, 350)
    assert score.fixed == score.c == score.oracle == CORRECT / 350


def test_wrong_labels_count_as_wrong(model: HostModel) -> None:
    x, y = demo.test_data()
    score = top1(model, x[:20], (y[:20] + 1) % 10)
    right = top1(model, x[:20], y[:20])
    assert right.c >= 0.9
    assert score.c <= 1 - right.c
    assert (score.oracle, score.against) == (None, "")


def test_floats_are_quantized_with_the_inputs_parameters(model: HostModel) -> None:
    x, y = demo.test_data()
    quant = model.plan.inputs[0].tensor.quant
    assert quant is not None
    real = (x.astype(np.float32) - quant.zero_point) * np.float32(quant.scale[0])
    assert top1(model, real, y) == top1(model, x, y)


def test_samples_without_labels_are_refused(model: HostModel) -> None:
    x, y = demo.test_data()
    for rows, labels in ((x[:3], y[:2]), (x[:0], y[:0])):
        with pytest.raises(UsageError, match="samples and"):
            top1(model, rows, labels)
