"""Golden vectors: inputs that the self-test makes again in C, and the exact outputs for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Tensor
from edgeq.ops.base import macs_of
from edgeq.plan.plan import Plan
from edgeq.reference.exact import Exact

SEED = 1
FEW_MACS = 2_000_000  # up to here more vectors cost nothing
MANY, FEW = 4, 1

# The C expression that makes a random element from 16 random bits, and what it means.
RANDOM = {
    DType.INT8: "(int8_t)((int32_t)(next(&state) & 255u) - 128)",
    DType.UINT8: "(uint8_t)(next(&state) & 255u)",
    DType.INT16: "(int16_t)((int32_t)next(&state) - 32768)",
    DType.INT32: "(int32_t)(next(&state) & 255u)",
    DType.INT64: "(int64_t)(next(&state) & 255u)",
    DType.BOOL: "(uint8_t)(next(&state) & 1u)",
    DType.FLOAT32: "(float)((int32_t)(next(&state) & 255u) - 128) * 0x1p-6f",
}


@dataclass(slots=True)
class Generator:
    """x -> 1664525 x + 1013904223 mod 2**32 (Knuth, TAOCP 2, 3.3.4); gives the upper 16 bits."""

    state: int = SEED

    def take(self, count: int) -> NDArray[np.int64]:
        """`count` integers in [0, 65535]."""
        found = np.empty(count, np.int64)
        state = self.state
        for i in range(count):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            found[i] = state >> 16
        self.state = state
        return found


def random_values(tensor: Tensor, generator: Generator) -> NDArray[Any]:
    """The same elements as the C expression in RANDOM gives, in the tensor's shape."""
    bits = generator.take(tensor.size)
    low = bits & 255
    values: NDArray[Any] = {
        DType.INT8: low - 128,
        DType.INT16: bits - 32768,
        DType.BOOL: bits & 1,
        DType.FLOAT32: (low - 128) * 2.0**-6,
    }.get(tensor.dtype, low)
    return values.astype(tensor.dtype.numpy).reshape(tensor.shape)


def golden_outputs(plan: Plan) -> tuple[int, dict[str, NDArray[Any]]]:
    """The number of vectors, and per output its values for all of them, flat."""
    macs = sum(macs_of(plan.graph, node) for node in plan.graph.nodes)
    vectors = MANY if macs <= FEW_MACS else FEW
    model, generator = Exact(plan.graph, plan.lowered), Generator()
    results = [
        model.run({p.tensor.name: random_values(p.tensor, generator) for p in plan.inputs})
        for _ in range(vectors)
    ]
    return vectors, {
        name: np.concatenate([r[name].reshape(-1) for r in results]) for name in plan.graph.outputs
    }
