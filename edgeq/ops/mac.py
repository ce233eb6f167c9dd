"""What the multiply-accumulate operators share: factors, folded biases, the overflow proof.

A channel o of any of them is acc = bias[o] + sum_k x[k] * w[o][k] over its K taps, then
clamp(requantize(acc, mult[o], shift[o]) + zy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import QuantError
from edgeq.ir import DType, Node, Tensor
from edgeq.numerics.dots import dot_interval
from edgeq.numerics.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    MULT_MIN,
    WIDE_ACC_MAX,
    quantize_multipliers,
    requantize,
    wide_factors,
)  # fmt: skip
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Array, Floats
from edgeq.ops.common import (
    RANGES,
    constant_of,
    quant_of,
    scale_of,
    zero_point_of,
)  # fmt: skip
from edgeq.ops.mac_facts import mac_facts

Rows = NDArray[np.int64]

WEIGHT_BITS = {DType.INT8: 8, DType.INT4: 4}
GROUPED = "fc_s8s4g"
SETTLED_BITS = 6
SETTLED_MAX = 1 << 10  # beyond any int8 with its zero point taken off
CONTRACT_ENDINGS = {(8, False): "s8", (8, True): "s8zw", (4, False): "s8s4"}
"""Of int8 activations, by the bits of the weights and whether these have a zero point."""


@dataclass(frozen=True, slots=True, eq=False)
class Mac:
    """The constants of a lowered multiply-accumulate, per output channel.

    bias         (O) int32, or int64 for int16 activations: b - zx * sum w
    mult, shift  (O) int32, as the contract's form wants them
    form         the rounding form
    facts        what is proved of them, see `mac_facts`
    """

    bias: Array
    mult: Array
    shift: Array
    form: str
    facts: Mapping[str, int]


def bias_of(node: Node, inputs: tuple[Tensor | None, ...], count: int) -> Rows:
    """The bias (count) of input 2 as int64; zeros where there is none."""
    bias = inputs[2] if len(inputs) > 2 else None  # noqa: PLR2004 (x, weights, bias)
    if bias is None:
        return np.zeros(count, np.int64)
    data = constant_of(bias, node, "bias").astype(np.int64).reshape(-1)
    if data.size != count:
        raise QuantError(f"{data.size} biases for {count} channels", where=node.name)
    return data


def weight_rows(w: Tensor, data: Array) -> Rows:
    """Weights (O, K) on the channels' scales, int64: less their zero point, times group factors.

    data  (O, K), for int4 in groups with the grouped dimension alone along K
    """
    rows: Rows = data.astype(np.int64) - zero_point_of(w)
    quant = quant_of(w)
    return rows if quant.group_factors is None else rows * quant.factors(rows.shape[1])


def weight_scales(w: Tensor, count: int) -> NDArray[np.float64]:
    """The scale of each of `count` output channels."""
    scale = quant_of(w).scale
    if scale.size not in (1, count):
        raise QuantError(f"weights {w.name} have {scale.size} scales for {count} channels")
    return np.broadcast_to(scale, (count,))


def contract_of(node: Node, family: str, x: Tensor, w: Tensor, y: Tensor) -> str:
    """The contract of `family` ("conv2d") for these dtypes.

    Raises:
        QuantError: no integer contract has them.
    """
    quant_of(x), quant_of(w), quant_of(y)
    if quant_of(w).group_factors is not None:
        return _grouped_contract(node, x, w, y)
    bits = WEIGHT_BITS.get(w.dtype)
    if bits and x.dtype is y.dtype is DType.INT8:
        ending = CONTRACT_ENDINGS.get((bits, zero_point_of(w) != 0))
        if ending is not None:
            return f"{family}_{ending}"
    symmetric = zero_point_of(x) == zero_point_of(w) == zero_point_of(y) == 0
    if bits and x.dtype is y.dtype is DType.INT16 and symmetric:
        return f"{family}_s16s{bits}"
    raise QuantError(
        f"no integer form for {x.dtype} activations, {w.dtype} weights and {y.dtype} outputs",
        where=node.name,
        why=f"zero points are {zero_point_of(x)}, {zero_point_of(w)} and {zero_point_of(y)}",
        fix="int8 activations, or int16 ones of zero point 0, with int8 or int4 weights",
    )


def _grouped_contract(node: Node, x: Tensor, w: Tensor, y: Tensor) -> str:
    """The contract of weights in groups, if this layer can have such."""
    plain = node.op != "depthwise_conv_2d" and w.shape[1:-1] in ((), (1, 1))
    padded = any(node.ints("padding")) if "padding" in node.attrs else False
    integers = x.dtype is y.dtype is DType.INT8 and w.dtype is DType.INT4 and not zero_point_of(w)
    if plain and integers and not padded:
        return GROUPED
    raise QuantError(
        f"no integer form for {w.dtype} weights {w.shape} in groups",
        where=node.name,
        why="groups are for fully connected layers and 1x1 convolutions without padding, "
        "with int8 activations",
        fix="quantize this layer per channel: int4 or int8",
    )


def zero_points(contract: str, x: Tensor, w: Tensor, y: Tensor) -> dict[str, int]:
    """The zero point fields of a contract; one of int16 activations has none."""
    if "_s16" in contract:
        return {}
    points = {"zx": zero_point_of(x), "zy": zero_point_of(y)}
    return points | {"zw": zero_point_of(w)} if contract.endswith("zw") else points


def rounding_of(inputs: tuple[Tensor | None, ...], x: Tensor, profile: Profile) -> str:
    """The form of a multiply-accumulate.

    With int16 activations an int32 bias makes the accumulator int32, as TensorFlow Lite
    does; every other has an int64 accumulator and the form wide.
    """
    bias = inputs[2] if len(inputs) > 2 else None  # noqa: PLR2004 (x, weights, bias)
    if bias is not None and bias.dtype is DType.INT32:
        return profile.rounding
    return wide_if_int16(x, profile)


def wide_if_int16(x: Tensor, profile: Profile) -> str:
    """The form wide for int16 activations, else the profile's."""
    return "wide" if x.dtype is DType.INT16 else profile.rounding


