"""Quantization error by layer: what theory predicts of rounding to nearest, and what is measured.

With a step D a value inside the range is off by D / 2 at most.  Where the error is spread evenly
over a step its power is D**2 / 12, and noises of many independent weights and activations add:
of y = sum w x the noise is sum x**2 Dw**2 / 12 + sum w**2 Dx**2 / 12, and Dy**2 / 12 of its own
rounding.  Values that are exact (zeros, what a clamp cuts off) have none; what lies outside the
range is clipped, which prediction leaves out and measurement shows.

Source: B. Widrow, I. Kollar, "Quantization Noise", Cambridge University Press, 2008, chapters 5
and 6; W. R. Bennett, "Spectra of Quantized Signals", Bell System Technical Journal 27, 1948.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.ops.common import ACTIVATIONS
from edgeq.quantize.apply import Prepared, apply, constant, is_mac, mac_tensors, prepare_params
from edgeq.quantize.boundaries import SHARING, floats_of
from edgeq.quantize.calibrate import Progress, calibrate
from edgeq.quantize.methods import defaults
from edgeq.quantize.options import Options, check_rules
from edgeq.quantize.parameters import to_integers, to_reals
from edgeq.quantize.samples import Samples
from edgeq.quantize.schemes import SchemeMap
from edgeq.reference.float import FloatModel

Floats = NDArray[np.float32]
Values = Mapping[str, Floats]
"""Activations by tensor name, (n, *shape)."""

MOST_SAMPLES = 32  # that are measured; ranges come from all
AT_ONCE = 1 << 25  # elements of activations that are kept together


@dataclass(frozen=True, slots=True)
class WeightError:
    """What rounding does to the weights of a layer.

    step            D, the largest of its channels
    bound           D / 2 of the channel where the error is largest
    max_error       the largest |w - Q(w)| inside the range
    rms_error       root of the mean of (w - Q(w))**2
    clipped         share of weights outside the range
    predicted_sqnr  10 log10(mean w**2 / mean D**2 / 12), in dB
    sqnr            measured, in dB
    """

    step: float
    bound: float
    max_error: float
    rms_error: float
    clipped: float
    predicted_sqnr: float
    sqnr: float


@dataclass(frozen=True, slots=True)
class LayerError:
    """What quantizing one layer alone does: its input, weights and output.

    output_step     D of its output
    predicted_sqnr  of its output, in dB; None for operators that theory here leaves out
    sqnr            of its output, measured, in dB
    sensitivity     SQNR of the network's output when this layer alone is quantized, in dB
    """

    name: str
    op: str
    scheme: str
    weights: WeightError | None
    output_step: float
    predicted_sqnr: float | None
    sqnr: float
    sensitivity: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class _Powers:
    """Sums of squares: of the signal, of the predicted and of the measured noise."""

    signal: float = 0.0
    predicted: float = 0.0
    noise: float = 0.0
    final_signal: float = 0.0
    final_noise: float = 0.0


def layer_errors(
    graph: Graph, samples: Samples, schemes: SchemeMap, options: Options
) -> tuple[Graph, tuple[LayerError, ...]]:
    """The quantized graph, and the error of every layer that rounds, under rounding to nearest.

    Args:
        graph: of floats, prepared.
        samples: all give the ranges, the first MOST_SAMPLES are measured.
        schemes: of the layers.
        options: observer, jobs and progress; methods are left out.

    Raises:
        UsageError: a rule for no layer.
        Problems: every layer that cannot be quantized.
    """
    check_rules(schemes, graph)
    options = defaults(replace(options, methods=()), schemes)
    observers = calibrate(graph, samples, options.observer, jobs=options.jobs)
    prepared = prepare_params(graph, observers, schemes)
    layers = [n for n in prepared.graph.nodes if _rounds(prepared.graph, n)]
    powers = {node.name: _Powers() for node in layers}
    _measure(prepared, samples, layers, powers, options.progress)
    found = (_layer(prepared, node, powers[node.name]) for node in layers)
    return apply(prepared), tuple(found)


def weight_error(weights: Floats, params: QuantParams, dtype: DType) -> WeightError:
    """The error of rounding weights to the nearest integers on their scales."""
    integers = to_integers(weights, params, dtype)
    steps = to_reals(np.ones_like(integers), params).astype(np.float64)
    error = np.abs(weights - integers * steps)
    inside = np.abs(weights) <= np.abs(integers * steps) + steps / 2
    worst = np.unravel_index(int(np.argmax(np.where(inside, error, -1.0))), error.shape)
    signal = float(np.mean(weights.astype(np.float64) ** 2))
    return WeightError(
        float(steps.max()), float(steps[worst] / 2), float(error[worst]),
        float(np.sqrt(np.mean(error**2))), float(np.mean(~inside)),
        decibels(signal, float(np.mean(steps**2)) / 12), decibels(signal, float(np.mean(error**2))),
    )  # fmt: skip


def decibels(signal: float, noise: float) -> float:
    """10 log10(signal / noise), infinite without noise."""
    if noise <= 0 or signal <= 0:
        return float("inf") if noise <= 0 else float("-inf")
    return float(10 * np.log10(signal / noise))


def _rounds(graph: Graph, node: Node) -> bool:
    """Whether a node computes new numbers; those that move or compare them add no error."""
    return bool(floats_of(graph, node.outputs)) and node.op not in SHARING


def _measure(
    prepared: Prepared, samples: Samples, layers: list[Node], powers: dict[str, _Powers],
    progress: Progress,
) -> None:  # fmt: skip
    graph, count, done = prepared.graph, min(len(samples), MOST_SAMPLES), 0
    elements = sum(t.size for t in graph.tensors.values() if not t.is_constant)
    size = int(np.clip(AT_ONCE // max(elements, 1), 1, count))
    for batch in samples.batches(0, count, size):
        n = len(next(iter(batch.values())))
        traced = {name: value.reshape(n, *graph.tensors[name].shape)
                  for name, value in FloatModel(graph).trace(batch)}  # fmt: skip
        for node in layers:
            _add(prepared, node, traced, powers[node.name])
        done += n
        progress(done)


def _add(prepared: Prepared, node: Node, traced: Values, powers: _Powers) -> None:
    """Measure one layer on one batch."""
    graph = prepared.graph
    exact = {name: traced[name] for name in node.outputs}
    rounded = _quantized_layer(prepared, node, traced)
    powers.signal += _power(exact, exact, difference=False)
    powers.noise += _power(exact, rounded)
    if is_mac(graph, node):
        powers.predicted += _predicted(prepared, node, traced)
    final = {name: traced[name] for name in graph.outputs if name in traced}
    after = graph.nodes[graph.nodes.index(node) + 1 :]
    computed = {t for later in after for t in later.outputs}
    known = {name: value for name, value in traced.items() if name not in computed} | rounded
    changed = known | run_nodes(graph, after, known, tuple(set(final) & computed))
    powers.final_signal += _power(final, final, difference=False)
    powers.final_noise += _power(final, changed)


def _power(exact: Values, other: Values, *, difference: bool = True) -> float:
    return sum(
        float(np.sum(np.square((x - other[name] if difference else x), dtype=np.float64)))
        for name, x in exact.items()
    )


def run_nodes(
    graph: Graph, nodes: tuple[Node, ...], known: Values, wanted: tuple[str, ...]
) -> dict[str, Floats]:
    """The tensors `wanted` after `nodes`, from known activations (n, *shape)."""
    if not wanted:
        return {}
    read = dict.fromkeys(t for node in nodes for t in node.inputs if t in known)
    part = replace(graph, nodes=nodes, inputs=tuple(read), outputs=wanted).replace_nodes({})
    model, count = FloatModel(part), len(next(iter(known.values())))
    joined = {}
    for name in read:
        shape = graph.tensors[name].shape
        along = shape[:1] == (model.batch,)
        joined[name] = known[name].reshape((-1, *shape[1:]) if along else (-1, *shape))
    found = model.run(joined)
    return {name: found[name].reshape(count, *graph.tensors[name].shape) for name in wanted}


def _quantized_layer(prepared: Prepared, node: Node, traced: Values) -> dict[str, Floats]:
    """The outputs of a layer whose input, weights and output are rounded."""
    graph = prepared.graph
    known = {name: _rounded(prepared, name, traced[name]) for name in node.inputs if name in traced}
    if is_mac(graph, node):
        graph = _with_weights(graph, node, _real_weights(prepared, node))
    outputs = run_nodes(graph, (node,), known, node.outputs)
    return {name: _rounded(prepared, name, value) for name, value in outputs.items()}


def _rounded(prepared: Prepared, name: str, values: Floats) -> Floats:
    if name not in prepared.params:
        return values
    params = prepared.params[name]
    return to_reals(to_integers(values, params, prepared.kinds[name]), params)


def _real_weights(prepared: Prepared, node: Node) -> Floats:
    """The weights after rounding."""
    _, w, _ = mac_tensors(prepared.graph, node)
    params = prepared.weight_params(node)
    return to_reals(to_integers(constant(w), params, _weight_dtype(prepared, node)), params)


def _weight_dtype(prepared: Prepared, node: Node) -> DType:
    return prepared.schemes.of(node.name).weight


def _with_weights(graph: Graph, node: Node, weights: Floats) -> Graph:
    w = graph.tensors[node.inputs[1]]
    return replace(graph, tensors={**graph.tensors, w.name: replace(w, data=weights)})


def _predicted(prepared: Prepared, node: Node, traced: Values) -> float:
    """The sum of the predicted noise power over a layer's output."""
    graph, (y_name,) = prepared.graph, node.outputs
    x, w, _ = mac_tensors(graph, node)
    values, y = traced[x.name], traced[y_name]
    plain = replace(node, inputs=node.inputs[:2], attrs={**node.attrs, "activation": "none"})
    ones = np.ones(w.shape, np.int64)
    weight_noise: Floats = to_reals(ones, prepared.weight_params(node)) ** 2 / np.float32(12)
    input_noise = (values != 0) * np.float32(_step(prepared, x) ** 2 / 12)
    variance = _run_mac(graph, plain, weight_noise, values**2)
    variance = variance + _run_mac(graph, plain, constant(w) ** 2, input_noise)
    variance = variance + _step(prepared, graph.tensors[y_name]) ** 2 / 12
    return float(np.sum(variance[_unclamped(node, y)], dtype=np.float64))


