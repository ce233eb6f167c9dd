"""Files that are broken or hostile: each is refused with a reason, and quickly."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeq.errors import EdgeqError, ModelError, Problems, UsageError
from edgeq.frontends import load
from edgeq.frontends.flatbuffer import Reader
from edgeq.frontends.tflite import read_tflite
from edgeq.frontends.tflite_tensors import MAX_NAME
from edgeq.ir.spec import check
from tests.models import TfliteModel
from tests.one_op import act, const, one_op

HOSTILE_NAMES = [
    "*/ system(); /*", 'say "hi"', "it's", "two\nlines", "../../etc/passwd", "nul\0inside",
    "x" * 10_000, "while", "", "int", "\u202egnp.exe", "\ud7ff\U0001f600", "a b", "%s%n", "{{ x }}",
]  # fmt: skip

Bend = Callable[[TfliteModel], object]


def relu(bend: Bend | None = None, **x: object) -> bytes:
    """A model of one RELU whose parts were bent before it was written."""
    model = TfliteModel()
    given = {"shape": (1, 4), "dtype": "int8", "scale": 0.1, **x}
    ends = [model.tensor(**given), model.tensor((1, 4), "int8", scale=0.1)]  # type: ignore[arg-type]
    model.op("RELU", ends[:1], ends[1:])
    if bend:
        bend(model)
    return model.build(ends[:1], ends[1:])


def dense(**w: object) -> bytes:
    """A model of one FULLY_CONNECTED, 4 inputs and 3 outputs, with its weights as given."""
    model = TfliteModel()
    given = {"shape": (3, 4), "dtype": "int8", "scale": 0.1, "data": np.ones((3, 4), np.int8), **w}
    x = model.tensor((1, 4), "int8", scale=0.1)
    weights = model.tensor(**given)  # type: ignore[arg-type]
    y = model.tensor((1, 3), "int8", scale=0.1)
    model.op("FULLY_CONNECTED", [x, weights, -1], [y])
    return model.build([x], [y])


def reasons(data: bytes, error: type[EdgeqError] = EdgeqError) -> str:
    with pytest.raises(error) as caught:
        read_tflite(data)
    return caught.value.text()


def test_the_models_that_the_tests_bend_are_good() -> None:
    check(read_tflite(relu()), "integer")
    check(read_tflite(dense()), "integer")


@pytest.mark.parametrize("data", [b"", b"T", b"\0" * 7, b"PK\3\4" * 100, b"\0" * 4096])
def test_a_file_of_another_kind_is_no_model(data: bytes) -> None:
    assert "not a TensorFlow Lite model" in reasons(data, ModelError)


def test_every_truncation_is_refused() -> None:
    data = dense()
    for size in range(len(data)):
        with pytest.raises(EdgeqError):
            read_tflite(data[:size])


def test_a_missing_file_and_a_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "none.tflite")
    (tmp_path / "folder.tflite").mkdir()
    with pytest.raises(UsageError, match="cannot read the model"):
        load(tmp_path / "folder.tflite")
    with pytest.raises(UsageError, match=r"no front end reads '\.txt' files"):
        load(tmp_path / "model.txt")


def test_another_schema_version_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.model.version = 4

    assert "schema version 4" in reasons(relu(bend))


def test_no_subgraph_is_refused() -> None:
    builder = TfliteModel()
    import flatbuffers

    builder.model.subgraphs = []
    out = flatbuffers.Builder(64)
    out.Finish(builder.model.Pack(out), b"TFL3")
    assert "no subgraph" in reasons(bytes(out.Output()))


def test_several_subgraphs_are_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(relu(), 0)
    model.subgraphs = [model.subgraphs[0], model.subgraphs[0]]
    assert "the model has 2 subgraphs" in reasons(_pack(model))


@pytest.mark.parametrize("index", [-2, 2, 7, 2**31 - 1, -(2**31)])
def test_tensor_indices_out_of_range(index: int) -> None:
    def inputs(model: TfliteModel) -> None:
        model.operators[0].inputs = [index]

    def outputs(model: TfliteModel) -> None:
        model.operators[0].outputs = [index]

    assert f"tensor {index} does not exist" in reasons(relu(inputs))
    assert f"tensor {index} does not exist" in reasons(relu(outputs))
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].inputs, ends.subgraphs[0].outputs = [index], [index]
    text = reasons(_pack(ends))
    assert f"input 0: tensor {index} does not exist" in text
    assert f"output 0: tensor {index} does not exist" in text


def test_an_absent_input_that_is_needed() -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].inputs = [-1]

    assert "input 0 (x) is missing" in reasons(relu(bend))


@pytest.mark.parametrize("count", [0, 2, 300])
def test_a_wrong_number_of_inputs(count: int) -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].inputs = [0] * count

    assert f"it has {count} inputs, not 1 to 1" in reasons(relu(bend))


@pytest.mark.parametrize("index", [1, 2**31])
def test_operator_codes_out_of_range(index: int) -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].opcodeIndex = index

    assert f"operator code {index} does not exist" in reasons(relu(bend))


def test_unknown_operator_codes() -> None:
    def bend(model: TfliteModel) -> None:
        model.codes[0].builtinCode = 9999

    assert "unknown operator code 9999" in reasons(relu(bend))


@pytest.mark.parametrize("index", [1, 2**32 - 1])
def test_buffer_indices_out_of_range(index: int) -> None:
    assert f"buffer {index} does not exist" in reasons(relu(buffer=index))


@pytest.mark.parametrize("size", [1, 11, 13, 4096])
def test_a_buffer_that_does_not_fit_its_shape(size: int) -> None:
    text = reasons(dense(data=bytes(size)))
    assert f"its buffer has {size} bytes" in text
    assert "shape (3, 4) takes 12" in text


@pytest.mark.parametrize(
    "shape",
    [(2**31 - 1, 2), (2**16, 2**16), (2**31 - 1,) * 8, (2**20, 2**20, 2**20, 16), (2**16,) * 4],
)
def test_shapes_whose_product_overflows(shape: tuple[int, ...]) -> None:
    assert "has more than 2147483647 elements" in reasons(relu(shape=shape))


@pytest.mark.parametrize("shape", [(1, -4), (0, 4), (4, 0, 2**31 - 1, 2**31 - 1)])
def test_shapes_without_elements(shape: tuple[int, ...]) -> None:
    reasons(relu(shape=shape), Problems)


def test_too_many_dimensions() -> None:
    assert "it has 9 dimensions" in reasons(relu(shape=(1,) * 9))


def test_dynamic_dimensions_beyond_the_batch() -> None:
    text = reasons(relu(signature=(-1, -1)))
    assert "its shape (-1, -1) is dynamic beyond the batch" in text
    assert "fix: convert the model with fixed shapes" in text


@pytest.mark.parametrize("shape", [(1, 4), (-1, 4)])
def test_a_dynamic_batch_is_one_or_what_was_asked(shape: tuple[int, int]) -> None:
    signature = (-1, 4) if shape[0] == 1 else None
    data = relu(shape=shape, signature=signature)
    assert [t.shape for t in read_tflite(data).tensors.values()] == [(1, 4), (1, 4)]
    assert [t.shape for t in read_tflite(data, batch=3).tensors.values()] == [(3, 4), (3, 4)]


def test_a_fixed_batch_stays() -> None:
    assert read_tflite(relu(), batch=1).tensors["t0"].shape == (1, 4)
    with pytest.raises(UsageError, match="no input can have a batch of 3"):
        read_tflite(relu(), batch=3)


@pytest.mark.parametrize(
    "scale", [float("nan"), 0.0, -0.1, float("inf"), -float("inf"), 1e30, 1e-40]
)
def test_scales_that_are_none(scale: float) -> None:
    assert "scale 0 is" in reasons(relu(scale=scale))
    assert "scale 1 is" in reasons(dense(scale=[0.1, scale, 0.1], axis=0))


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", 128), ("int8", -(2**40)), ("int16", 1)])
def test_zero_points_outside_the_type(dtype: str, zero_point: int) -> None:
    assert f"zero point {zero_point} is outside" in reasons(
        relu(dtype=dtype, zero_point=zero_point)
    )


def test_zero_points_that_differ_or_are_too_many() -> None:
    per_channel = {"scale": [0.1] * 3, "axis": 0}
    assert "different zero points" in reasons(dense(zero_point=[0, 1, 0], **per_channel))
    assert "1 scales, but 3 zero points" in reasons(dense(zero_point=[0, 0, 0]))


@pytest.mark.parametrize("axis", [1, 2, 7, -1, -(2**31)])
def test_a_wrong_per_channel_axis(axis: int) -> None:
    text = reasons(dense(scale=[0.1] * 3, axis=axis))
    assert f"3 scales do not fit dimension {axis} of shape (3, 4)" in text
    assert "weights are quantized along axis 1, not 0" in reasons(dense(scale=[0.1] * 4, axis=1))


def test_a_bias_may_name_the_weights_axis() -> None:
    model = TfliteModel()
    x, y = (model.tensor((1, n), "int8", scale=0.1) for n in (4, 3))
    w = model.tensor((3, 4), "int8", scale=[0.1] * 3, axis=0, data=np.ones((3, 4), np.int8))
    b = model.tensor((3,), "int32", scale=[0.01] * 3, axis=3, data=np.ones(3, np.int32))
    model.op("FULLY_CONNECTED", [x, w, b], [y])
    quant = read_tflite(model.build([x], [y])).tensors["t3"].quant
    assert quant is not None
    assert quant.axis == 0


def test_activations_with_a_scale_per_channel_are_not_integer() -> None:
    with pytest.raises(Problems, match="an activation with a scale per channel"):
        check(read_tflite(relu(scale=[0.1] * 4, axis=1)), "integer")


def test_a_cycle_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.tensor((1, 4), "int8", scale=0.1)
        model.op("RELU", [2], [1])
        model.operators[0].inputs, model.operators[0].outputs = [1], [2]

    text = reasons(relu(bend))
    assert "operator 0 (RELU): tensor 1 is read before it is computed" in text


def test_a_node_that_reads_what_it_writes_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].inputs = [1]

    assert "tensor 1 is read before it is computed" in reasons(relu(bend))


def test_a_tensor_written_twice_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.op("RELU", [0], [1])

    assert "operator 1 (RELU): tensor 1 is written, but already has a value" in reasons(relu(bend))


def test_an_input_that_is_written_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.operators[0].outputs = [0]

    assert "tensor 0 is written, but already has a value" in reasons(relu(bend))


def test_an_output_that_nothing_computes_is_refused() -> None:
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].operators = []
    assert "tensor 1 is an output, but no operator computes it" in reasons(_pack(ends))
    ends.subgraphs[0].outputs = []
    assert "the model has no output" in reasons(_pack(ends))


def test_inputs_and_outputs_named_twice_are_refused() -> None:
    ends = schema.ModelT.InitFromPackedBuf(relu(), 0)
    ends.subgraphs[0].inputs, ends.subgraphs[0].outputs = [0, 0], [1, 1]
    text = reasons(_pack(ends))
    assert "input 1: tensor 0 is an input twice" in text
    assert "output 1: tensor 1 is an output twice" in text


def test_unused_tensors_do_no_harm() -> None:
    def bend(model: TfliteModel) -> None:
        model.tensor((2**31 - 1, -7), "complex64", scale=float("nan"), buffer=99)

    graph = read_tflite(relu(bend))
    assert sorted(graph.tensors) == ["t0", "t1"]


def test_custom_operators_are_named() -> None:
    def bend(model: TfliteModel) -> None:
        model.op("CUSTOM", [0], [], custom='Evil\n"*/' + "x" * 5000)

    text = reasons(relu(bend))
    assert "operator 1 (custom operator 'Evil\\n\"*/xxx" in text
    assert "the operator is not supported" in text
    assert len(text) < 400


def test_the_operators_own_options_are_asked_for() -> None:
    data = one_op("SOFTMAX", [act((1, 4))], [act((1, 4))], beta=1.0)
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    model.subgraphs[0].operators[0].builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
    model.subgraphs[0].operators[0].builtinOptions = schema.Conv2DOptionsT()
    assert "its options are not SoftmaxOptions" in reasons(_pack(model))


@pytest.mark.parametrize("dtype", ["string", "complex64", "resource", "float64", "uint16"])
def test_types_that_are_not_supported(dtype: str) -> None:
    text = reasons(relu(dtype=dtype, scale=None))
    assert f"type {dtype} is not supported" in text


def test_int4_weights_are_refused() -> None:
    assert "int4 weights are not supported" in reasons(dense(dtype="int4", data=bytes(6)))


def test_variables_are_refused() -> None:
    assert "keeps its value between runs" in reasons(relu(variable=True))


def test_sparse_weights_are_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(dense(), 0)
    model.subgraphs[0].tensors[1].sparsity = schema.SparsityParametersT()
    assert "it is sparse" in reasons(_pack(model))


def test_buffers_behind_the_flatbuffer_are_read_within_the_file() -> None:
    model = schema.ModelT.InitFromPackedBuf(dense(), 0)
    model.buffers[1].data = None
    model.buffers[1].size, model.buffers[1].offset = 12, 2**40
    assert "buffer 1 lies outside the file" in reasons(_pack(model))
    model.buffers[1].offset = len(_pack(model))
    data = _pack(model) + bytes(range(12))
    weights = read_tflite(data).tensors["t1"].data
    assert weights is not None
    assert weights.reshape(-1).tolist() == list(range(12))
    assert "lies outside the file" in reasons(data[:-1])


def test_every_problem_is_told_at_once() -> None:
    def bend(model: TfliteModel) -> None:
        t = [model.tensor((1, 4), "int8", scale=0.1) for _ in range(5)]
        model.op("UNIDIRECTIONAL_SEQUENCE_LSTM", [0], [t[0]])
        model.op("CUSTOM", [t[0]], [t[1]], custom="Mine")
        model.op("TANH", [t[1]], [t[2]])
        model.op("LOGISTIC", [t[4]], [t[3]])

    data = relu(bend, scale=-1.0)
    with pytest.raises(Problems) as caught:
        read_tflite(data)
    assert [p.where for p in caught.value.problems] == [
        "input 0, tensor 0 't0'",
        "operator 0 (RELU), tensor 0 't0'",
        "operator 1 (UNIDIRECTIONAL_SEQUENCE_LSTM)",
        "operator 2 (custom operator 'Mine')",
        "operator 4 (LOGISTIC)",
    ]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_are_kept_unique_and_bounded(name: str) -> None:
    graph = read_tflite(relu(lambda model: setattr(model.tensors[1], "name", name), name=name))
    first, second = graph.inputs[0], graph.outputs[0]
    assert first == (name[:MAX_NAME] or "tensor#0")
    assert second == (f"{name[:MAX_NAME]}#1" if name else "tensor#1")
    assert dict(graph.file_index) == {first: 0, second: 1}
    check(graph, "integer")


def test_names_that_imitate_unique_ones_stay_unique() -> None:
    def bend(model: TfliteModel) -> None:
        for i, name in enumerate(("a", "a")):
            model.tensors[i].name = name
        model.tensor((1,), name="a#1")

    graph = read_tflite(relu(bend))
    assert graph.inputs + graph.outputs == ("a", "a#1")


def test_names_that_are_not_utf8_are_kept_readable() -> None:
    data = relu(name="abc").replace(b"abc", b"\xff\xfec")
    assert read_tflite(data).inputs == ("\ufffd\ufffdc",)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_messages_show_names_on_one_short_line(name: str) -> None:
    text = reasons(relu(scale=-1.0, name=name))
    assert len(text.splitlines()) == 5
    assert len(text) < 600
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_a_vector_longer_than_the_file_is_refused_before_it_is_read() -> None:
    data = bytearray(dense())
    at = data.index(struct.pack("<Iii", 2, 3, 4))  # the shape of the weights
    data[at : at + 4] = struct.pack("<I", 2**32 - 1)
    assert "counts 4294967295 elements" in reasons(bytes(data))


def test_bytes_shared_too_often_exhaust_the_budget() -> None:
    reader = Reader(bytes(1000))
    reader.charge(16_000 + 65_536)
    with pytest.raises(ModelError, match="the same bytes again and again"):
        reader.charge(1)


def test_a_constant_input_is_refused() -> None:
    text = reasons(relu(data=np.ones((1, 4), np.int8)))
    assert "tensor 0 is an input, but constant" in text


def test_a_declared_shape_that_is_not_computed_is_refused() -> None:
    assert "an output is declared (1, 4), but is (1, 5)" in reasons(relu(shape=(1, 5)))


def test_constants_as_parameters_are_bounded() -> None:
    axes = const(np.zeros(5000, np.int32))
    data = one_op("MEAN", [act((2, 3)), axes], [act((3,))])
    assert "not a few integers" in reasons(data)


def _pack(model: object) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")  # type: ignore[attr-defined]
    return bytes(builder.Output())
