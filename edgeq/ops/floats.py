"""Float meaning that element-wise operators share."""

from __future__ import annotations

import numpy as np

from edgeq.errors import GraphError
from edgeq.ir import Node
from edgeq.ops.base import Array, Floats
from edgeq.ops.common import ACTIVATIONS


def floats(inputs: tuple[Floats | None, ...], count: int) -> tuple[Floats, ...]:
    """The first `count` inputs; GraphError when one is absent."""
    found = tuple(x for x in inputs[:count] if x is not None)
    if len(found) != count:
        raise GraphError(f"{count} inputs are needed, not {len(found)}")
    return found


def activate(node: Node, x: Array) -> Floats:
    """`x` in float32 under the node's fused activation."""
    low, high = ACTIVATIONS[str(node.attrs.get("activation", "none"))]
    return np.clip(x, low, high).astype(np.float32) if (low, high) != (None, None) else _f32(x)


def _f32(x: Array) -> Floats:
    return x.astype(np.float32)
