"""Which file a peer is given, and what becomes of a refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeq import demo, pipeline
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Graph
from edgeq.measure.latency import measure_latency
from edgeq.measure.rival import PeerRefused, rival
from edgeq.passes import prepare
from edgeq.verify.compare import random_samples
from edgeq.verify.oracle import Oracle
from tests.examples import EXAMPLES
from tests.tools import need_tool


def refused() -> Graph:
    """A graph that ONNX Runtime has no quantized operator for."""
    return prepare(read_tflite(EXAMPLES["MAXIMUM"]("int8", np.random.default_rng(0))))


@pytest.mark.usefixtures("onnxruntime")
def test_a_tflite_model_becomes_one_of_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[bytes] = []
    real = Oracle.load

    def load(oracle: Oracle, model: bytes) -> None:
        loaded.append(model)
        real(oracle, model)

    monkeypatch.setattr(Oracle, "load", load)
    graph = prepare(pipeline.load(demo.model_path()))
    inputs = random_samples(graph, 1)[0]
    with rival(graph, inputs, "onnxruntime"):
        assert loaded[0] != graph.source
    with rival(graph, inputs, "litert"):
        assert loaded[1] == graph.source


@pytest.mark.usefixtures("onnxruntime")
@pytest.mark.parametrize("name", ["onnxruntime", "onnxruntime-precise"])
def test_the_peer_runs_the_model_from_c(name: str) -> None:
    need_tool("gcc")
    model = pipeline.build(pipeline.load(demo.model_path()))
    sample = random_samples(model.plan.graph, 1)[0]
    found = measure_latency(model, sample, against=[name], blocks=3, seconds=0.002)
    assert found.peers[name].native
    assert found.peers[name].median_us > 0


def test_a_refusal_names_the_peer_and_the_operator() -> None:
    graph = refused()
    with (
        pytest.raises(PeerRefused, match="no QDQ form of maximum") as refusal,
        rival(graph, random_samples(graph, 1)[0], "onnxruntime"),
    ):
        pass
    assert refusal.value.peer == "onnxruntime"


@pytest.mark.usefixtures("litert")
def test_the_words_of_a_runtime_are_kept() -> None:
    graph = replace(refused(), source=b"no model")
    with (
        pytest.raises(PeerRefused, match="oracle 'litert-default'") as refusal,
        rival(graph, random_samples(graph, 1)[0], "litert"),
    ):
        pass
    assert refusal.value.peer == "litert"
