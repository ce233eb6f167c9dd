"""Executed instructions of a whole inference and of its layers, under emulation."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from edgeq import demo, pipeline
from edgeq.errors import UsageError
from edgeq.measure.bench import BenchReport, bench_emulated, count_run
from edgeq.measure.classes import CLASSES
from edgeq.targets import load_target
from edgeq.verify.compare import random_samples
from tests.tools import need_target

CALL = 40  # instructions that calling one step, or being told to, may take


@cache
def counted(target: str) -> BenchReport:
    return pipeline.bench(pipeline.load(demo.model_path()), target)


@pytest.mark.parametrize("target", ["cortex-m4", "riscv32"])
def test_layers_add_up_to_the_whole(target: str) -> None:
    need_target(load_target(target))
    report = counted(target)
    assert report.instructions is not None
    assert report.median_us is None
    layers = [layer.instructions or 0 for layer in report.layers]
    assert all(count > 0 for count in layers)
    assert abs(report.instructions - sum(layers)) < CALL * len(layers)


def test_every_layer_with_code_is_there_in_order() -> None:
    need_target(load_target("cortex-m4"))
    graph = pipeline.load(demo.model_path())
    names = [node.name for node in graph.nodes if node.op != "reshape"]
    assert [layer.name for layer in counted("cortex-m4").layers] == names
    assert all(layer.kernel.startswith("eq_") for layer in counted("cortex-m4").layers)


def test_classes_add_up() -> None:
    need_target(load_target("cortex-m4"))
    report = counted("cortex-m4")
    for total, classes in (
        (report.instructions, report.classes),
        *((layer.instructions, layer.classes) for layer in report.layers),
    ):
        assert classes is not None
        assert tuple(classes) == CLASSES
        assert sum(classes.values()) == total


def test_more_work_is_more_instructions() -> None:
    need_target(load_target("cortex-m4"))
    layers = {layer.name: layer.instructions or 0 for layer in counted("cortex-m4").layers}
    assert layers["conv_2d_2"] > layers["fully_connected_10"] > layers["softmax_11"] > 0


def test_counts_depend_on_plan_and_input_alone() -> None:
    need_target(load_target("cortex-m4"))
    plan = pipeline.plan_of(pipeline.load(demo.model_path()), "cortex-m4")
    sample = random_samples(plan.graph, 1, 5)[0]
    assert count_run(plan, sample).regions == count_run(plan, sample).regions


def test_the_model_is_counted_on_the_given_input() -> None:
    """Max pooling branches on its values, so other inputs take other counts."""
    need_target(load_target("cortex-m4"))
    plan = pipeline.plan_of(pipeline.load(demo.model_path()), "cortex-m4")
    (port,) = plan.inputs
    rows = [np.full(port.tensor.shape, fill, np.int8) for fill in (-128, 127)]
    totals = {count_run(plan, {port.tensor.name: row}).regions[0] for row in rows}
    assert len(totals) == len(rows)


def test_a_peer_is_refused() -> None:
    plan = pipeline.plan_of(pipeline.load(demo.model_path()), "cortex-m4")
    with pytest.raises(UsageError, match="host"):
        bench_emulated(plan, random_samples(plan.graph, 1)[0], against="litert")
