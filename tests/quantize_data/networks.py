"""Small float networks with data, and .npz files of every kind."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import Attr, DType, Graph, Node, Tensor

Floats = NDArray[np.float32]
WINDOW: dict[str, Attr] = {
    "stride": (1, 1), "dilation": (1, 1), "padding": (1, 1, 1, 1), "activation": "relu",
}  # fmt: skip


def network(
    shape: tuple[int, ...] = (1, 8, 8, 3), *, seed: int = 0, input_scale: float = 1.0
) -> Graph:
    """An image -> convolution -> depthwise -> mean -> fully connected (1, 4) -> softmax.

    input_scale   the deviation of the inputs that its first layer's biases balance
    """
    rng = np.random.default_rng(seed)
    tensors: dict[str, Tensor] = {}
    channels = shape[3]

    def add(name: str, dims: tuple[int, ...], values: Floats | None = None) -> str:
        data = None if values is None else values.astype(np.float32)
        tensors[name] = Tensor(name, dims, DType.FLOAT32, data=data)
        return name

    def normal(name: str, *dims: int, deviation: float = 0.3) -> str:
        return add(name, dims, rng.normal(0, deviation, dims).astype(np.float32))

    image = (1, *shape[1:3])
    x, y = add("x", shape), add("y", (1, 4))
    a, b = add("a", (*image, 6)), add("b", (*image, 6))
    m, z = add("m", (1, 6)), add("z", (1, 4))
    first = normal("w0", 6, 3, 3, channels, deviation=0.3 / input_scale)
    nodes = (
        Node("first", "conv_2d", (x, first, normal("b0", 6)), (a,), WINDOW),
        Node("second", "depthwise_conv_2d", (a, normal("w1", 1, 3, 3, 6), normal("b1", 6)), (b,),
             WINDOW),
        Node("mean", "mean", (b,), (m,), {"axes": (1, 2), "keep_dims": False}),
        Node("dense", "fully_connected", (m, normal("w2", 4, 6, deviation=1.0), normal("b2", 4)),
             (z,), {"activation": "none", "keep_num_dims": False}),
        Node("softmax", "softmax", (z,), (y,), {"beta": 1.0}),
    )  # fmt: skip
    return Graph("network", tensors, nodes, (x,), (y,))


def two_inputs() -> Graph:
    """a (1, 4) + b (1, 4)."""
    names = ("a", "b", "y")
    tensors = {n: Tensor(n, (1, 4), DType.FLOAT32) for n in names}
    add = Node("add", "add", ("a", "b"), ("y",), {"activation": "none", "pot_scale_int16": False})
    return Graph("sum", tensors, (add,), ("a", "b"), ("y",))


def images(count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).random((count, 8, 8, 3)).astype(np.float32)


def save(path: Path, /, *, compression: Any = zipfile.ZIP_STORED, **arrays: Any) -> Path:
    """A .npz file, compressed as wanted."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for key, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.asarray(array))
            archive.writestr(f"{key}.npy", stream.getvalue())
    return path


def npy(shape: tuple[int, ...], dtype: str = "<f4", *, columns: bool = False) -> bytes:
    """The header of a .npy file alone."""
    stream = io.BytesIO()
    header = {"descr": dtype, "fortran_order": columns, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()
