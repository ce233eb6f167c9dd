"""Every example read and written again: the runtimes give the same bytes as for the original."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import EdgeqError, Problems
from edgeq.exporters.tflite import to_tflite
from edgeq.frontends.tflite import read_tflite
from edgeq.verify.oracle import Oracle, OracleRefused
from tests.examples import DTYPES, EXAMPLES
from tests.models import Array, random_inputs

REFUSED = {
    ("RELU_N1_TO_1", "int16"), ("HARD_SWISH", "int16"), ("ARG_MAX", "int16"),
    ("DEQUANTIZE", "float32"),
}  # fmt: skip
"""No runtime takes them."""


def ask(oracle: Oracle, model: bytes, inputs: list[list[Array]]) -> list[tuple[Array, ...]] | None:
    """The outputs of every sample; None when the runtime refuses."""
    try:
        return [sample.outputs for sample in oracle.run(model, inputs)]
    except OracleRefused:
        return None


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_keeps_its_bytes(
    name: str, tflm: Oracle, litert: Oracle, rng: np.random.Generator
) -> None:
    judged = 0
    for dtype in DTYPES:
        original = EXAMPLES[name](dtype, rng)
        graph = read_tflite(original)
        if (name, dtype) in REFUSED:
            with pytest.raises(Problems):
                to_tflite(graph)
            continue
        written = to_tflite(graph)
        inputs = [random_inputs(original, rng) for _ in range(2)]
        for oracle in (tflm, litert):
            want = ask(oracle, original, inputs)
            if want is None:
                continue
            got = ask(oracle, written, inputs)
            assert got is not None, f"{oracle.name} refuses {dtype} as it was written"
            judged += 1
            for ours, theirs in zip(got, want, strict=True):
                for a, b in zip(ours, theirs, strict=True):
                    assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    assert judged


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_written_reads_as_what_was_read(name: str, rng: np.random.Generator) -> None:
    for dtype in DTYPES:
        if (name, dtype) in REFUSED:
            continue
        try:
            graph = read_tflite(EXAMPLES[name](dtype, rng))
        except EdgeqError:  # of examples that only runtimes take
            continue
        again = read_tflite(to_tflite(graph))
        assert [n.op for n in again.nodes] == [n.op for n in graph.nodes]
        for left, right in zip(graph.nodes, again.nodes, strict=True):
            assert dict(right.attrs) == dict(left.attrs)
        assert (again.inputs, again.outputs) == (graph.inputs, graph.outputs)
        for name_, tensor in graph.tensors.items():
            found = again.tensors[name_]
            assert (found.shape, found.dtype) == (tensor.shape, tensor.dtype)
            if tensor.data is not None and found.data is not None:
                assert np.array_equal(found.data, tensor.data)
            else:
                assert found.quant == tensor.quant
