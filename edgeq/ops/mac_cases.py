"""Arguments worth trying on multiply-accumulate kernels, the ugliest legal ones included.

Every case holds channels that show what ordinary numbers hide: a factor of 1/2 with a bias that
cancels one window's dot product (the accumulator's low bits, ties), a factor of 32 (left shift),
a mantissa of 2**31 - 1, a factor of zero, an accumulator at the end of int32.

A second, tame case of every shape is what trained models are like, and what fast kernels require:
no weight of -128, factors below 1/2, short accumulators; ties and cancelling biases remain.
Some have a third, of weights half as large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.numerics.dots import dot_interval
from edgeq.numerics.fixed_point import (
    FINE_BITS,
    INT32_MAX,
    MULT_MAX,
    MULT_MIN,
    SHIFT_BITS,
    wide_factors,
)
from edgeq.numerics.nibbles import INT4_MIN
from edgeq.ops.base import Case
from edgeq.ops.mac_facts import mac_facts
from edgeq.ops.mac_plain_cases import plain_case
from edgeq.ops.mac_shapes import CONVOLUTIONS, DEPTHWISE, FULLY_CONNECTED
from edgeq.ops.window import gather

Ints = NDArray[np.int64]
Shape = dict[str, int]

HALF = (MULT_MIN, 31)
QUARTER = (MULT_MIN, 32)  # the double form's second rounding, whose ties go the other way
THIRTY_TWO = (MULT_MIN, 25)
TAME_BIAS = 2**22
X_RANGE = {np.dtype(np.int8): (-128, 127), np.dtype(np.int16): (-32768, 32767)}


def geometry(shape: dict[str, int], out_c: int) -> dict[str, int]:
    """The geometry fields of a contract for one entry of a table of shapes."""
    one = ("kh", "kw", "stride_h", "stride_w", "dil_h", "dil_w")
    p = {"in_h": 0, "in_w": 0, "in_c": 0, "out_w": 0, "out_c": out_c}
    pad = shape.get("pad", 0)
    p |= dict.fromkeys(one, 1) | {"pad_top": pad, "pad_left": pad}
    p |= {k: v for k, v in shape.items() if k in p}
    out_h = (p["in_h"] + 2 * pad - (p["kh"] - 1) * p["dil_h"] - 1) // p["stride_h"] + 1
    width = p["in_w"] + 2 * p["pad_left"] - (p["kw"] - 1) * p["dil_w"] - 1
    p["out_w"] = shape.get("out_w", width // p["stride_w"] + 1)
    p |= {"row0": shape.get("row0", 0), "row1": shape.get("row1", out_h)}
    x_gap, y_gap = shape.get("x_gap", 0), shape.get("y_gap", 0)
    x_pixel, y_pixel = p["in_c"] + x_gap, out_c + y_gap
    p |= {"x_row": p["in_w"] * x_pixel + x_gap, "x_pixel": x_pixel}
    p |= {"x_ring": shape.get("x_ring", p["in_h"])}
    return p | {"y_row": p["out_w"] * y_pixel + y_gap, "y_pixel": y_pixel}


def convolution_cases(
    contract: str, rng: np.random.Generator, shapes: Sequence[Shape] = CONVOLUTIONS
) -> Iterator[Case]:
    """Cases of conv2d_s8, _s8s4, _s8zw, _s16s8 and _s16s4."""
    for (index, shape), tame in product(enumerate(shapes), tameness(contract)):
        p = geometry(shape, shape["out_c"])
        x, points = draw_inputs(contract, rng, index, p["x_row"] * p["x_ring"])
        taps = p["kh"] * p["kw"] * p["in_c"]
        limit = weight_limit(contract, taps, tame=tame)
        w = draw_weights(rng, (p["out_c"], p["kh"], p["kw"], p["in_c"]), limit)
        w = unequal(w) if tame == 1 else w
        rows = w.reshape(p["out_c"], -1).astype(np.int64) - points.get("zw", 0)
        windows = gather(x, p, points.get("zx", 0)).transpose(0, 1, 3, 4, 2)
        dots = windows.reshape(-1, rows.shape[1]).astype(np.int64) @ rows.T
        yield from finish_cases(contract, rng, x, w, rows, dots, p | points, tame=tame > 0)


def depthwise_cases(
    contract: str, rng: np.random.Generator, shapes: Sequence[Shape] = DEPTHWISE
) -> Iterator[Case]:
    """Cases of depthwise_s8, _s8s4, _s8zw, _s16s8 and _s16s4."""
    for (index, shape), turned in product(enumerate(shapes), tameness(contract)):
        tame = NEAR + 1 + 2 * (index % 2) if turned > NEAR else turned
        turn = 3 * index if shape.get("full") else shape.get("turn", index)
        multiplier = shape["multiplier"]
        p = geometry(shape, shape["in_c"] * multiplier)
        count = p.pop("out_c")
        x, points = draw_inputs(contract, rng, turn, p["x_row"] * p["x_ring"])
        limit = weight_limit(contract, p["kh"] * p["kw"], tame=tame > 0)
        w = draw_weights(rng, (p["kh"], p["kw"], count), limit)
        if tame >= NEAR:
            w = near_weights(w, points["zw"], index, tame - NEAR)
        rows = w.reshape(-1, count).T.astype(np.int64) - points.get("zw", 0)
        windows = np.repeat(gather(x, p, points.get("zx", 0)), multiplier, axis=2)
        patches = windows.reshape(-1, count, rows.shape[1]).astype(np.int64)
        dots = (patches * rows).sum(axis=2)
        yield from finish_cases(
            contract, rng, x, w, rows, dots, p | points | {"multiplier": multiplier}, tame=tame > 0,
            small=tame > 0 and "small" in shape, plain=tame in (1, NEAR),
        )  # fmt: skip


def fc_cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
    """Cases of fc_s8, _s8s4, _s8zw, _s16s8 and _s16s4."""
    for (index, (n, i, o)), tame in product(enumerate(FULLY_CONNECTED), tameness(contract)):
        x, points = draw_inputs(contract, rng, index, n * i)
        points.pop("zx", 0)
        w = draw_weights(rng, (o, i), weight_limit(contract, i, tame=tame))
        rows = w.astype(np.int64) - points.get("zw", 0)
        dots = x.reshape(n, i).astype(np.int64) @ rows.T
        p = {"batch": n, "in_dim": i, "out_dim": o, **points}
        yield from finish_cases(contract, rng, x.reshape(n, i), w, rows, dots, p, tame=tame > 0)


NEAR = 2  # the kinds of cases whose weights lie around their zero point but for 0, 1, 3 taps
RELU = 2  # the third of the cases whose clamp is a ReLU's: nothing below the zero point
RELU6 = 5  # half of these: where that is not the end of int8, with an upper end


def draw_inputs(
    contract: str, rng: np.random.Generator, index: int, count: int
) -> tuple[NDArray[Any], dict[str, int]]:
    """Input memory of `count` elements, extremes included, and the zero points and clamp."""
    wide = "s16" in contract
    dtype = np.dtype(np.int16 if wide else np.int8)
    lo, hi = X_RANGE[dtype]
    x = rng.integers(lo, hi + 1, count).astype(dtype)
    x[rng.random(count) < 1 / 8] = lo
    clamped = index % 3 == 1
    points = {"act_min": lo // 2 if clamped else lo, "act_max": hi // 2 if clamped else hi}
    if not wide:
        points["zy"] = int(rng.integers(-50, 51) if clamped else rng.integers(lo, hi + 1))
        points["zy"] = lo if index % 3 == RELU else points["zy"]
        if index % 6 == RELU6:
            points |= {"zy": -14, "act_min": -14, "act_max": 63}
        points["zx"] = (-128, 127, 0, int(rng.integers(-128, 128)))[index % 4]
    if contract.endswith("zw"):
        points["zw"] = (127, -128, int(rng.integers(-128, 128)))[index % 3]
    return x, points


def tameness(contract: str) -> tuple[int, ...]:
    """The kinds of cases: ugly, tame, and of weights small enough to add four products in int16.

    Of depthwise_s8zw that are weights around their zero point, and those but for some taps.
    """
    if contract == "depthwise_s8zw":
        return (0, 1, NEAR, NEAR + 1)
    return (0, 1, 2) if contract in ("conv2d_s8", "fc_s8") else (0, 1)


def weight_limit(contract: str, taps: int, *, tame: int = 0) -> int:
    """The greatest |weight| of a case: with int16 inputs sums must stay within int32."""
    most = -INT4_MIN if "s4" in contract else (128, 127, 63)[tame]
    return min(most, 2**30 // (2**15 * taps)) if "s16" in contract else most


def draw_weights(rng: np.random.Generator, shape: tuple[int, ...], limit: int) -> NDArray[np.int8]:
    """Random weights in [-limit, limit - 1], one in eight of them -limit."""
    w = rng.integers(-limit, limit, shape, np.int8)
    w[rng.random(shape) < 1 / 8] = -limit
    return w


def unequal(w: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights of every second 64 taps, counted from the last, within 85 and 63 in turns.

    Of the former three add up to at most 255, of the latter four.
    """
    rows = w.reshape(len(w), -1)
    part = (np.arange(rows.shape[1]) - rows.shape[1] % 64) // 64
    turn = (np.arange(len(w))[:, None] // 4 + part) % 4
    limit = np.where(part < 0, 127, np.array([127, 85, 127, 63])[turn])
    return np.clip(rows, -limit, limit).astype(np.int8).reshape(w.shape)


def near_weights(w: NDArray[np.int8], zw: int, index: int, far: int) -> NDArray[np.int8]:
    """Such that int8 holds them less zw, but for the last `far` taps of the first channel.

    Those of every other case are so small that three products fit int16.
    """
    near = np.clip(zw + w.astype(np.int64) // (1 + (index + far) % 2), -128, 127)
    taps = near.reshape(-1, near.shape[-1])
    taps[len(taps) - far :, 0] = max(zw - 200, -128) if zw >= 0 else min(zw + 200, 127)
    return near.astype(np.int8)


def finish_cases(
    contract: str,
    rng: np.random.Generator,
    x: NDArray[Any],
    w: NDArray[np.int8],
    rows: Ints,
    dots: Ints,
    p: dict[str, int],
    *,
    tame: bool = False,
    small: bool = False,
    plain: bool = True,
) -> Iterator[Case]:
    """Add biases and factors to inputs and weights; int16 contracts also get wide factors.

    rows  (O, K) weights less their zero point;  dots (pixels, O) the dot products of x
    """
    wide = "s16" in contract
    bias, mult, shift = draw_factors(rng, X_RANGE[x.dtype], rows, dots)
    if tame:
        bias, shift = tamed(bias, mult, shift, dots)
    if small:
        facts = mac_facts(rows, bias, mult, shift, X_RANGE[x.dtype])
        bias, shift = shrunk(bias, mult, shift, dots, facts)
    size = dots.size
    if "row1" in p:  # images are strided
        size = p["y_row"] * p["row1"]
    elif "y_step" in p:  # so are the rows of a layer in groups
        size = p["y_step"] * p["batch"]
    y = rng.integers(-100, 100, size).astype(x.dtype)
    facts = mac_facts(rows, bias, mult, shift, X_RANGE[x.dtype])
    dtype = np.int64 if wide else np.int32
    args = {"x": x, "w": w, "bias": bias.astype(dtype), "mult": mult, "shift": shift, "y": y}
    yield Case(args, p, facts, ("double", "single") if wide else ())
    if contract in ("fc_s16s8", "fc_s16s4"):
        extra = rng.integers(0, 2**FINE_BITS, len(shift)).astype(np.int32) << SHIFT_BITS
        yield Case({**args, "shift": shift | extra, "y": y.copy()}, p, facts, ("fine",))
    if wide:
        yield wide_case(args, rows, p, tame=tame)
    elif tame and plain and not small:
        yield plain_case(rng, args, rows, dots, p)


def wide_case(
    args: dict[str, NDArray[Any]], rows: Ints, p: dict[str, int], *, tame: bool = False
) -> Case:
    """The same arguments for the form wide; unless tame one channel is out of int32, and scaled."""
    bias = args["bias"].copy()
    mult, shift = wide_factors(args["mult"], args["shift"])
    if not tame:
        bias[-1] += 2**40
        mult[-1], shift[-1] = 2**14 + 1, 41
    facts = mac_facts(rows, bias, mult, shift, X_RANGE[args["x"].dtype])
    changed = {"bias": bias, "mult": mult, "shift": shift, "y": args["y"].copy()}
    return Case({**args, **changed}, p, facts, ("wide",))


def draw_factors(
    rng: np.random.Generator, x_range: tuple[int, int], rows: Ints, dots: Ints
) -> tuple[Ints, NDArray[np.int32], NDArray[np.int32]]:
    """Bias (int64), mult and shift of every channel, overflow-free under every form.

    Channels in turn are ordinary, cancelling at 1/2, saturated mantissa, cancelling at 32,
    at the end of int32, zero, and a negative tie at 1/4.
    """
    count = len(rows)
    bias = rng.integers(-1000, 1001, count)
    mult = rng.integers(MULT_MIN, MULT_MAX + 1, count)
    shift = 31 + np.ceil(np.log2(np.abs(dots).mean(axis=0) / x_range[1] + 1)).astype(np.int64)
    pixel = int(rng.integers(len(dots)))
    _, high = dot_interval(rows, x_range)
    for o in range(count):
        kind = (o + count) % 7 if count > 1 else 1
        if kind in (1, 3):
            bias[o] = -dots[pixel, o] + int(rng.integers(-5, 6))
            mult[o], shift[o] = HALF if kind == 1 or high[o] >= 2**24 else THIRTY_TWO
        elif kind == 2:  # noqa: PLR2004 (a kind of the docstring)
            mult[o] = MULT_MAX
        elif kind == 4:  # noqa: PLR2004
            bias[o], shift[o] = INT32_MAX - high[o], 31 + 31 - x_range[1].bit_length()
        elif kind == 5 and count > 6:  # noqa: PLR2004
            mult[o], shift[o] = 0, 31
        elif kind == 6:  # noqa: PLR2004
            bias[o] = -dots[pixel, o] - 2
            mult[o], shift[o] = QUARTER
    return bias, mult.astype(np.int32), shift.astype(np.int32)


def tamed(
    bias: Ints, mult: NDArray[np.int32], shift: NDArray[np.int32], dots: Ints
) -> tuple[Ints, NDArray[np.int32]]:
    """Bias and shift without left shifts, factors of 1/2 and accumulators at the end of int32."""
    far = np.abs(bias) > TAME_BIAS
    live = (mult != 0).astype(np.int32)
    shift = np.where(far, 33, np.maximum(shift, 31 + live)).astype(np.int32)
    return np.where(far, 1 - dots[0], bias), shift


def shrunk(
    bias: Ints,
    mult: NDArray[np.int32],
    shift: NDArray[np.int32],
    dots: Ints,
    facts: Mapping[str, int],
) -> tuple[Ints, NDArray[np.int32]]:
    """Tame bias and shift such that |sums rescaled| < 2**14; factors of powers of 2 show a tie."""
    least = facts["acc_bits"] + 1 + 16
    shift = np.where(mult != 0, np.maximum(shift, least), shift).astype(np.int32)
    tie = -dots[-1] - (np.int64(1) << (shift - 31).astype(np.int64))
    return np.where(mult == MULT_MIN, tie, bias), shift
