"""Let convolutions see the border instead of copying the image."""

from __future__ import annotations

from dataclasses import replace

from edgeq.ir import Graph, Node, Tensor

CONVOLUTIONS = ("conv_2d", "depthwise_conv_2d")


def fold_pad(graph: Graph) -> Graph:
    """Turn pad -> convolution into a convolution with that padding.

    Applies when the pad adds its input's zero along height and width only, and every user
    of it is a convolution: borders of a convolution count as the zero point, so the same
    numbers are summed.  A pad that is an output of the graph stays.

    Before   x -> pad(before=(0,1,1,0)) -> t -> conv_2d(padding=(0,0,0,0)) -> y
    After    x -> conv_2d(padding=(1,0,1,0)) -> y
    """
    changes: dict[str, Node | None] = {}
    for pad in graph.nodes:
        if pad.op != "pad" or not _adds_zeros(graph, pad):
            continue
        users = graph.users(pad.outputs[0])
        if pad.outputs[0] in graph.outputs or not all(_reads_image(u, pad) for u in users):
            continue
        changes[pad.name] = None
        changes.update((user.name, _merged(user, pad)) for user in users)
    return graph.replace_nodes(changes)


def _adds_zeros(graph: Graph, pad: Node) -> bool:
    """Whether the border is the zero of an image (N, H, W, C), and only around it."""
    (x,) = graph.inputs_of(pad)
    (y,) = graph.outputs_of(pad)
    if x is None or x.is_constant or len(x.shape) != len("NHWC") or x.quant != y.quant:
        return False
    before, after = pad.ints("before"), pad.ints("after")
    around = (*before[::3], *after[::3])
    return not any(around) and pad.attrs["value"] == _zero(y)


def _zero(tensor: Tensor) -> int:
    return tensor.quant.zero_point if tensor.quant is not None else 0


def _reads_image(node: Node, pad: Node) -> bool:
    return (
        node.op in CONVOLUTIONS
        and node.inputs.count(pad.outputs[0]) == 1
        and (node.inputs[0] == pad.outputs[0])
    )


def _merged(user: Node, pad: Node) -> Node:
    top, bottom, left, right = user.ints("padding")
    before, after = pad.ints("before"), pad.ints("after")
    padding = (top + before[1], bottom + after[1], left + before[2], right + after[2])
    inputs = (pad.inputs[0], *user.inputs[1:])
    return replace(user, inputs=inputs, attrs={**user.attrs, "padding": padding})
