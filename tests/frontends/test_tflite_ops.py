"""Every operator in every type: what the front end makes of one-operator models."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import Problems
from edgeq.frontends.tflite import read_tflite
from edgeq.frontends.tflite_windows import same_padding
from edgeq.ir import DType, Graph, Node
from edgeq.ir.spec import check
from tests import operators as ops
from tests.examples import DTYPES, EXAMPLES
from tests.one_op import T, act, bias_for, const, weights

READ = sorted(name for name in EXAMPLES if name != "SHAPE")


def read(data: bytes) -> Graph:
    graph = read_tflite(data)
    check(graph, "loaded")
    return graph


def node_of(data: bytes) -> Node:
    (node,) = read(data).nodes
    return node


def attrs_of(data: bytes) -> dict[str, object]:
    return dict(node_of(data).attrs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", READ)
def test_every_operator_is_read_in_every_type(
    name: str, dtype: str, rng: np.random.Generator
) -> None:
    data = EXAMPLES[name](dtype, rng)
    graph = read(data)
    assert len(graph.nodes) == 1
    assert graph.source == data
    assert graph.tensors[graph.inputs[0]].dtype == dtype
    assert all(name in graph.tensors for name in graph.file_index)
    assert sorted(graph.file_index) == sorted(graph.tensors)


def test_a_shape_is_a_constant(rng: np.random.Generator) -> None:
    graph = read(EXAMPLES["SHAPE"]("int8", rng))
    assert graph.nodes == ()
    shape = graph.tensors[graph.outputs[0]].data
    assert shape is not None
    assert shape.tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("size", "taps", "stride", "dilation", "padding"),
    [
        (5, 3, 1, 1, (1, 1)),
        (5, 3, 2, 1, (1, 1)),
        (6, 3, 2, 1, (0, 1)),
        (6, 2, 1, 1, (0, 1)),
        (6, 2, 3, 1, (0, 0)),
        (7, 3, 1, 2, (2, 2)),
        (1, 5, 1, 1, (2, 2)),
        (1, 4, 2, 3, (4, 5)),
    ],
)
def test_same_padding_puts_the_odd_one_after(
    size: int, taps: int, stride: int, dilation: int, padding: tuple[int, int]
) -> None:
    assert same_padding(size, taps, stride, dilation) == padding


def test_convolution_padding_is_top_bottom_left_right(rng: np.random.Generator) -> None:
    x, w = act((1, 6, 5, 3)), weights(rng, (4, 3, 2, 3), axis=0)
    attrs = attrs_of(ops.conv_2d(x, w, bias_for(rng, x, w, 4), stride=(2, 1)))
    assert attrs == {
        "stride": (2, 1),
        "dilation": (1, 1),
        "padding": (0, 1, 0, 1),
        "activation": "none",
    }
    valid = ops.conv_2d(x, w, dilation=(2, 3), padding="VALID", activation="RELU_N1_TO_1")
    assert attrs_of(valid) == {
        "stride": (1, 1),
        "dilation": (2, 3),
        "padding": (0, 0, 0, 0),
        "activation": "relu_n1_to_1",
    }


def test_groups_are_seen_by_the_weights(rng: np.random.Generator) -> None:
    graph = read(ops.conv_2d(act((1, 4, 4, 6)), weights(rng, (4, 1, 1, 3), axis=0)))
    assert graph.tensors[graph.outputs[0]].shape == (1, 4, 4, 4)


def test_scales_are_float32_values_in_float64(rng: np.random.Generator) -> None:
    x, w = act((1, 6, 5, 3), scale=0.1), weights(rng, (4, 3, 2, 3), axis=0)
    graph = read(ops.conv_2d(x, w, bias_for(rng, x, w, 4)))
    quant, wq = graph.tensors["t0"].quant, graph.tensors["t1"].quant
    assert quant is not None
    assert wq is not None
    assert quant.scale.dtype == np.float64
    assert quant.scale.tolist() == [float(np.float32(0.1))]
    assert (quant.zero_point, quant.axis) == (-3, None)
    assert wq.scale.tolist() == np.asarray(w.scale, np.float32).astype(float).tolist()
    assert wq.axis == 0
    data = graph.tensors["t1"].data
    assert data is not None
    assert w.data is not None
    assert np.array_equal(data, w.data)


@pytest.mark.parametrize("bias", ["int32", "int64"])
def test_int16_takes_either_bias(bias: str, rng: np.random.Generator) -> None:
    x, w = act((1, 6, 5, 3), "int16"), weights(rng, (4, 3, 2, 3), axis=0)
    graph = read(ops.conv_2d(x, w, bias_for(rng, x, w, 4, bias)))
    assert graph.tensors["t2"].dtype == bias


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("axis", [None, 0])
def test_hybrid_weights_become_floats(
    dtype: str, axis: int | None, rng: np.random.Generator
) -> None:
    if dtype == "uint8" and axis is not None:
        axis = None  # legacy weights have one scale
    x, w = act((2, 8), "float32"), weights(rng, (5, 8), dtype, axis)
    bias = const(np.ones(5, np.float32))
    graph = read(ops.fully_connected(x, w, bias))
    real = graph.tensors[graph.nodes[0].inputs[1]]
    assert real.dtype is DType.FLOAT32
    assert real.quant is None
    assert w.data is not None
    scale = np.asarray(w.scale, np.float32).reshape(-1, 1)
    want = (w.data.astype(np.int32) - w.zero_point).astype(np.float32) * scale
    assert real.data is not None
    assert np.array_equal(real.data, want)


def test_float16_weights_behind_a_dequantize_are_floats(rng: np.random.Generator) -> None:
    from tests.models import TfliteModel

    data = rng.normal(size=(5, 8)).astype(np.float16)
    model = TfliteModel()
    x = model.tensor((2, 8), "float32")
    half = model.tensor((5, 8), "float16", data=data)
    w, y = model.tensor((5, 8), "float32"), model.tensor((2, 5), "float32")
    model.op("DEQUANTIZE", [half], [w])
    model.op("FULLY_CONNECTED", [x, w], [y])
    graph = read(model.build([x], [y]))
    assert [node.op for node in graph.nodes] == ["fully_connected"]
    real = graph.tensors["t2"].data
    assert real is not None
    assert np.array_equal(real, data.astype(np.float32))


@pytest.mark.parametrize(
    ("begin", "end", "strides", "masks"),
    [
        ((0, 1, 1), (2, 3, 4), (1, 1, 2), {}),
        ((0, 0, 0), (0, 0, 0), (1, 1, 1), {"end_mask": 7}),
        ((1, -1, -1), (0, -4, 0), (-1, -2, -1), {"begin_mask": 1, "end_mask": 5}),
        ((0, -2, 1), (1, 9, 2), (1, 1, 1), {"shrink_axis_mask": 5}),
        ((-1,), (0,), (1,), {"shrink_axis_mask": 1}),
        ((0, 1), (0, 3), (1, 1), {"ellipsis_mask": 1}),
        ((0, 0, 1), (0, 0, 3), (1, 1, 1), {"ellipsis_mask": 2, "new_axis_mask": 1}),
        ((1, 0, 0), (2, 0, 9), (1, 1, 3), {"ellipsis_mask": 2, "new_axis_mask": 4}),
        ((-99, 1, 0), (99, 99, 99), (1, 1, 1), {}),
    ],
)
def test_strided_slices_are_numpys(
    begin: tuple[int, ...],
    end: tuple[int, ...],
    strides: tuple[int, ...],
    masks: dict[str, int],
) -> None:
    node = node_of(ops.strided_slice(act((2, 3, 4)), begin, end, strides, **masks))
    x = np.arange(24).reshape(2, 3, 4)
    spans = zip(node.ints("begin"), node.ints("size"), node.ints("strides"), strict=True)
    taken = x[np.ix_(*(b + s * np.arange(n) for b, n, s in spans))]
    want = x[ops._numpy_index(begin, end, strides, masks)]
    assert taken.reshape(-1).tolist() == want.reshape(-1).tolist()
    assert node.attrs["shape"] == want.shape


def test_slice_of_minus_one_takes_the_rest() -> None:
    attrs = attrs_of(ops.slice_of(act((2, 3, 4)), (0, 1, 2), (2, -1, 1)))
    assert attrs == {"begin": (0, 1, 2), "size": (2, 2, 1), "strides": (1, 1, 1)}


def test_negative_axes_count_from_the_front() -> None:
    x = act((2, 3, 4))
    assert attrs_of(ops.mean(x, (-1, 1)))["axes"] == (1, 2)
    assert attrs_of(ops.arg_max(x, -3))["axis"] == 0
    assert attrs_of(ops.concatenation([x, x], -2))["axis"] == 1
    assert attrs_of(ops.pack([x, x], -1))["axis"] == 3
    assert attrs_of(ops.unpack(x, -2))["axis"] == 1
    assert attrs_of(ops.split(x, -1, 2)) == {"axis": 2, "sizes": (2, 2)}
    assert attrs_of(ops.split_v(x, -1, (1, 3))) == {"axis": 2, "sizes": (1, 3)}
    assert node_of(ops.expand_dims(x, -1)).attrs["shape"] == (2, 3, 4, 1)


def test_pad_fills_with_the_outputs_zero_or_the_given_value() -> None:
    pads = ((0, 1), (2, 0), (1, 1))
    assert attrs_of(ops.pad(act((2, 3, 4)), pads)) == {
        "before": (0, 2, 1),
        "after": (1, 0, 1),
        "value": -3,
    }
    value = const([7], "int8", scale=0.05, zero_point=-3)
    assert attrs_of(ops.pad(act((2, 3, 4)), pads, value))["value"] == 7
    assert attrs_of(ops.pad(act((2, 3, 4), "float32"), pads))["value"] == 0.0


def test_pad_of_another_scale_is_refused() -> None:
    value = const([7], "int8", scale=0.01, zero_point=0)
    with pytest.raises(Problems, match="one element of the output's type and quantization"):
        read(ops.pad(act((2,)), ((1, 1),), value))


def test_reshape_without_a_second_input_takes_its_options() -> None:
    node = node_of(ops.reshape(act((2, 3, 4)), (6, 4), as_option=True))
    assert node.inputs == ("t0",)
    assert node.attrs["shape"] == (6, 4)


@pytest.mark.parametrize("activation", ["TANH", "SIGN_BIT"])
def test_rare_fused_activations_are_refused(activation: str) -> None:
    x = act((2, 3))
    with pytest.raises(Problems, match=f"fused activation {activation} is not supported"):
        read(ops.binary("ADD", x, x, activation=activation))


@pytest.mark.parametrize(
    ("x", "w", "bias", "why"),
    [
        ("int8", "uint8", "int32", "int8 by uint8 weights"),
        ("int16", "int16", "int64", "int16 by int16 weights"),
        ("int8", "int8", "int64", "a int64 bias beside int8"),
        ("float32", "float32", "int32", "a int32 bias beside float32"),
    ],
)
def test_types_that_do_not_multiply_are_refused(x: str, w: str, bias: str, why: str) -> None:
    scale = None if w == "float32" else 0.1
    weights_ = const(np.ones((5, 8)), w, scale=scale)
    with pytest.raises(Problems, match=why):
        read(ops.fully_connected(act((2, 8), x), weights_, const(np.ones(5), bias)))


def test_computed_weights_are_refused() -> None:
    with pytest.raises(Problems, match="weights must be constant"):
        read(ops.fully_connected(act((2, 8)), T((5, 8), "int8", 0.1)))
