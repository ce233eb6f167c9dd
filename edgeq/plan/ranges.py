"""Cuts a call into calls over ranges of output rows, of channels or of elements.

A part of a call is a call of the same contract: a spatial contract computes the output rows
[row0, row1), and a layer of O output channels is layers of fewer, each with its own weights and
with y where its first channel is.  Strides stay, so parts write elements of their own; weights
are packed part by part, so a kernel sees nothing but smaller layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from math import gcd, lcm, prod
from typing import Any

import numpy as np

from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import Contract, Parameter
from edgeq.ops.base import Call, Operand, View
from edgeq.plan.pack import together

OUTPUTS = "O"  # the letter of output channels in a contract's shapes
CHANNELS = 16  # ranges of channels are multiples of it, for whole vectors
ELEMENTS = 64  # at least, of an element-wise call: a cache line of int8
ROWS_OF_PIECE, CHANNELS_OF_PIECE = 2, 128


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """A direction in which a call may be cut.

    name    "rows", "elements" or "channels"
    first   the first index, and
    size    how many there are
    step    where a range may begin: at multiples of it, counted from `first`
    piece   how many steps a range should have, that what all ranges read weighs little
    cut     the call over the indices [lo, hi)
    """

    name: str
    first: int
    size: int
    step: int
    piece: int
    cut: Callable[[int, int], Call]

    @property
    def steps(self) -> int:
        """Into how many parts it can be cut."""
        return -(-self.size // self.step)

    def parts(self, shares: int, pieces: int = 1) -> tuple[Call, ...]:
        """At most `steps` shares that differ by one step at most, each of `pieces` calls."""
        whole = pairwise(_edges(0, self.steps, shares))
        fine = [at for lo, hi in whole for at in _edges(lo, hi, pieces)[:-1]]
        ends = [self.first + at * self.step for at in fine] + [self.first + self.size]
        return tuple(self.cut(lo, hi) for lo, hi in pairwise(ends))


def _edges(lo: int, hi: int, parts: int) -> list[int]:
    """Where `parts` ranges of [lo, hi) begin, and the end."""
    return [lo + (hi - lo) * part // parts for part in range(parts + 1)]


def axes(call: Call, kernel: Kernel) -> Iterator[Axis]:
    """The directions in which `call` may be cut for `kernel`, rows first."""
    params, contract = call.params, kernel.contract
    if "row0" in params and "row1" in params:
        first, rows = params["row0"], params["row1"] - params["row0"]
        yield Axis("rows", first, rows, 1, ROWS_OF_PIECE, partial(_rows, call))
    if element_wise(call):
        yield _elements(call)
    field = _channel_field(params)
    if field and all(_may_cut(q, call.args[q.name], field) for q in contract.pointers):
        block = channel_block(kernel)
        step = block // gcd(block, _outputs_each(params, field))
        yield Axis("channels", 0, params[field], step, max(CHANNELS_OF_PIECE // step, 1),
                   partial(_channels, call, contract, field))  # fmt: skip


def element_wise(call: Call) -> bool:
    """Whether it walks over two inputs and y alike: a part reads what lies where it writes."""
    return {"d0", "d1", "d2", "d3", "a0", "b0"} <= {*call.params}


def _elements(call: Call) -> Axis:
    """The outermost dimension that is one."""
    extents = [call.params[f"d{i}"] for i in range(4)]
    outer = next((i for i, extent in enumerate(extents) if extent > 1), 3)
    inner = prod(extents[outer + 1 :])
    step = -(-ELEMENTS // inner)
    return Axis("elements", 0, extents[outer], step, 1, partial(_walk, call, outer, inner))


def _walk(call: Call, outer: int, inner: int, lo: int, hi: int) -> Call:
    """The call over the indices [lo, hi) of its dimension `outer`, of `inner` elements each."""
    strides = {"a": call.params[f"a{outer}"], "b": call.params[f"b{outer}"], "y": inner}
    args = {name: _from(operand, lo * strides[name]) for name, operand in call.args.items()}
    return replace(call, args=args, params={**call.params, f"d{outer}": hi - lo})


def _from(operand: Operand, element: int) -> Operand:
    if isinstance(operand, View):
        return replace(operand, offset=operand.offset + element)
    return np.ascontiguousarray(operand.reshape(-1)[element:])


def channel_block(kernel: Kernel) -> int:
    """A multiple of the channels that `kernel` packs together, so that cutting pads no weights."""
    return lcm(CHANNELS, *(together(order, OUTPUTS.lower()) for _, order in kernel.packs))


def _channel_field(params: Mapping[str, int]) -> str:
    """The field that counts the channels of which ranges are calls; "" where there is none."""
    if "out_c" in params:
        return "out_c"
    if "in_c" in params and "y_pixel" in params:
        return "in_c"
    return "out_dim" if "out_dim" in params and (params["batch"] == 1 or "y_step" in params) else ""


def _outputs_each(params: Mapping[str, int], field: str) -> int:
    """The output channels of one channel that `field` counts."""
    return params.get("multiplier", 1) if field == "in_c" else 1


def _may_cut(parameter: Parameter, operand: Operand, field: str) -> bool:
    """Whether a range of channels of an argument is known: of a constant, or at an offset."""
    if parameter.is_output or (parameter.name == "x" and field == "in_c"):
        return isinstance(operand, View)
    return OUTPUTS not in parameter.dims or isinstance(operand, np.ndarray)


def _rows(call: Call, lo: int, hi: int) -> Call:
    return replace(call, params={**call.params, "row0": lo, "row1": hi})


def _channels(call: Call, contract: Contract, field: str, lo: int, hi: int) -> Call:
    each = _outputs_each(call.params, field)
    args = {q.name: _range(q, call.args[q.name], field, (lo, hi), each) for q in contract.pointers}
    return replace(call, args=args, params={**call.params, field: hi - lo})


def _range(
    parameter: Parameter, operand: Operand, field: str, channels: tuple[int, int], each: int
) -> Operand:
    """The part of an argument that belongs to a range of channels, of `each` outputs."""
    lo, hi = channels
    if isinstance(operand, View):
        if parameter.is_output:
            return replace(operand, offset=operand.offset + lo * each)
        moved = parameter.name == "x" and field == "in_c"
        return replace(operand, offset=operand.offset + lo) if moved else operand
    if OUTPUTS not in parameter.dims:
        return operand
    whole: list[Any] = [slice(None)] * operand.ndim
    whole[parameter.dims.index(OUTPUTS)] = slice(lo * each, hi * each)
    return np.ascontiguousarray(operand[tuple(whole)])
