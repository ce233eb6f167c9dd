"""What lowering a multiply-accumulate proves, refuses, and hands to the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.errors import GraphError, QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Tensor
from edgeq.numerics.fixed_point import INT32_MAX
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Call, View, all_ops, op_of_contract
from edgeq.reference.exact import exact
from tests import operators as ops
from tests.one_op import T, act, const

CONV: dict[str, Attr] = {
    "stride": (1, 1),
    "dilation": (1, 1),
    "padding": (0, 0, 0, 0),
    "activation": "none",
}
FC: dict[str, Attr] = {"activation": "none", "keep_num_dims": False}


def tensor(
    shape: tuple[int, ...],
    dtype: DType = DType.INT8,
    scale: Any = 0.5,
    data: Any = None,
    zero: int = 0,
) -> Tensor:
    quant = None if scale is None else QuantParams(np.atleast_1d(np.float64(scale)), zero)
    return Tensor("t", shape, dtype, quant, data)


def layer(
    weights: Any, bias: Any = None, factor: float = 1.0, dtype: DType = DType.INT8, **zeros: int
) -> tuple[Node, tuple[Tensor | None, ...], tuple[Tensor, ...]]:
    """A fully connected layer whose rescale factor is `factor`; bias of its own dtype."""
    w = np.asarray(weights, np.int8)
    b = None if bias is None else np.asarray(bias)
    inputs = (
        tensor((1, w.shape[1]), dtype, 1.0, zero=zeros.get("zx", 0)),
        tensor(w.shape, DType.INT8, factor, w),
        None if b is None else tensor(b.shape, DType(b.dtype.name), None, b),
    )
    output = tensor((1, w.shape[0]), dtype, 1.0, zero=zeros.get("zy", 0))
    return Node("fc0", "fully_connected", ("x", "w", "b"), ("y",), FC), inputs, (output,)


def lower(*made: Any, profile: Profile = Profile.TFLM) -> Call:
    node, inputs, outputs = made
    lowered = all_ops()[node.op].lower(node, inputs, outputs, profile)
    assert isinstance(lowered, tuple)
    (call,) = lowered
    return call


def bias32(*values: int) -> Any:
    return np.array(values, np.int32)


def test_greatest_accumulator_of_int32_is_accepted_and_one_more_refused() -> None:
    limit = INT32_MAX - 128 * 100  # x = -128 with weight -100
    assert lower(*layer([[-100]], bias32(limit), 2.0**-24)).facts["acc_bits"] == 32
    with pytest.raises(QuantError, match="fc0: the accumulator may reach 2147483648"):
        lower(*layer([[-100]], bias32(limit + 1), 2.0**-24))


def test_channels_without_weights_get_ordinary_numbers_and_keep_their_outputs() -> None:
    biases = np.array([2**31 - 1, -(2**31), 3 << 22, 1 << 22, 0, 5], np.int64)
    factors = np.array([2.0**-24, 2.0**-29, 2.0**-23, 2.0**-23, 2.0**-40, 1.5 / 2**8])
    weights = np.zeros((6, 2), np.int8)
    weights[5] = 100, -100
    node, inputs, outputs = layer(weights, biases.astype(np.int32))
    factored = tensor((6, 2), DType.INT8, factors, weights)
    call = lower(node, (inputs[0], factored, inputs[2]), outputs)
    assert call.facts["acc_bits"] <= 18
    assert call.facts["min_shift"] >= 32
    x = np.array([[127, -128]], np.int8)
    arrays = {name: a for name, a in call.args.items() if isinstance(a, np.ndarray)}
    args = {**arrays, "x": x, "y": np.zeros(6, np.int8)}
    exact_of = all_ops()["fully_connected"].exact
    y = exact_of(call.contract, args, call.params, call.form)["y"]
    # 1.5 rounds to 2, 0.5 to 1: ties away from zero
    assert np.reshape(y, -1).tolist() == [127, -4, 2, 1, 0, 127]


def test_folding_the_zero_point_counts_in_the_proof() -> None:
    bias = bias32(INT32_MAX - 13000)
    lower(*layer([[-100]], bias, 2.0**-24))
    with pytest.raises(QuantError, match="the accumulator may reach"):
        lower(*layer([[-100]], bias, 2.0**-24, zx=127))


def test_left_shift_out_of_int32_is_refused_where_the_form_shifts() -> None:
    bias = bias32(2**28)
    with pytest.raises(QuantError, match="shifted left by its factor may reach"):
        lower(*layer([[1]], bias, 8.0))
    with pytest.raises(QuantError, match="the rescaled accumulator may reach"):
        lower(*layer([[1]], bias, 8.0), profile=Profile.EDGEQ)
    call = lower(*layer([[1]], bias32(2**26), 8.0))
    assert np.asarray(call.args["shift"]).tolist() == [27]


def test_rescaled_value_plus_zero_point_must_fit_int32() -> None:
    bias = bias32(INT32_MAX - 127)
    lower(*layer([[1]], bias, 1.0, zy=0), profile=Profile.EDGEQ)
    with pytest.raises(QuantError, match="the rescaled accumulator may reach 2147483648"):
        lower(*layer([[1]], bias, 1.0, zy=1), profile=Profile.EDGEQ)


def test_int32_bias_keeps_int16_accumulators_in_int32() -> None:
    weights = np.full((1, 600), 127)
    with pytest.raises(QuantError, match="the accumulator may reach"):
        lower(*layer(weights, bias32(0), 2.0**-16, DType.INT16))
    call = lower(*layer(weights, np.zeros(1, np.int64), 2.0**-16, DType.INT16))
    assert (call.form, call.facts["acc_bits"]) == ("wide", 33)
    assert lower(*layer(weights, None, 2.0**-16, DType.INT16)).form == "wide"
    assert lower(*layer([[5]], bias32(0), 2.0**-16, DType.INT16)).form == "double"


def test_int64_accumulators_stay_below_two_to_the_47() -> None:
    with pytest.raises(QuantError, match="the accumulator may reach"):
        lower(*layer([[1]], np.array([2**47 - 32767]), 2.0**-30, DType.INT16))
    lower(*layer([[1]], np.array([2**47 - 32768]), 2.0**-30, DType.INT16))


def test_large_factors_of_int64_accumulators_are_refused() -> None:
    bias = np.zeros(1, np.int64)
    lower(*layer([[1]], bias, 127.9, DType.INT16))
    with pytest.raises(QuantError, match="too large for a 64-bit accumulator"):
        lower(*layer([[1]], bias, 128.0, DType.INT16))


def test_layer_without_an_equal_integer_factor_is_refused_under_litert_alone() -> None:
    made = layer(np.full((1, 40_000), 127), None, 1.8630483689538806e-07)
    lower(*made)
    with pytest.raises(QuantError, match="channel 0 has no integer factor equal to rounding"):
        lower(*made, profile=Profile.LITERT)


def test_channels_of_one_scale_share_their_proved_factor() -> None:
    call = lower(*layer([[1], [100], [-7]], bias32(9, -9, 1), 0.37), profile=Profile.LITERT)
    assert call.form == "single"
    assert len(set(np.asarray(call.args["mult"]).tolist())) == 1


@pytest.mark.parametrize(
    ("x", "w", "message"),
    [
        (
            tensor((1, 2), DType.FLOAT32, None),
            tensor((1, 2), DType.FLOAT32, None),
            "without a scale",
        ),
        (tensor((1, 2), DType.INT16, zero=3), tensor((1, 2)), "no integer form for int16"),
        (tensor((1, 2), DType.INT32), tensor((1, 2)), "no integer form for int32"),
        (tensor((1, 2)), tensor((1, 2), scale=(1, 2, 3)), "3 scales for 1 channels"),
    ],
)
def test_tensors_without_an_integer_form_are_refused(x: Tensor, w: Tensor, message: str) -> None:
    w = Tensor(w.name, w.shape, w.dtype, w.quant, np.zeros(w.shape, w.dtype.numpy))
    node = Node("fc0", "fully_connected", ("x", "w"), ("y",), FC)
    y = tensor((1, 1), x.dtype, None if x.quant is None else 1.0)
    with pytest.raises(QuantError, match=message):
        all_ops()["fully_connected"].lower(node, (x, w), (y,), Profile.TFLM)


def test_weights_that_are_computed_are_refused() -> None:
    node, (x, w, _), outputs = layer([[1]])
    assert w is not None
    computed = Tensor("w", w.shape, w.dtype, w.quant)
    with pytest.raises(GraphError, match="weights must be constant"):
        all_ops()["fully_connected"].lower(node, (x, computed, None), outputs, Profile.TFLM)


def test_overflow_in_a_file_names_its_node_in_the_analysis() -> None:
    x = act((1, 4), "int8", 1.0, 0)
    w, b = const(np.full((2, 4), 100), "int8", scale=1.0), const(bias32(0, INT32_MAX), scale=1.0)
    found = edgeq.analyze(read_tflite(ops.fully_connected(x, w, b, act((), "int8", 1.0, 0))))
    assert len(found.problems) == 1
    assert "fully_connected_0: the accumulator may reach 2147534447" in found.problems[0]


def conv(x: tuple[int, ...], w: tuple[int, ...], **attrs: Any) -> tuple[Any, ...]:
    node = Node("conv0", "conv_2d", ("x", "w"), ("y",), CONV | attrs)
    data = np.arange(np.prod(w)).reshape(w).astype(np.int8)
    inputs = (tensor(x, zero=-5), tensor(w, data=data, scale=0.01))
    (shape,) = all_ops()["conv_2d"].infer(node, inputs)
    return node, inputs, (tensor(shape, zero=3),)


def test_batches_and_groups_are_calls_of_their_own() -> None:
    node, inputs, outputs = conv((2, 3, 3, 6), (8, 1, 1, 3))
    calls = all_ops()["conv_2d"].lower(node, inputs, outputs, Profile.TFLM)
    assert isinstance(calls, tuple)
    views = [(c.args["x"], c.args["y"]) for c in calls]
    assert views == [
        (View("t", n * 54 + g * 3), View("t", n * 72 + g * 4)) for n in (0, 1) for g in (0, 1)
    ]
    assert [np.asarray(c.args["w"]).shape for c in calls] == [(4, 1, 1, 3)] * 4
    assert [c.params["out_c"] for c in calls] == [4] * 4


@pytest.mark.parametrize(
    ("op", "x", "w", "attrs", "message"),
    [
        ("conv_2d", (1, 4, 4, 3), (5, 1, 1, 2), {}, "3 channels do not make groups of 2"),
        ("conv_2d", (1, 4, 4, 4), (5, 1, 1, 2), {}, "4 channels do not make groups of 2"),
        ("conv_2d", (1, 2, 4, 2), (5, 3, 1, 2), {}, "does not fit an image"),
        ("conv_2d", (1, 5, 5, 2), (5, 3, 3, 2), {"dilation": (1, 3)}, "does not fit an image"),
        ("depthwise_conv_2d", (1, 4, 4, 3), (1, 1, 1, 4), {}, r"are not \(1, KH, KW, 3 \*"),
        ("fully_connected", (2, 3), (4, 5), {}, "6 values do not split into rows of 5"),
    ],
)
def test_shapes_that_make_no_sense_are_refused(
    op: str, x: tuple[int, ...], w: tuple[int, ...], attrs: dict[str, Any], message: str
) -> None:
    node = Node("n", op, ("x", "w"), ("y",), CONV | attrs)
    with pytest.raises(GraphError, match=message):
        all_ops()[op].infer(node, (tensor(x), tensor(w)))


def test_multiplications_are_counted() -> None:
    node, inputs, outputs = conv((2, 5, 5, 6), (8, 3, 3, 3))
    assert all_ops()["conv_2d"].macs(node, inputs, outputs) == 2 * 3 * 3 * 8 * 27
    sizes = (tensor((1, 5, 5, 6)), tensor((1, 3, 3, 12)))
    got = all_ops()["depthwise_conv_2d"].macs(node, sizes, (tensor((1, 3, 3, 12)),))
    assert got == 3 * 3 * 12 * 9
    assert all_ops()["fully_connected"].macs(*layer(np.ones((3, 7)))) == 21


@pytest.mark.parametrize("op", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_row_ranges_and_rings_give_the_rows_of_the_whole(op: str, rng: np.random.Generator) -> None:
    graph, x = _image(op, rng)
    (lowered,) = exact(graph, Profile.TFLM).lowered
    assert isinstance(lowered, tuple)
    (call,) = lowered
    whole = _rows(call, x, 0, 9)
    assert len(np.unique(whole)) > 10
    parts = [_rows(call, x, r, min(r + 2, 9)) for r in range(0, 9, 2)]
    assert np.array_equal(np.concatenate(parts), whole)
    ringed = [_ring_row(call, x, r) for r in range(9)]
    assert np.array_equal(np.concatenate(ringed), whole)


def _image(op: str, rng: np.random.Generator) -> tuple[Graph, Any]:
    """A 3x3 convolution of a 9x4 image of 5 channels, dilated vertically."""
    x, y = act((1, 9, 4, 5)), act((), "int8", 3.0, 9)
    shape = (5, 3, 3, 5) if op == "CONV_2D" else (1, 3, 3, 5)
    w: T = const(rng.integers(-127, 128, shape), "int8", scale=0.5)
    write = ops.conv_2d if op == "CONV_2D" else ops.depthwise_conv_2d
    graph = read_tflite(write(x, w, None, y, dilation=(2, 1)))
    return graph, rng.integers(-128, 128, 9 * 4 * 5).astype(np.int8)


def _rows(call: Call, x: Any, row0: int, row1: int, **fields: int) -> Any:
    """Output rows [row0, row1) of the call on input memory `x`."""
    params = {**call.params, "row0": row0, "row1": row1, **fields}
    args = {n: a for n, a in call.args.items() if not isinstance(a, View)}
    y = np.zeros(9 * 4 * 5, np.int8)
    op = all_ops()["conv_2d" if "out_c" in params else "depthwise_conv_2d"]
    got = op.exact(call.contract, {"x": x, **args, "y": y}, params, call.form)["y"]
    return got[row0 * params["y_row"] : row1 * params["y_row"]]


def _ring_row(call: Call, x: Any, row: int) -> Any:
    """One output row, with only the five input rows of its window in a ring of five."""
    image, ring = x.reshape(9, 20), np.full((5, 20), 77, np.int8)
    for r in range(max(row - 2, 0), min(row + 3, 9)):
        ring[r % 5] = image[r]
    return _rows(call, ring.reshape(-1), row, row + 1, x_ring=5)


@pytest.mark.parametrize(
    ("padding", "contract"), [((0, 0, 0, 0), "fc_s8"), ((0, 1, 0, 0), "conv2d_s8")]
)
def test_window_as_large_as_the_images_is_fully_connected(
    padding: tuple[int, ...], contract: str
) -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, (3, 2, 2, 5)).astype(np.int8)
    x = tensor((1, 2, 2, 5), scale=1.0, zero=7)
    w = tensor(weights.shape, scale=1 / 97, data=weights)
    rows = 1 + sum(padding)
    node = Node("c0", "conv_2d", ("x", "w", ""), ("y",), CONV | {"padding": padding})
    call, *more = _calls(node, (x, w, None), (tensor((1, rows, 1, 3), scale=1.0, zero=-9),))
    assert not more
    assert call.contract == contract
    memory = {"x": rng.integers(-128, 128, x.size).astype(np.int8)}
    acc = (memory["x"].astype(np.int64) - 7) @ weights.reshape(3, -1).T.astype(np.int64)
    expected = np.clip(np.rint(acc / 97) - 9, -128, 127)  # never a tie: 97 is odd
    made = _exact(call, memory, 3 * rows)
    assert made[:3].tolist() == expected.tolist()


def _calls(node: Node, inputs: Any, outputs: Any) -> tuple[Call, ...]:
    lowered = all_ops()["conv_2d"].lower(node, inputs, outputs, Profile.TFLM)
    assert isinstance(lowered, tuple)
    return lowered


def _exact(call: Call, memory: dict[str, Any], size: int) -> Any:
    """What a call makes of `memory`, whose arrays it reads as they are."""
    args = {n: memory["x"] if isinstance(a, View) else a for n, a in call.args.items() if n != "y"}
    op = op_of_contract()[call.contract]
    form = call.form
    made = op.exact(call.contract, args | {"y": np.zeros(size, np.int8)}, dict(call.params), form)
    return made["y"].reshape(-1)