def float_bias(inputs: tuple[Floats | None, ...]) -> Floats:
    """The float bias of input 2, or a zero."""
    bias = inputs[2] if len(inputs) > 2 else None  # noqa: PLR2004 (x, weights, bias)
    return np.zeros(1, np.float32) if bias is None else bias


def convolution_reals(node: Node, x: Tensor, w: Tensor, y: Tensor, count: int) -> Array:
    """scale_x * scale_w[o] / scale_y of each channel, (O) float64.

    In double precision; a legacy uint8 node takes the product in float32, as TensorFlow Lite's
    GetQuantizedConvolutionMultipler does.
    """
    scales = weight_scales(w, count)
    if node.attrs.get("legacy_uint8"):
        return product_in_float32(x, scales) / scale_of(y)
    return scale_of(x) * scales / scale_of(y)


def product_in_float32(x: Tensor, scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """scale_x * scale_w[o] rounded to float32, (O)."""
    product = np.float32(scale_of(x)) * scales.astype(np.float32)
    return product.astype(np.float64)


def finish(
    node: Node, x: Tensor, y: Tensor, rows: Rows, bias: Rows, reals: Array, form: str
) -> Mac:
    """Fold, split the factors, and prove that nothing overflows.

    rows   (O, K) int64: weights less their zero point
    bias   (O) int64, as the model has it
    reals  (O) float64 rescale factors
    """
    mult, shift = quantize_multipliers(reals)
    if form == "wide":
        mult, shift = wide_factors(mult, shift)
    return prove(node, x, y, rows, fold(x, rows, bias), mult, shift, form)


def fold(x: Tensor, rows: Rows, bias: Rows) -> Rows:
    """The bias with x's zero point folded in, (O) int64: b - zx * sum w."""
    folded: Rows = bias - zero_point_of(x) * rows.sum(axis=1)
    return folded


def prove(
    node: Node, x: Tensor, y: Tensor, rows: Rows, folded: Rows, mult: Array, shift: Array, form: str
) -> Mac:
    """The `Mac` of these constants, once overflow is proved absent for any input.

    The interval of each channel's accumulator follows from its own weights and the range of
    x's dtype.  It must fit the form; shifted left where the factor asks for it, too; and the
    rescaled value, before and after adding zy, must fit int32.

    Raises:
        QuantError: it cannot be proved.
    """
    low, high = dot_interval(rows, RANGES[x.dtype])
    ends = np.stack([folded + low, folded + high])
    sums = np.concatenate([ends.reshape(-1), low, high])
    left = np.maximum(31 - shift.astype(np.int64), 0) if form == "double" else 0
    _need_int(node, "the accumulator", sums, form)
    _need_int(node, "the accumulator shifted left by its factor", ends << left, form)
    results = requantize(ends, mult, shift, form)
    _need_int(node, "the rescaled accumulator", results + zero_point_of(y), "")
    _need_int(node, "the rescaled accumulator", results, "")
    if y.dtype is DType.INT8:
        folded, mult, shift = _settled(rows, folded, mult, shift, form)
    dtype = np.int64 if x.dtype is DType.INT16 else np.int32
    return Mac(
        folded.astype(dtype), mult, shift, form,
        mac_facts(rows, folded, mult, shift, RANGES[x.dtype]),
    )  # fmt: skip


def _settled(
    rows: Rows, folded: Rows, mult: Array, shift: Array, form: str
) -> tuple[Rows, Array, Array]:
    """Bias and factors of channels without weights, ordinary ones of the same int8 outputs.

    Training leaves channels whose weights are all zero, of tiny factors and huge biases.  Their
    output v is known here: a bias of 2^6 * v and a factor of 2^-6 give it in every form, and
    kernels that require ordinary numbers stay possible.
    """
    dead = ~rows.any(axis=1)
    value = np.clip(requantize(folded, mult, shift, form), -SETTLED_MAX, SETTLED_MAX)
    return (
        np.where(dead, value << SETTLED_BITS, folded),
        np.where(dead, MULT_MIN, mult).astype(mult.dtype),
        np.where(dead, 30 + SETTLED_BITS, shift).astype(shift.dtype),
    )


def need_int32(node: Node, *values: Rows) -> None:
    """QuantError unless every accumulator lies within int32."""
    _need_int(node, "the accumulator", np.concatenate(values), "")


def _need_int(node: Node, what: str, values: Rows, form: str) -> None:
    lo, hi = (-WIDE_ACC_MAX - 1, WIDE_ACC_MAX) if form == "wide" else (INT32_MIN, INT32_MAX)
    worst = max((int(values.min()), int(values.max())), key=abs)
    if values.min() < lo or values.max() > hi:
        raise QuantError(
            f"{what} may reach {worst}",
            where=node.name,
            why=f"its arithmetic is exact within [{lo}, {hi}] alone",
            fix="quantize the layer again, with smaller biases or other scales",
        )
