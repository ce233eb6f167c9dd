"""Trains the demo's network, quantizes it and writes what edgeq/demo/ holds.

    pip install torch==2.13.0 scikit-learn && python -m benchmarks.train_demo

A small CNN for scikit-learn's 8x8 digits: rows 0-999 train it, 1000-1099 calibrate the
quantization, 1100-1449 measure it.  Quantization is post-training: activations int8 per tensor
from their extremes on the calibration rows, weights int8 symmetric per output channel (per
tensor in the dense layer), biases int32.  LiteRT's reference kernels and TensorFlow Lite Micro
then run the file, and both must reach `WANTED`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from tflite_micro.python.tflite_micro import runtime
from torch.nn import functional

from benchmarks.write_tflite import Step, Stored, write_model

DEMO = Path(__file__).parents[1] / "edgeq" / "demo"
WANTED = 0.97
SEED, EPOCHS, BATCH, RATE, DECAY = 1, 150, 50, 4e-3, 1e-3
TRAIN, CALIBRATION, TEST = slice(0, 1000), slice(1000, 1100), slice(1100, 1450)
BRIGHTEST = 16
INPUT = "image"
Floats = NDArray[np.float64]
Torch = Any  # torch is not needed to check the types of edgeq
Values = dict[str, Torch]


@dataclass(frozen=True)
class Layer:
    """One operator: kernel size of a convolution, output channels where it has weights."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    channels: int = 0
    kernel: int = 1
    relu: bool = False


# Channel counts 12, 28, 44 leave a tail on every vector width.
LAYERS = (
    Layer("stem", "conv", (INPUT,), 12, 3, relu=True),
    Layer("depth1", "depthwise", ("stem",), 12, 3, relu=True),
    Layer("point1", "conv", ("depth1",), 28, relu=True),
    Layer("pool1", "max_pool", ("point1",)),
    Layer("depth2", "depthwise", ("pool1",), 28, 3, relu=True),
    Layer("point2", "conv", ("depth2",), 28),
    Layer("sum", "add", ("pool1", "point2"), relu=True),
    Layer("point3", "conv", ("sum",), 44, relu=True),
    Layer("pool2", "average_pool", ("point3",)),
    Layer("flat", "reshape", ("pool2",)),
    Layer("scores", "dense", ("flat",), 10),
    Layer("probabilities", "softmax", ("scores",)),
)
SAME_SCALE = ("max_pool", "average_pool", "reshape")


def initial_parameters() -> Values:
    """Weights in torch's layout (O, I, KH, KW), drawn after He et al. 2015, and zero biases."""
    parameters: Values = {}
    fan_in = {INPUT: 1}
    for layer in LAYERS:
        width = fan_in[layer.inputs[0]]
        fan_in[layer.name] = layer.channels or (4 * width if layer.kind == "reshape" else width)
        if not layer.channels:
            continue
        shape: tuple[int, ...] = (layer.channels, width)
        if layer.kind != "dense":
            shape = (layer.channels, 1 if layer.kind == "depthwise" else width)
            shape += (layer.kernel, layer.kernel)
        gain = (2 / float(np.prod(shape[1:]))) ** 0.5
        parameters[layer.name + "/weights"] = torch.randn(shape).mul_(gain).requires_grad_()
        parameters[layer.name + "/bias"] = torch.zeros(layer.channels, requires_grad=True)
    return parameters


