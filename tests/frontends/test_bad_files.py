"""Files and tensors that are broken or hostile: each is refused with a reason, and quickly."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgeq.errors import EdgeqError, ModelError, Problems, UsageError
from edgeq.frontends import load
from edgeq.frontends.flatbuffer import Reader
from edgeq.frontends.tflite import read_tflite
from edgeq.ir.spec import check
from tests.frontends.bent import dense, reasons, relu, written
from tests.models import TfliteModel


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


@pytest.mark.parametrize(
    ("data", "kind"), [(b"", ModelError), (relu()[:200], ModelError), (relu(buffer=7), Problems)]
)
def test_a_refusal_names_the_file(tmp_path: Path, data: bytes, kind: type[EdgeqError]) -> None:
    (tmp_path / "m.tflite").write_bytes(data)
    with pytest.raises(kind) as caught:
        load(tmp_path / "m.tflite")
    assert caught.value.text().startswith(f"{tmp_path / 'm.tflite'}: ")


def test_another_schema_version_is_refused() -> None:
    def bend(model: TfliteModel) -> None:
        model.model.version = 4

    assert "schema version 4" in reasons(relu(bend))


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


@pytest.mark.parametrize("dtype", ["string", "complex64", "resource", "float64", "uint16"])
def test_types_that_are_not_supported(dtype: str) -> None:
    text = reasons(relu(dtype=dtype, scale=None))
    assert f"type {dtype} is not supported" in text


def test_int4_is_for_constants_of_the_right_size() -> None:
    assert "type int4 of an activation is not supported" in reasons(relu(dtype="int4"))
    assert "its buffer has 5 bytes" in reasons(dense(dtype="int4", data=bytes(5)))
    assert "zero point 1 is outside" in reasons(dense(dtype="int4", data=bytes(6), zero_point=1))


def test_variables_are_refused() -> None:
    assert "keeps its value between runs" in reasons(relu(variable=True))


def test_sparse_weights_are_refused() -> None:
    model = schema.ModelT.InitFromPackedBuf(dense(), 0)
    model.subgraphs[0].tensors[1].sparsity = schema.SparsityParametersT()
    assert "it is sparse" in reasons(written(model))


def test_buffers_behind_the_flatbuffer_are_read_within_the_file() -> None:
    model = schema.ModelT.InitFromPackedBuf(dense(), 0)
    model.buffers[1].data = None
    model.buffers[1].size, model.buffers[1].offset = 12, 2**40
    assert "buffer 1 lies outside the file" in reasons(written(model))
    model.buffers[1].offset = len(written(model))
    data = written(model) + bytes(range(12))
    weights = read_tflite(data).tensors["t1"].data
    assert weights is not None
    assert weights.reshape(-1).tolist() == list(range(12))
    assert "lies outside the file" in reasons(data[:-1])


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
