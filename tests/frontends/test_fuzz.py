"""Thousands of mutated models: no crash, no hang, bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeq.errors import ModelError, Problems
from edgeq.frontends.tflite import read_tflite

ROOT = Path(__file__).parents[2]
SLOWEST_SECONDS = 5.0
"""Honest files of this size take milliseconds; a machine under load may stretch that."""

MEMORY_PER_BYTE = 64
"""Python objects per byte of file, above all tables that many offsets share."""


def fuzz(seed: int, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.frontends.fuzz", str(seed), str(count)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def check(result: dict[str, Any], count: int) -> None:
    assert result["crashes"] == []
    assert result["slowest"] < SLOWEST_SECONDS
    assert result["refused"] + result["lowered"] == count
    assert result["refused"] > count // 4
    assert result["lowered"] > count // 50


def test_mutated_models_are_read_or_refused() -> None:
    check(fuzz(1, 6000), 6000)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))
def test_many_mutated_models_are_read_or_refused(seed: int) -> None:
    check(fuzz(seed, 40_000), 40_000)


def test_many_offsets_to_one_tensor_take_bounded_memory() -> None:
    data = shared_table("Tensors", 200_000)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="the same bytes again and again"):
            read_tflite(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_PER_BYTE * len(data)


def test_many_offsets_to_one_broken_operator_end_early() -> None:
    data = shared_table("Operators", 200_000)
    with pytest.raises(Problems, match="the first 500 problems are"):
        read_tflite(data)


def shared_table(field: str, count: int) -> bytes:
    """A model whose subgraph lists one tensor, or operator, `count` times."""
    builder = flatbuffers.Builder(8 * count)
    name = builder.CreateString("one")
    if field == "Tensors":
        schema.TensorStart(builder)
        schema.TensorAddName(builder, name)
        table = schema.TensorEnd(builder)
    else:
        schema.OperatorStart(builder)
        table = schema.OperatorEnd(builder)
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependUOffsetTRelative(table)
    vector = builder.EndVector()
    schema.SubGraphStart(builder)
    getattr(schema, f"SubGraphAdd{field}")(builder, vector)
    subgraph = schema.SubGraphEnd(builder)
    builder.StartVector(4, 1, 4)
    builder.PrependUOffsetTRelative(subgraph)
    subgraphs = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, subgraphs)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())