def apply(layer: Layer, inputs: list[Torch], parameters: Values) -> Torch:
    """What `layer` means, in float; images are (N, C, H, W)."""
    x = inputs[0]
    weights: Torch = parameters.get(layer.name + "/weights")
    bias: Torch = parameters.get(layer.name + "/bias")
    match layer.kind:
        case "conv" | "depthwise":
            groups = layer.channels if layer.kind == "depthwise" else 1
            y = functional.conv2d(x, weights, bias, padding=layer.kernel // 2, groups=groups)
        case "max_pool" | "average_pool":
            pool = functional.max_pool2d if layer.kind == "max_pool" else functional.avg_pool2d
            y = pool(x, 2)
        case "reshape":
            y = x.permute(0, 2, 3, 1).flatten(1)
        case "dense":
            y = x @ weights.T + bias
        case _:
            y = inputs[0] + inputs[1] if layer.kind == "add" else x.softmax(1)
    return y.relu() if layer.relu else y


def forward(parameters: Values, x: Torch) -> Values:
    """Every tensor of the network by name, for x (N, 1, 8, 8) in [0, 1]."""
    values = {INPUT: x}
    for layer in LAYERS:
        values[layer.name] = apply(layer, [values[name] for name in layer.inputs], parameters)
    return values


def shifted(x: Torch) -> Torch:
    """The batch moved by up to one pixel each way, empty pixels coming in."""
    down, right = (int(v) for v in torch.randint(0, 3, (2,)))
    return functional.pad(x, (1, 1, 1, 1))[:, :, down : down + 8, right : right + 8]


def train(x: Torch, y: Torch) -> Values:
    """Parameters after `EPOCHS` epochs of AdamW with a cosine rate."""
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    parameters = initial_parameters()
    optimizer = torch.optim.AdamW(parameters.values(), lr=RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x)).split(BATCH):
            scores = forward(parameters, shifted(x[rows]))["scores"]
            loss = functional.cross_entropy(scores, y[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return {name: value.detach() for name, value in parameters.items()}


def activation(name: str, value: Torch, shape: tuple[int, ...]) -> Stored:
    """An int8 tensor of `shape` whose range covers `value` and zero."""
    lo, hi = min(0.0, float(value.min())), max(0.0, float(value.max()))
    scale = float(np.float32((hi - lo) / 255))
    return Stored(name, shape, (scale,), int(np.clip(round(-128 - lo / scale), -128, 127)))


def activations(values: Values) -> dict[str, Stored]:
    """Quantization of every activation, from `values` on the calibration rows."""
    found = {INPUT: Stored(INPUT, (1, 8, 8, 1), (float(np.float32(1 / 255)),), -128)}
    for layer in LAYERS:
        shape = tuple(values[layer.name].shape[1:])
        shape = (1, *shape[1:], shape[0]) if len(shape) > 1 else (1, *shape)
        source = found[layer.inputs[0]]
        if layer.kind in SAME_SCALE:
            stored = Stored(layer.name, shape, source.scale, source.zero_point)
        elif layer.kind == "softmax":  # fixed by the quantization specification
            stored = Stored(layer.name, shape, (1 / 256,), -128)
        else:
            stored = activation(layer.name, values[layer.name], shape)
        found[layer.name] = stored
    return found


def weights(layer: Layer, parameters: Values, x_scale: float) -> list[Stored]:
    """Weights, as OHWI, (1, KH, KW, O) or (O, I), and the bias of one layer."""
    real: Floats = parameters[layer.name + "/weights"].double().numpy()
    bias: Floats = parameters[layer.name + "/bias"].double().numpy()
    axis = 0
    if layer.kind == "depthwise":
        real, axis = real.transpose(1, 2, 3, 0), 3
    elif layer.kind == "conv":
        real = real.transpose(0, 2, 3, 1)
    rest = None if layer.kind == "dense" else tuple(i for i in range(real.ndim) if i != axis)
    peak = np.maximum(np.abs(real).max(axis=rest, keepdims=True), 1e-6)
    scale = (peak / 127).astype(np.float32).astype(np.float64)
    q = np.clip(np.rint(real / scale), -127, 127).astype(np.int8)
    scales = tuple(float(s) for s in scale.reshape(-1))
    steps = tuple(float(np.float32(x_scale * s)) for s in scales)
    q_bias = np.rint(bias / np.array(steps)).astype(np.int32)
    return [
        Stored(layer.name + "/weights", q.shape, scales, 0, axis, q),
        Stored(layer.name + "/bias", q_bias.shape, steps, 0, 0, q_bias),
    ]


def step(layer: Layer, extra: tuple[str, ...], shape: tuple[int, ...]) -> Step:
    """The layer as the file holds it; `extra` names its constant inputs."""
    stride = {"strideH": 1, "strideW": 1, "padding": 0}
    half = {"strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2, "padding": 1}
    options: Mapping[str, Mapping[str, Any]] = {
        "conv": {**stride, "dilationHFactor": 1, "dilationWFactor": 1},
        "depthwise": {
            **stride, "depthMultiplier": 1, "dilationHFactor": 1, "dilationWFactor": 1,
        },
        "max_pool": half,
        "average_pool": half,
        "reshape": {"newShape": list(shape)},
        "softmax": {"beta": 1.0},
    }  # fmt: skip
    fused = {"fusedActivationFunction": 1} if layer.relu else {}
    chosen = {**options.get(layer.kind, {}), **fused}
    return Step(layer.kind, layer.inputs + extra, layer.name, chosen)


def quantized(parameters: Values, values: Values) -> bytes:
    """The int8 .tflite of the trained network."""
    stored = activations(values)
    tensors, steps = [stored[INPUT]], []
    for layer in LAYERS:
        extra: list[Stored] = []
        shape = stored[layer.name].shape
        if layer.channels:
            extra = weights(layer, parameters, stored[layer.inputs[0]].scale[0])
        elif layer.kind == "reshape":
            extra = [Stored(layer.name + "/shape", (2,), (), data=np.array(shape, np.int32))]
        tensors += [*extra, stored[layer.name]]
        steps.append(step(layer, tuple(t.name for t in extra), shape))
    return write_model(tensors, steps, INPUT, "edgeq demo: 8x8 digits")


def litert_scores(path: Path, x: NDArray[np.int8]) -> NDArray[np.int8]:
    """(N, 10) from LiteRT's reference kernels."""
    interpreter = Interpreter(
        str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    rows = []
    for row in x:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[np.newaxis])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.array(rows)


def tflm_scores(path: Path, x: NDArray[np.int8]) -> NDArray[np.int8]:
    """(N, 10) from TensorFlow Lite Micro."""
    interpreter = runtime.Interpreter.from_file(str(path))
    rows = []
    for row in x:
        interpreter.set_input(row[np.newaxis], 0)
        interpreter.invoke()
        rows.append(interpreter.get_output(0)[0])
    return np.array(rows)


def main() -> int:
    """Train, quantize, measure; write only what is good enough."""
    digits = load_digits()
    pixels = digits.images[:, np.newaxis] / BRIGHTEST
    x, y = torch.tensor(pixels, dtype=torch.float32), torch.tensor(digits.target)
    parameters = train(x[TRAIN], y[TRAIN])
    float_scores = forward(parameters, x[TEST])["scores"].numpy()
    model = quantized(parameters, forward(parameters, x[CALIBRATION]))
    labels = digits.target[TEST].astype(np.uint8)
    x_test = (np.rint(pixels[TEST] * 255) - 128).astype(np.int8).transpose(0, 2, 3, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digits_int8.tflite"
        path.write_bytes(model)
        by = {"float": float_scores, "litert": litert_scores(path, x_test)}
        by["tflm"] = tflm_scores(path, x_test)
    score = {name: float((rows.argmax(1) == labels).mean()) for name, rows in by.items()}
    print({name: f"{value:.4f}" for name, value in score.items()}, f"{len(model)} bytes")
    if min(score.values()) < WANTED:
        return 1
    (DEMO / "digits_int8.tflite").write_bytes(model)
    np.savez_compressed(DEMO / "digits_test.npz", x=x_test, y=labels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
