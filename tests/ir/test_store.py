"""Stored graphs come back whole; broken files are refused."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq.errors import EdgeqError, ModelError, OutputError, Problems
from edgeq.frontends import load
from edgeq.frontends.edgeq import read_edgeq
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Graph
from edgeq.ir.store import from_bytes, save, to_bytes
from edgeq.ir.text import graph_text
from tests.examples import DTYPES, EXAMPLES
from tests.passes.graphs import padded_conv


def archive(head: Any, *, compress: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as file:
        file.writestr("graph.json", head if isinstance(head, str) else json.dumps(head))
        for name, raw in members.items():
            file.writestr(name.replace("_", "/"), raw)
    return out.getvalue()


def bent(change: Callable[[Any], object]) -> bytes:
    """The stored padded_conv with its JSON changed."""
    with zipfile.ZipFile(io.BytesIO(to_bytes(padded_conv()))) as file:
        head, weights = json.loads(file.read("graph.json")), file.read("data/0")
    change(head)
    return archive(head, data_0=weights)


def assert_same(a: Graph, b: Graph) -> None:
    assert graph_text(a) == graph_text(b)
    assert (a.source, dict(a.file_index)) == (b.source, dict(b.file_index))
    for name, tensor in a.tensors.items():
        other = b.tensors[name]
        assert tensor.quant == other.quant
        assert (tensor.data is None) == (other.data is None)
        if tensor.data is not None and other.data is not None:
            assert tensor.data.dtype == other.data.dtype
            assert np.array_equal(tensor.data, other.data)
    for one, two in zip(a.nodes, b.nodes, strict=True):
        assert dict(one.attrs) == dict(two.attrs)
        assert {k: type(v) for k, v in one.attrs.items()} == {
            k: type(v) for k, v in two.attrs.items()
        }


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_operator_comes_back(name: str, dtype: str, rng: np.random.Generator) -> None:
    graph = read_tflite(EXAMPLES[name](dtype, rng))
    assert_same(graph, read_edgeq(to_bytes(graph)))


def test_equal_graphs_give_equal_bytes() -> None:
    assert to_bytes(padded_conv()) == to_bytes(padded_conv())


def test_a_saved_file_is_loaded(tmp_path: Path) -> None:
    save(padded_conv(), tmp_path / "g.edgeq")
    assert_same(load(tmp_path / "g.edgeq"), padded_conv())
    with pytest.raises(OutputError, match="cannot be written"):
        save(padded_conv(), tmp_path / "none" / "g.edgeq")


@pytest.mark.parametrize("data", [b"", b"TFL3", b"PK\x05\x06" + bytes(18), bytes(100)])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        from_bytes(data)


def test_every_truncation_is_refused() -> None:
    data = to_bytes(padded_conv())
    for size in range(len(data)):
        with pytest.raises(ModelError):
            from_bytes(data[:size])


def test_flipped_bits_are_refused_or_do_no_harm() -> None:
    data, rng = to_bytes(padded_conv()), random.Random(1)
    refused = 0
    for _ in range(3000):
        flipped = bytearray(data)
        flipped[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        try:
            read_edgeq(bytes(flipped))
        except EdgeqError:
            refused += 1
    assert refused > 2000


def test_compressed_files_are_refused() -> None:
    bomb = archive({}, compress=zipfile.ZIP_DEFLATED, data_0=bytes(10_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(ModelError, match="compressed, or larger inside than outside"):
        from_bytes(bomb)


@pytest.mark.parametrize("head", ["[" * 100_000, "{", "[]", "1", '"x"', "{}"])
def test_json_that_is_no_graph(head: str) -> None:
    with pytest.raises(ModelError):
        from_bytes(archive(head))


def drop(*path: str | int) -> Callable[[Any], object]:
    def change(head: Any) -> None:
        for key in path[:-1]:
            head = head[key]
        del head[path[-1]]

    return change


def put(value: Any, *path: str | int) -> Callable[[Any], object]:
    def change(head: Any) -> None:
        for key in path[:-1]:
            head = head[key]
        head[path[-1]] = value

    return change


BROKEN: dict[str, Callable[[Any], object]] = {
    "no edgeq graph of version 1": put(2, "version"),
    "has no list 'nodes'": drop("nodes"),
    "has no str 'name'": put(3, "tensors", 0, "name"),
    "unknown dtype": put("int3", "tensors", 0, "dtype"),
    "a shape holds bool": put([True], "tensors", 0, "shape"),
    "a shape that is none": put([-1], "tensors", 0, "shape"),
    "is missing or does not fit its shape": put([2**40, 2**40], "tensors", 2, "shape"),
    "the data of a tensor is missing": put(7, "tensors", 2, "data"),
    "a quantization holds str": put(["1"], "tensors", 0, "quant", "scale"),
    "a quantization has no int 'axis'": put("a", "tensors", 0, "quant", "axis"),
    "a scale is not a positive number": put([-1.0], "tensors", 0, "quant", "scale"),
    "an attribute is dict": put({}, "nodes", 0, "attrs", "value"),
    "an attribute is not a finite number": put(float("nan"), "nodes", 0, "attrs", "value"),
    "an attribute holds float": put([0.5], "nodes", 0, "attrs", "before"),
    "operator 'bad' is not known": put("bad", "nodes", 0, "op"),
    "its attributes or inputs are not those of conv_2d": drop("nodes", 1, "attrs", "stride"),
    "outputs are ((1, 7, 6, 2),), stored as ((1, 7, 6, 3),)": put(3, "tensors", 1, "shape", 3),
    "'t' is read before": lambda head: head["nodes"].reverse(),
    "file_index holds str": put("a", "file_index", "x"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_graphs_are_refused(what: str) -> None:
    with pytest.raises((ModelError, Problems)) as caught:
        read_edgeq(bent(BROKEN[what]))
    assert what in caught.value.text()


def test_the_file_that_the_tests_bend_is_good() -> None:
    assert_same(read_edgeq(bent(lambda head: head)), padded_conv())


def test_the_source_comes_back() -> None:
    graph = replace(padded_conv(), source=b"the model", file_index={"x": 3})
    assert_same(from_bytes(to_bytes(graph)), graph)