def _run_mac(graph: Graph, node: Node, weights: Floats, x: Floats) -> Floats:
    changed = _with_weights(graph, node, weights.astype(np.float32))
    known = {node.inputs[0]: x.astype(np.float32)}
    return run_nodes(changed, (node,), known, node.outputs)[node.outputs[0]]


def _unclamped(node: Node, y: Floats) -> NDArray[np.bool_]:
    low, high = ACTIVATIONS[str(node.attrs.get("activation", "none"))]
    above = np.ones(y.shape, bool) if low is None else y > low
    return above if high is None else above & (y < high)


def _step(prepared: Prepared, tensor: Tensor) -> float:
    return float(prepared.params[tensor.name].scale[0])


def _layer(prepared: Prepared, node: Node, powers: _Powers) -> LayerError:
    graph, weights = prepared.graph, None
    if is_mac(graph, node):
        _, w, _ = mac_tensors(graph, node)
        dtype = _weight_dtype(prepared, node)
        weights = weight_error(constant(w), prepared.weight_params(node), dtype)
    return LayerError(
        node.name, node.op, prepared.schemes.of(node.name).name, weights,
        _step(prepared, graph.outputs_of(node)[0]),
        decibels(powers.signal, powers.predicted) if weights else None,
        decibels(powers.signal, powers.noise), decibels(powers.final_signal, powers.final_noise),
    )  # fmt: skip
