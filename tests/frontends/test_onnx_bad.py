"""Bad .onnx files: each is one clear error, and all problems of a graph come at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from edgeq.errors import EdgeqError, ModelError, Problems, UsageError
from edgeq.frontends import load
from edgeq.frontends.onnx import read_onnx
from edgeq.frontends.shapes import shapes_of_texts
from tests.frontends.onnx_models import OnnxModel, one

IMAGE = {"x": (1, 2, 4, 4)}
WEIGHTS = np.ones((3, 2, 3, 3), np.float32)
Bend = Callable[[Any], object]


def conv(**attrs: Any) -> bytes:
    return one("Conv", IMAGE, {"w": WEIGHTS}, **attrs)


def bent(bend: Bend, data: bytes | None = None) -> bytes:
    """A small good model, changed."""
    model = onnx.load_from_string(data or conv())
    bend(model)
    return bytes(model.SerializeToString())


def reasons(data: bytes, error: type[EdgeqError] = EdgeqError, **options: Any) -> str:
    with pytest.raises(error) as caught:
        read_onnx(data, **options)
    return caught.value.text()


def opset(version: int) -> Bend:
    def bend(model: Any) -> None:
        model.opset_import[0].version = version

    return bend


@pytest.mark.parametrize("data", [b"", b"\x00" * 64, b"TFL3 and more", conv()[:-40], conv()[:30]])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    assert "not an ONNX model" in reasons(data) or "damaged" in reasons(data)


def test_a_future_opset_is_one_error() -> None:
    newest = onnx.defs.onnx_opset_version()
    text = reasons(bent(opset(newest + 1)), ModelError)
    assert f"opset {newest + 1} is not supported" in text
    assert "fix: install a newer onnx" in text


def test_an_old_opset_is_one_error() -> None:
    assert "opset 6 is not supported" in reasons(bent(opset(6)), ModelError)


@pytest.mark.parametrize("version", [7, 13, 17, 21, onnx.defs.onnx_opset_version()])
def test_every_opset_between_is_read(version: int) -> None:
    assert [n.op for n in read_onnx(conv(opset=version)).nodes] == ["conv_2d"]


@pytest.mark.parametrize("op", ["Squeeze", "Unsqueeze"])
def test_axes_below_0_came_with_opset_11(op: str) -> None:
    text = reasons(one(op, {"x": (2, 1, 3, 1)}, opset=9, axes=[-1]))
    assert f"({op}): axes (-1,) are below 0" in text


def test_all_problems_come_at_once() -> None:
    m = OnnxModel()
    m.node("LSTM", ["x"], ["a"], name="memory")
    m.node("Conv", ["x", "nothing"], ["b"], name="lonely")
    m.node("Det", ["a"], ["c"], name="matrix")
    m.node("Relu", ["a"], ["d"], name="quiet")
    m.node("Pad", ["x", m.const("p", [0] * 8, np.int64)], ["y"], mode="reflect", name="mirror")
    text = reasons(m.build(IMAGE, ("c", "d", "y")), Problems)
    for part in ("'memory' (LSTM): the operator is not supported",
                 "'lonely' (Conv): 'nothing' is read, but nothing computes it",
                 "'matrix' (Det): the operator is not supported",
                 "'mirror' (Pad): padding by 'reflect' is not supported"):  # fmt: skip
        assert part in text
    assert "quiet" not in text


def test_a_cycle_names_its_nodes() -> None:
    m = OnnxModel().node("Add", ["x", "b"], ["a"], name="first")
    m.node("Relu", ["a"], ["b"], name="second")
    text = reasons(m.build({"x": (2,)}, ("b",)))
    assert "cycle" in text
    assert "'first'" in text
    assert "'second'" in text


def test_nodes_may_come_in_any_order() -> None:
    m = OnnxModel().node("Relu", ["a"], ["y"]).node("Tanh", ["x"], ["a"])
    assert [n.op for n in read_onnx(m.build({"x": (2,)})).nodes] == ["tanh", "relu"]


def test_a_value_is_written_once() -> None:
    m = OnnxModel().node("Relu", ["x"], ["y"]).node("Tanh", ["x"], ["y"])
    assert "already has a value" in reasons(m.build({"x": (2,)}))


def test_an_output_that_nobody_computes_is_named() -> None:
    data = OnnxModel().node("Relu", ["x"], ["y"]).build({"x": (2,)}, ("y", "z"))
    assert "output 'z' is not computed" in reasons(data)
    assert "no output" in reasons(bent(lambda m: m.graph.ClearField("output")))


@pytest.mark.parametrize(
    ("attrs", "reason"),
    [({"strides": [0, 1]}, "strides"), ({"strides": [1]}, "strides"),
     ({"pads": [-1, 0, 0, 0]}, "pads"), ({"pads": [2**40, 0, 0, 0]}, "Conv"),
     ({"group": 0}, "groups"), ({"group": 2}, "groups"), ({"group": -1}, "groups"),
     ({"dilations": [2**40, 1]}, "Conv"), ({"dilations": [5, 5]}, "Conv"),
     ({"kernel_shape": [2, 2]}, "kernel_shape"), ({"auto_pad": "SOME"}, "auto_pad"),
     ({"strides": "wide"}, "Conv"), ({"group": "two"}, "group")],
)  # fmt: skip
def test_attributes_that_make_no_sense_name_the_node(attrs: Any, reason: str) -> None:
    text = reasons(conv(**attrs), Problems)
    assert "'Conv_0' (Conv)" in text
    assert reason in text


@pytest.mark.parametrize(
    ("model", "reason"),
    [(one("Conv", {"x": (1, 2, 4, 4), "w": (3, 2, 3, 3)}), "the weights must be constant"),
     (one("Conv", {"x": (1, 5, 4, 4)}, {"w": WEIGHTS}), "Conv"),
     (one("Conv", {"x": (1, 2, 2, 2)}, {"w": WEIGHTS}), "Conv"),
     (one("MatMul", {"a": (2, 3), "b": (3, 2)}), "two computed matrices"),
     (one("MatMul", {"a": (2, 3)}, {"b": np.ones((4, 2))}), "MatMul"),
     (one("Reshape", {"x": (2, 3)}, {"s": [4, -1]}), "Reshape"),
     (one("Add", {"a": (2, 3), "b": (4,)}), "Add"),
     (one("Transpose", {"x": (2, 3)}, perm=[0, 0]), "Transpose"),
     (one("Concat", {"a": (2, 3), "b": (3, 3)}, axis=1), "Concat"),
     (one("Gather", {"x": (2, 3)}, {"i": [7]}), "axis 7 does not exist"),
     (one("Slice", {"x": (2, 3)}, {"s": [2], "e": [1]}), "is not possible"),
     (one("Softmax", {"x": (2, 3)}, axis=5), "Softmax"),
     (one("Clip", {"x": (2,)}, {"lo": np.float32(2), "hi": np.float32(1)}), "clips to"),
     (one("Div", {"x": (2,)}, {"c": np.float32(0)}), "division by zero"),
     (one("Cast", {"x": (2,)}, to=6), "cast to integers"),
     (one("MaxPool", IMAGE, outputs=("y", "i"), kernel_shape=[2, 2]), "indices"),
     (one("Resize", IMAGE, {"s": np.array([1, 1, 2, 2], np.float32)}, order=["x", "", "s"],
          mode="cubic"), "'cubic' is not supported"),
     (one("BatchNormalization", IMAGE, {k: -np.ones(2, np.float32) for k in "sbmv"}),
      "variance is not positive"),
     (one("Relu", {"x": (2, 0)}), "open"),
     (one("Expand", {"x": (1, 3)}, {"s": [2**31, 3]}), "Expand")],
)  # fmt: skip
def test_what_does_not_fit_is_named(model: bytes, reason: str) -> None:
    assert reason in reasons(model)


def test_an_enormous_constant_is_not_made() -> None:
    m = OnnxModel().node("ConstantOfShape", [m_shape := "s"], ["c"]).node("Add", ["x", "c"])
    m.const(m_shape, [1 << 20, 1 << 20], np.int64)
    assert "is not computed" in reasons(m.build({"x": (1,)}))


def test_a_constant_that_claims_more_than_it_has_is_damaged() -> None:
    def grow(model: Any) -> None:
        model.graph.initializer[0].dims[0] = 1 << 20

    assert "constant 'w': a constant is damaged" in reasons(bent(grow))


def test_constants_of_other_types_are_refused() -> None:
    def turn(model: Any) -> None:
        model.graph.initializer[0].data_type = onnx.TensorProto.STRING

    assert "constants of type string are not supported" in reasons(bent(turn))


def test_text_from_the_file_is_printed_harmlessly() -> None:
    m = OnnxModel().node("Nothing\x1b[31m", ["x"], name="\x1b[2Jgone\n" * 50)
    text = reasons(m.build({"x": (1,)}))
    assert text.isascii()
    assert "\x1b" not in text
    assert len(text) < 600


# Shapes.


def open_model(*shape: int | str) -> bytes:
    return OnnxModel().node("Relu", ["x"]).build({"x": shape})


def test_an_open_batch_is_1_or_what_is_asked_for() -> None:
    assert read_onnx(open_model("N", 3)).tensors["x"].shape == (1, 3)
    assert read_onnx(open_model("N", 3), batch=4).tensors["x"].shape == (4, 3)
    with pytest.raises(UsageError, match="no input can have a batch of 4"):
        read_onnx(open_model(1, 3), batch=4)


def test_more_open_dimensions_need_a_shape() -> None:
    data = open_model("N", 3, "height", "width")
    text = reasons(data)
    assert "input 'x' has an open shape '(N, 3, height, width)'" in text
    assert "--input-shape" in text
    assert read_onnx(data, input_shape=(2, 3, 8, 9)).tensors["y"].shape == (2, 3, 8, 9)
    assert read_onnx(data, input_shape={"x": [1, 3, 8, 9]}).tensors["y"].shape == (1, 3, 8, 9)


@pytest.mark.parametrize(
    ("given", "reason"),
    [((1, 4, 8, 9), "cannot have shape"), ((1, 3, 8), "cannot have shape"),
     ((1, 3, 0, 9), "cannot have shape"), ({"z": (1, 3, 8, 9)}, "no input 'z'")],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(given: Any, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        read_onnx(open_model("N", 3, "h", "w"), input_shape=given)


def test_one_name_is_one_size() -> None:
    data = OnnxModel().node("Add", ["a", "b"]).build({"a": ("n", 3), "b": ("n", 3)})
    graph = read_onnx(data, input_shape={"a": (5, 3)})
    assert graph.tensors["b"].shape == (5, 3)


def test_a_shape_needs_a_name_where_there_are_several() -> None:
    data = OnnxModel().node("Add", ["a", "b"]).build({"a": ("n", 3), "b": ("n", 3)})
    with pytest.raises(UsageError, match="without the name"):
        read_onnx(data, input_shape=(5, 3))


def test_shapes_are_read_from_texts() -> None:
    assert shapes_of_texts(["1,3,8", "a=b=2, 4"]) == {"": (1, 3, 8), "a=b": (2, 4)}
    for text in ("", "x=", "x=1,,2", "x=1,-2", "1x3", "x=1.5", "1,99999999999"):
        with pytest.raises(UsageError, match="not a shape"):
            shapes_of_texts([text])
    with pytest.raises(UsageError, match="two shapes"):
        shapes_of_texts(["1,2", "3,4"])


# External data.


def external(folder: Path, location: str, *, offset: str = "0", length: str = "216") -> Path:
    """A model beside its weights, which are said to be elsewhere."""
    model = onnx.load_from_string(conv())
    weights = model.graph.initializer[0]
    raw = weights.raw_data
    (folder / "weights.bin").write_bytes(b"\0" * 8 + raw)
    weights.ClearField("raw_data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        weights.external_data.add(key=key, value=value)
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_external_data_is_read_beside_the_model(tmp_path: Path) -> None:
    graph = load(external(tmp_path, "weights.bin", offset="8"))
    weights = graph.tensors[graph.nodes[0].inputs[1]]
    assert weights.data is not None
    assert np.array_equal(weights.data, np.ones((3, 3, 3, 2), np.float32))


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../weights.bin", "a/../../weights.bin", "..\\weights.bin", "",
                 "C:\\weights.bin", "link/weights.bin", "link.bin", "\0"],
)  # fmt: skip
def test_external_data_outside_the_folder_is_refused(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "weights.bin").write_bytes(b"\0" * 300)
    (folder / "link").symlink_to(tmp_path)
    (folder / "link.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(Problems, match="outside the model's folder"):
        load(external(folder, location))


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"offset": "9"}, "too short"), ({"offset": "99999999999"}, "too short"),
     ({"length": "9"}, "216 are needed"), ({"offset": "-1"}, "not a count"),
     ({"length": "many"}, "not a count")],
)  # fmt: skip
def test_external_data_that_does_not_fit_is_refused(
    tmp_path: Path, options: dict[str, str], reason: str
) -> None:
    with pytest.raises(Problems, match=reason):
        load(external(tmp_path, "weights.bin", **options))


def test_external_data_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problems, match=r"'other\.bin' is missing"):
        load(external(tmp_path, "other.bin"))


def test_external_data_needs_a_folder(tmp_path: Path) -> None:
    data = external(tmp_path, "weights.bin").read_bytes()
    assert "only for models loaded from a file" in reasons(data)


# Anything.

GOOD = (
    conv(auto_pad="SAME_UPPER"),
    one("Reshape", {"x": (2, 6)}, {"s": [3, -1]}),
    one("Gemm", {"x": (2, 7)}, {"b": np.ones((7, 3)), "c": np.ones(3)}),
    OnnxModel().node("Shape", ["x"], ["s"]).node("Reshape", ["x", "s"]).build({"x": (2, 3)}),
)


@settings(max_examples=150)
@given(st.sampled_from(GOOD), st.data())
def test_mutated_files_are_read_or_refused(good: bytes, data: st.DataObject) -> None:
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(broken[: data.draw(st.integers(0, len(broken)))])
    for candidate in (bytes(broken), cut):
        try:
            graph = read_onnx(candidate)
        except EdgeqError:
            continue
        assert graph.outputs


def test_a_function_of_the_model_is_written_out() -> None:
    body = [helper.make_node("Relu", ["a"], ["b"]), helper.make_node("Tanh", ["b"], ["c"])]
    function = helper.make_function("own", "twice", ["a"], ["c"], body,
                                    [helper.make_opsetid("", 13)])  # fmt: skip

    def add(model: Any) -> None:
        model.functions.append(function)
        model.opset_import.append(helper.make_opsetid("own", 1))

    data = OnnxModel().node("twice", ["x"], domain="own").build({"x": (2, 3)})
    assert [n.op for n in read_onnx(bent(add, data)).nodes] == ["relu", "tanh"]
