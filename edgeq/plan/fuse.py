"""Constants of kernels that say `@rescale`: numerics/fused.py and odd.py say what they are.

Whether a call has them is proved from its weights, so a kernel is asked for here, with
`@requires` and all, before it may be chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import KernelError
from edgeq.kernels.catalog import FUSED, ODD, Kernel
from edgeq.kernels.contract import Contract
from edgeq.numerics.dots import dot_interval
from edgeq.numerics.fused import fuse
from edgeq.numerics.odd import fuse_odd
from edgeq.ops.base import Call

Args = Mapping[str, Any]
Constants = Mapping[str, NDArray[Any]]
ZERO_POINT_OF_W = "zw"


def values_of(call: Call) -> dict[str, int]:
    """What directives may name: params fields and proved facts."""
    return {**call.facts, **call.params}


def fits(kernel: Kernel, call: Call) -> bool:
    """Whether `kernel` may carry out `call`, wherever its arguments lie."""
    if not kernel.accepts(values_of(call)):
        return False
    return _constants(kernel, call.args, call.params, call.form) is not None


def as_rescaled(kernel: Kernel, args: Args, params: Mapping[str, int], form: str) -> Constants:
    """The constants of a call that `kernel` wants otherwise, in their logical shapes.

    Floats, as int32, in place of mult and shift, or what turns a sum into a float; that is part of
    the bias of `fused`.

    Raises:
        KernelError: the kernel asks for them, and the call has none (see `fits`).
    """
    found = _constants(kernel, args, params, form)
    if found is None:
        raise KernelError("no floats rescale this call exactly", where=kernel.base_symbol)
    return found


def _constants(
    kernel: Kernel, args: Args, params: Mapping[str, int], form: str
) -> Constants | None:
    if not kernel.rescale:
        return {}
    prove = {FUSED: _fused, ODD: _odd}[kernel.rescale]
    sums = _sums(kernel.contract, args, params)
    return prove(sums, args, form, (params["zy"], params["act_min"], params["act_max"]))


def _fused(
    sums: tuple[Any, Any], args: Args, form: str, y_range: tuple[int, int, int]
) -> Constants | None:
    found = fuse(sums, args["mult"], args["shift"], form, y_range)
    if found is None:
        return None
    turned = np.asarray(args["bias"]).astype(np.int64) + found.turn
    return {
        "bias": turned.astype(np.uint32).view(np.int32),
        "mult": found.factor.view(np.int32),
        "shift": found.addend.view(np.int32),
    }


def _odd(
    sums: tuple[Any, Any], args: Args, form: str, y_range: tuple[int, int, int]
) -> Constants | None:
    found = fuse_odd(sums, args["mult"], args["shift"], form, y_range)
    if found is None:
        return None
    return {"mult": found.factor.view(np.int32), "shift": found.turn}


def _sums(contract: Contract, args: Args, params: Mapping[str, int]) -> tuple[Any, Any]:
    """The least and the greatest accumulator of each output."""
    w, outputs = contract.parameter("w"), contract.parameter("bias").dims
    away = tuple(i for i, dim in enumerate(w.dims) if dim not in outputs)
    reach = np.iinfo(contract.parameter("x").dtype)
    weights = np.asarray(args["w"]).astype(np.int64) - params.get(ZERO_POINT_OF_W, 0)
    low, high = dot_interval(weights, (reach.min, reach.max), away)
    bias = np.asarray(args["bias"]).astype(np.int64)
    return bias + low, bias + high
