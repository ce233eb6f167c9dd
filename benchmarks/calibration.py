"""Time and memory of quantizing a network of the size of MobileNetV2, with everything on.

    python -m benchmarks.calibration [--samples N] [--jobs N] [--scheme S] [--methods M,M]

The network is the collection's int8 MobileNetV2 (224 x 224) with its weights made real
numbers again; samples are random smooth images, written to a .npz file and read from there.
Seconds are of this machine, as busy as it is; the peak is of this process alone, of its
worker processes (the largest one) beside it.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.collection import model_path
from edgeq.ir import DType, Graph, Tensor
from edgeq.pipeline import load, quantize

SQUARE = 16
MODEL = "xtensa_mobilenet_v2_224_int8"


def real(tensor: Tensor) -> Tensor:
    """The tensor in float32, constants as the reals that their integers stand for."""
    if tensor.data is None or tensor.quant is None:
        return replace(tensor, dtype=DType.FLOAT32, quant=None)
    shape = [1] * len(tensor.shape)
    if tensor.quant.per_channel:
        shape[tensor.quant.axis or 0] = -1
    steps = tensor.data.astype(np.float64) - tensor.quant.zero_point
    data = (steps * tensor.quant.scale.reshape(shape)).astype(np.float32)
    return replace(tensor, dtype=DType.FLOAT32, quant=None, data=data)


def float_network() -> Graph:
    """MobileNetV2 with float32 weights near those that it was trained to."""
    graph = load(model_path(MODEL))
    used = {n for node in graph.nodes if node.op == "reshape" for n in node.inputs[1:]}
    tensors = {n: t if n in used else real(t) for n, t in graph.tensors.items()}
    return replace(graph, tensors=tensors, source=b"", numerics="")


def images(count: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Random pictures of 16 x 16 squares in [-1, 1], (count, *shape) float32."""
    rng = np.random.default_rng(0)
    small = [n // SQUARE if n >= SQUARE else n for n in shape]
    values = rng.uniform(-1, 1, (count, *small)).astype(np.float32)
    for axis, size in enumerate(shape, 1):
        values = values.repeat(size // values.shape[axis], axis=axis)
    return values


def main() -> None:
    """Quantize once and print what it took."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scheme", default="int8")
    parser.add_argument("--methods", default=None)
    options = parser.parse_args()
    methods = None if options.methods is None else list(filter(None, options.methods.split(",")))
    graph = float_network()
    (name,) = graph.inputs
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        np.savez(path, x=images(options.samples, graph.tensors[name].shape[1:]))
        started = time.perf_counter()
        quantize(graph, path, options.scheme, methods=methods, jobs=options.jobs, trust_data=True)
        seconds = time.perf_counter() - started
    own, workers = (resource.getrusage(who).ru_maxrss / 1000
                    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))  # fmt: skip
    sys.stdout.write(f"{options.samples} samples, {options.jobs} jobs, {options.scheme}: "
                     f"{seconds:.0f} s, peak {own:.0f} MB, workers {workers:.0f} MB\n")  # fmt: skip


if __name__ == "__main__":
    main()
