"""The bytes themselves: alignment, order, names, versions, constants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tflite

from edgeq.exporters.tflite import RULES, as_file, to_tflite
from edgeq.exporters.versions import version_of
from edgeq.frontends.tflite import read_tflite
from edgeq.frontends.tflite_ops import RULES as READ
from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Tensor
from edgeq.numerics.nibbles import from_nibbles
from edgeq.passes import prepare
from edgeq.verify.oracle import Oracle
from tests.examples import EXAMPLES
from tests.exporters.graphs import (
    activation,
    agree,
    bias,
    constant,
    one_node,
    quant,
    usual,
    weights,
)  # fmt: skip

FLAT: dict[str, Attr] = {"activation": "none", "keep_num_dims": False}
ALIGN = 16


def dense(rng: np.random.Generator, weight: DType = DType.INT8, **change: Any) -> Graph:
    x, w = activation("x", (1, 9)), weights(rng, (3, 9), weight)
    inputs = (x, replace(w, **change), bias(rng, 3))
    return one_node("fully_connected", inputs, (activation("y", ()),), **FLAT)


def tensors(data: bytes) -> dict[str, Any]:
    graph = tflite.Model.GetRootAs(data).Subgraphs(0)
    found = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    return {t.Name().decode(): t for t in found}


def codes(data: bytes) -> list[tuple[int, int, int]]:
    model = tflite.Model.GetRootAs(data)
    table = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    return [(c.BuiltinCode(), c.DeprecatedBuiltinCode(), c.Version()) for c in table]


def buffers(data: bytes) -> Iterator[Any]:
    model = tflite.Model.GetRootAs(data)
    for i in range(model.BuffersLength()):
        yield model.Buffers(i)


def test_equal_graphs_give_equal_bytes(rng: np.random.Generator) -> None:
    seed = int(rng.integers(1 << 30))
    one, two = (to_tflite(dense(np.random.default_rng(seed))) for _ in range(2))
    assert one == two
    assert one[4:8] == b"TFL3"
    assert one != to_tflite(dense(np.random.default_rng(seed + 1)))


def test_data_lies_on_multiples_of_16(rng: np.random.Generator) -> None:
    for name in ("CONV_2D", "FULLY_CONNECTED", "STRIDED_SLICE", "PADV2", "SPLIT_V"):
        data = to_tflite(read_tflite(EXAMPLES[name]("int8", rng)))
        assert len(data) % ALIGN == 0
        first, *others = buffers(data)
        assert first.DataLength() == 0
        assert others
        for buffer in others:
            assert buffer._tab.Vector(buffer._tab.Offset(4)) % ALIGN == 0


def test_equal_constants_are_stored_once() -> None:
    x = activation("x", (2, 3))
    shapes = {"x": (2, 3), "t": (6,), "u": (2, 3), "y": (2, 3)}
    tensors_ = {n: replace(x, name=n, shape=shape) for n, shape in shapes.items()}
    nodes = (
        Node("a", "reshape", ("x",), ("t",), {"shape": (6,)}),
        Node("b", "reshape", ("t",), ("u",), {"shape": (2, 3)}),
        Node("c", "reshape", ("u",), ("y",), {"shape": (2, 3)}),
    )
    graph = Graph("g", tensors_, nodes, ("x",), ("y",))
    assert len(list(buffers(to_tflite(graph)))) == 1 + 2


@pytest.mark.parametrize("name", ["naïve 名", "a/b:0", "x" * 500, "line\nbreak"])
def test_names_are_kept(name: str, rng: np.random.Generator) -> None:
    graph = dense(rng)
    old = graph.tensors["y"]
    changed = replace(graph.nodes[0], outputs=(name,))
    kept = {n: t for n, t in graph.tensors.items() if n != "y"} | {name: replace(old, name=name)}
    written = to_tflite(replace(graph, tensors=kept, nodes=(changed,), outputs=(name,)))
    assert name in tensors(written)


def test_names_that_are_no_text_are_written(rng: np.random.Generator, tflm: Oracle) -> None:
    graph = dense(rng)
    bad = "\ud800"
    kept = {n: t for n, t in graph.tensors.items() if n != "y"}
    kept[bad] = replace(graph.tensors["y"], name=bad)
    nodes = (replace(graph.nodes[0], outputs=(bad,)),)
    agree(tflm, replace(graph, tensors=kept, nodes=nodes, outputs=(bad,)), rng, again=False)


def test_tensors_that_the_file_alone_needs_get_free_names() -> None:
    graph = one_node("reshape", (activation("reshape_0/shape", (6,)),), (activation("y", ()),),
                     shape=(2, 3))  # fmt: skip
    assert {"reshape_0/shape", "reshape_0/shape_", "y"} == set(tensors(to_tflite(graph)))


def test_quantization_is_written_in_single_precision(rng: np.random.Generator) -> None:
    found = tensors(to_tflite(dense(rng)))
    w = found["w"]
    assert found["x"].Quantization().ScaleAsNumpy().tolist() == [np.float32(0.05)]
    assert found["x"].Quantization().ZeroPointAsNumpy().tolist() == [-3]
    assert w.Quantization().ScaleLength() == w.Quantization().ZeroPointLength() == 3
    assert not w.Quantization().ZeroPointAsNumpy().any()
    for table in (found["x"], w, found["b"]):
        assert table.Quantization().MinLength() == table.Quantization().MaxLength() == 0


def test_the_bias_gets_the_scale_of_the_products(rng: np.random.Generator) -> None:
    graph = dense(rng)
    found = tensors(to_tflite(graph))
    want = np.float32(0.05) * found["w"].Quantization().ScaleAsNumpy()
    assert np.array_equal(found["b"].Quantization().ScaleAsNumpy(), want)
    assert found["b"].Quantization().ScaleAsNumpy().dtype == np.float32
    assert found["b"].Quantization().QuantizedDimension() == 0


def test_a_bias_of_two_layers_gets_both_scales(tflm: Oracle, rng: np.random.Generator) -> None:
    graph = dense(rng)
    other = replace(weights(rng, (3, 9)), name="w2")
    second = Node("second", "fully_connected", ("x", "w2", "b"), ("z",), FLAT)
    tensors_ = {**graph.tensors, "w2": other, "z": replace(graph.tensors["y"], name="z")}
    both = replace(graph, tensors=tensors_, nodes=(*graph.nodes, second), outputs=("y", "z"))
    found = tensors(agree(tflm, both, rng))
    scales = {n: t.Quantization().ScaleAsNumpy().tolist() for n, t in found.items()}
    for bias_, weights_ in (("fully_connected_0/bias", "w"), ("second/bias", "w2")):
        assert scales[bias_] == (np.float32(0.05) * np.float32(scales[weights_])).tolist()


def test_depthwise_weights_are_quantized_along_the_last_axis(rng: np.random.Generator) -> None:
    data = to_tflite(read_tflite(EXAMPLES["DEPTHWISE_CONV_2D"]("int8", rng)))
    axes = {n: t.Quantization().QuantizedDimension() for n, t in tensors(data).items()}
    assert sorted(axes.values()) == [0, 0, 0, 3]


def test_int4_is_stored_two_to_a_byte(rng: np.random.Generator) -> None:
    graph = dense(rng, DType.INT4)
    data = to_tflite(graph)
    table = tensors(data)["w"]
    raw = tflite.Model.GetRootAs(data).Buffers(table.Buffer()).DataAsNumpy()
    assert table.Type() == tflite.TensorType.INT4
    assert raw.size == 14
    weights_ = graph.tensors["w"].data
    assert weights_ is not None
    assert np.array_equal(from_nibbles(raw.view(np.int8), 27), weights_.reshape(-1))
    again = read_tflite(data).tensors["w"]
    assert again.data is not None
    assert again.dtype is DType.INT4
    assert np.array_equal(again.data, weights_)


def test_operators_are_listed_once_with_both_codes(rng: np.random.Generator) -> None:
    graph = dense(rng)
    t, z = replace(graph.tensors["y"], name="z"), replace(graph.tensors["y"], name="t")
    nodes = (
        *graph.nodes, Node("r", "relu", ("y",), ("t",)), Node("s", "relu", ("t",), ("z",)),
    )  # fmt: skip
    more = replace(graph, nodes=nodes, outputs=("z",), tensors={**graph.tensors, "z": t, "t": z})
    assert codes(to_tflite(more)) == [(9, 9, 12), (19, 19, 2)]
    x, y = activation("x", (3,)), activation("y", ())
    gelu = tflite.BuiltinOperator.GELU
    assert codes(to_tflite(one_node("gelu", (x,), (y,)))) == [(gelu, 127, 2)]


def test_what_the_front_end_reads_the_exporter_writes() -> None:
    op_of = {"SQUEEZE": "reshape", "EXPAND_DIMS": "reshape", "PADV2": "pad", "SPLIT_V": "split",
             "SLICE": "strided_slice", "TRANSPOSE_CONV": "conv_transpose_2d",
             "SUM": "reduce_sum"}  # fmt: skip
    known = {op_of.get(name, name.lower()) for name in READ} - {"shape"}
    assert known <= set(RULES)


def test_versions_follow_types_and_options() -> None:
    x8, x16 = activation("x", (1, 2, 2, 1)), activation("x", (1, 2, 2, 1), DType.INT16)
    six = activation("x", (1,) * 6)
    found = [
        version_of("ADD", (x16, x16), (x16,), {"PotScaleInt16": False}),
        version_of("ADD", (x16, x16), (x16,), {"PotScaleInt16": True}),
        version_of("TRANSPOSE", (six, None), (six,), {}),
        version_of("RESIZE_BILINEAR", (x8, None), (x8,), {"HalfPixelCenters": True}),
        version_of("RESIZE_BILINEAR", (x8, None), (x8,), {"HalfPixelCenters": False}),
        version_of("SPLIT", (None, x16), (x16,), {}),
        version_of("QUANTIZE", (x8,), (x16,), {}),
    ]
    assert found == [3, 1, 6, 3, 2, 4, 2]


def test_inputs_come_first_and_unused_ones_stay(tflm: Oracle, rng: np.random.Generator) -> None:
    graph = dense(rng)
    unused = activation("unused", (1, 2))
    more = replace(graph, tensors={"unused": unused, **graph.tensors}, inputs=("unused", "x"))
    assert list(tensors(agree(tflm, more, rng)))[:2] == ["unused", "x"]


def test_as_file_is_the_graph_with_its_file(rng: np.random.Generator) -> None:
    graph = dense(rng, quant=QuantParams(rng.uniform(0.01, 0.02, 3), 0, 0))
    graph = replace(graph, numerics="edgeq")
    filed = as_file(graph)
    assert filed.source == to_tflite(graph)
    assert filed.nodes == graph.nodes
    assert filed.numerics == "edgeq"
    names = list(tensors(filed.source))
    assert {names[i]: n for n, i in filed.file_index.items()} == {n: n for n in graph.tensors}
    w, rounded = graph.tensors["w"].quant, filed.tensors["w"].quant
    assert w is not None
    assert rounded is not None
    assert (rounded.scale != w.scale).any()
    assert np.array_equal(rounded.scale, w.scale.astype(np.float32).astype(np.float64))
    again = as_file(filed)
    assert (again.source, again.file_index) == (filed.source, filed.file_index)


def test_a_file_is_of_use_after_prepare(tflm: Oracle, rng: np.random.Generator) -> None:
    """Passes drop a quantize that converts nothing; the file still has its tensor."""
    x = activation("x", (1, 4))
    t, y = replace(x, name="t"), activation("y", (1, 4), DType.INT8, quant(1 / 128))
    nodes = Node("q", "quantize", ("x",), ("t",)), Node("h", "tanh", ("t",), ("y",))
    graph = Graph("g", {"x": x, "t": t, "y": y}, nodes, ("x",), ("y",))
    agree(tflm, graph, rng)
    assert [n.op for n in prepare(as_file(graph)).nodes] == ["tanh"]


def test_scalars_and_constants_of_every_type_are_read_again() -> None:
    x, s = activation("x", (), DType.INT8), constant("s", 5, DType.INT8, usual(DType.INT8))
    graph = one_node("add", (x, s), (activation("y", ()),), activation="none")
    again = read_tflite(to_tflite(graph))
    assert again.tensors["x"].shape == again.tensors["s"].shape == ()
    assert again.tensors["s"].data == 5


def test_a_tensor_is_written_once() -> None:
    x = activation("x", (1, 2, 2, 1))
    graph = one_node("add", (x, x), (activation("y", ()),), activation="none")
    assert list(tensors(to_tflite(replace(graph, inputs=("x",))))) == ["x", "y"]


def test_floats_are_written_as_they_are(rng: np.random.Generator) -> None:
    w = Tensor("w", (2, 3), DType.FLOAT32, None, rng.normal(size=(2, 3)).astype(np.float32))
    x, y = activation("x", (1, 3), DType.FLOAT32), activation("y", (), DType.FLOAT32)
    again = read_tflite(to_tflite(one_node("fully_connected", (x, w), (y,), **FLAT)))
    assert again.tensors["w"].data is not None
    assert w.data is not None
    assert again.tensors["w"].data.tobytes() == w.data.tobytes()
    assert again.tensors["x"].quant is None
