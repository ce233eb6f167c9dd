"""Time on this machine: what is timed, in which order, and how it is summed up."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import pytest

from edgeq import demo, pipeline
from edgeq.build.host import HostModel
from edgeq.errors import ToolError, UsageError
from edgeq.measure import latency
from edgeq.measure.analysis import layers_of
from edgeq.measure.bench import BenchReport, LayerCost, bench_host
from edgeq.measure.latency import Timer, measure_latency, runs_for, spread_of
from edgeq.measure.rival import Clock
from edgeq.report.found import bench_table, bench_text
from edgeq.verify.compare import random_samples
from edgeq.verify.oracle import Oracle
from tests.graphs import large
from tests.tools import need_tool


@pytest.fixture(scope="module")
def model() -> HostModel:
    need_tool("gcc")
    return pipeline.build(pipeline.load(demo.model_path()))


CALIBRATION = 2  # one call of each clock that is as slow as the block it measures


def test_blocks_alternate_and_the_first_pair_is_dropped() -> None:
    said: list[str] = []

    def clock(name: str, microseconds: int) -> Clock:
        def time(times: int) -> int:
            said.append(name)
            return (
                times * 1000 * (microseconds if len(said) > CALIBRATION + 2 else 10 * microseconds)
            )

        return time

    ours, theirs = latency.in_turns([clock("a", 5), clock("b", 7)], 3, 1e-6)
    assert said[-8:] == ["a", "b"] * 4
    assert (ours, theirs) == ([5.0] * 3, [7.0] * 3)


@pytest.mark.parametrize(("each", "seconds", "runs"), [(1000, 0.02, 20_000), (10**9, 0.02, 1)])
def test_a_block_takes_about_the_time_asked_for(each: int, seconds: float, runs: int) -> None:
    assert runs_for(lambda times: times * each, seconds) == runs


def test_what_takes_no_time_ends() -> None:
    assert runs_for(lambda times: 0, 0.02) == latency.MOST_RUNS  # noqa: ARG005


def test_spread_is_median_and_percentiles() -> None:
    spread = spread_of([float(v) for v in (9, 1, 5, 3, 7, 2, 8, 4, 6, 10, 100)])
    assert (spread.low_us, spread.median_us, spread.high_us, spread.blocks) == (2, 6, 10, 11)


def test_runs_take_time_in_proportion(model: HostModel) -> None:
    model.fill(random_samples(model.plan.graph, 1)[0])
    timer = Timer(model)
    timer.run(10)
    one, many = (median(timer.run(runs) for _ in range(5)) for runs in (20, 400))
    assert 5 * one < many < 100 * one


def test_the_timer_runs_the_model(model: HostModel) -> None:
    first, second = random_samples(model.plan.graph, 2)
    (name,) = (port.tensor.name for port in model.plan.outputs)
    want, other = model.run(first)[name], model.run(second)[name]
    assert (want != other).any()
    model.fill(first)
    Timer(model).run(1)
    assert (model.outputs()[name] == want).all()


def test_the_timer_runs_a_model_that_threads_share() -> None:
    need_tool("gcc")
    shared = pipeline.build(large(), threads=2)
    assert any(step.parts > 1 for step in shared.plan.steps)
    first, second = random_samples(shared.plan.graph, 2)
    (name,) = (port.tensor.name for port in shared.plan.outputs)
    want, other = shared.run(first)[name], shared.run(second)[name]
    assert (want != other).any()
    shared.fill(first)
    Timer(shared).run(1)
    assert (shared.outputs()[name] == want).all()


def test_a_measurement_covers_every_step(model: HostModel) -> None:
    found = measure_latency(model, random_samples(model.plan.graph, 1)[0], blocks=3, seconds=0.002)
    assert len(found.layers) == len(model.plan.steps)
    assert all(took > 0 for took in found.layers)
    assert 0 < found.spread.low_us <= found.spread.median_us <= found.spread.high_us
    assert found.peers == {}


@pytest.mark.parametrize(
    ("peer", "native"),
    [("litert", True), ("tflm", False), ("onnxruntime", True), ("openvino", True)],
)
def test_a_peer_is_measured_in_turns(
    model: HostModel, peer: str, native: bool, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(peer)
    sample = random_samples(model.plan.graph, 1)[0]
    found = measure_latency(model, sample, against=[peer], blocks=3, seconds=0.002)
    theirs = found.peers[peer]
    assert 0 < theirs.low_us <= theirs.median_us <= theirs.high_us
    assert theirs.ratio > 0
    assert theirs.native is native


def test_an_unknown_peer_is_refused(model: HostModel) -> None:
    with pytest.raises(UsageError, match="litert, tflm"):
        measure_latency(model, random_samples(model.plan.graph, 1)[0], against=["litert", "onnx"])


def test_commas_alone_name_no_peer() -> None:
    with pytest.raises(UsageError, match="names no peer"):
        pipeline.bench(pipeline.load(demo.model_path()), against=" ,")


def test_a_peer_that_refuses_the_model_leaves_no_process(
    model: HostModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = []
    real = Oracle.close

    def close(oracle: Oracle) -> None:
        closed.append(oracle.name)
        real(oracle)

    monkeypatch.setattr(Oracle, "load", lambda *_, **__: (_ for _ in ()).throw(ToolError("no")))
    monkeypatch.setattr(Oracle, "close", close)
    with pytest.raises(ToolError, match="no"):
        measure_latency(model, random_samples(model.plan.graph, 1)[0], against=["litert"])
    assert closed == ["litert-default"]


def test_time_of_an_oracle_without_a_model() -> None:
    with pytest.raises(UsageError, match="no model"):
        Oracle("tflm").time(1)


def test_no_kernel_exceeds_the_peak(model: HostModel) -> None:
    report = bench_host(model.plan, random_samples(model.plan.graph, 1)[0])
    assert report.peak_gmacs is not None
    assert report.median_us is not None
    assert report.macs == sum(layer.macs for layer in layers_of(model.plan.graph, model.plan)) > 0
    assert 0 < report.macs / report.median_us / 1000 < report.peak_gmacs


def test_the_text_says_on_how_many_threads() -> None:
    layers = (LayerCost("a", "conv_2d", "k", 60.0), LayerCost("b", "add", "k", 40.0))
    report = BenchReport("m", "host", "tflm", layers, 55.0, 50.0, 60.0, 9, 10**6, 20.0, threads=2)
    shown, text = bench_table(report), bench_text(report)
    assert shown.columns[2].strip(">") == "us on one thread"
    assert shown.rows[-1][0] == "total on 2 threads"
    assert "55.00 us per inference on 2 threads: median" in text
    assert "45% of the 40.0 that this machine's instructions do at most on 2 threads" in text
    assert "thread" not in bench_text(replace(report, threads=1))
