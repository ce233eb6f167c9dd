"""REDUCE_SUM: the sum over some axes, rescaled to the output's quantization."""

from __future__ import annotations

import numpy as np

from edgeq.errors import QuantError
from edgeq.ir import Node, Shape, Tensor
from edgeq.numerics.fixed_point import quantize_multiplier
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Floats, Inputs, Lowered, Op, Outputs, register
from edgeq.ops.common import scale_of
from edgeq.ops.mean import Mean, reduced_axes, reduction_calls
from edgeq.ops.strided import present


@register
class ReduceSum(Op):
    """y = sum of x over `axes`, on y's scale; of any rank.

    The contract is the mean's, with a factor that does not hold the division.
    """

    name = "reduce_sum"

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        return Mean.infer(node, inputs)

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        x = present(node, inputs)
        axes = tuple(reduced_axes(node, x.ndim))
        y = x.sum(axis=axes, keepdims=bool(node.attrs.get("keep_dims")), dtype=np.float64)
        return (np.asarray(y, np.float32),)

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        if profile is Profile.LITERT:
            raise QuantError(
                "quantized sums are not known under profile litert", where=node.name,
                why="LiteRT's reference kernel returns integers that are not sums",
                fix="use --numerics tflm or edgeq",
            )  # fmt: skip
        return reduction_calls(node, inputs, outputs, profile, _factor)


def _factor(x: Tensor, y: Tensor, n: int, profile: Profile) -> tuple[int, int]:
    del n, profile
    return quantize_multiplier(scale_of(x) / scale_of(y))
