"""Let a layer clamp its own output instead of a node behind it."""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir import Graph, Node

CLAMPS = {"relu": "relu", "relu6": "relu6", "relu_n1_to_1": "relu_n1_to_1"}
CLIPS = {(0.0, 6.0): "relu6", (-1.0, 1.0): "relu_n1_to_1", (0.0, float("inf")): "relu"}


def fuse_activation(graph: Graph) -> Graph:
    """Turn producer -> clamp into producer(activation=clamp), in float graphs.

    Applies when the producer has an activation of its own that is "none", and the clamp is
    the only user of its output, which is no output of the graph.  The fused node keeps the
    clamp's output tensor: names seen from outside do not change.

    Before   x -> conv_2d -> t -> relu -> y
    After    x -> conv_2d(activation=relu) -> y
    """
    for clamp in graph.nodes:
        kind = clamp_of(clamp)
        producer = graph.producer(clamp.inputs[0]) if kind else None
        if producer is None or not _is_free(graph, producer, clamp):
            continue
        attrs = {**producer.attrs, "activation": kind}
        fused = replace(producer, outputs=clamp.outputs, attrs=attrs)
        return fuse_activation(graph.replace_nodes({producer.name: fused, clamp.name: None}))
    return graph


def clamp_of(node: Node) -> str:
    """The fused activation that equals `node`, or ""."""
    if node.op == "clip":
        low, high = (float(str(node.attrs[key])) for key in ("lo", "hi"))
        return CLIPS.get((low, high), "")
    return CLAMPS.get(node.op, "")


def _is_free(graph: Graph, producer: Node, clamp: Node) -> bool:
    (value,) = clamp.inputs[:1]
    quantized = graph.tensors[value].quant is not None
    return (
        producer.attrs.get("activation") == "none"
        and not quantized
        and value not in graph.outputs
        and graph.users(value) == (clamp,)
    )
