"""Puts a `quantize` node wherever two layers must not have one tensor in common.

That is where their activation dtypes differ, and where a tensor of fixed scale (softmax,
sigmoid) meets an operator that wants all its tensors on one scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgeq.ir import DType, Graph, Node, QuantParams, Tensor
from edgeq.quantize.parameters import per_tensor
from edgeq.quantize.schemes import SchemeMap

# All activations of these have one scale, so that they move, compare or average integers.
SHARING = frozenset({
    "reshape", "max_pool_2d", "average_pool_2d", "pad", "transpose", "strided_slice", "split",
    "unpack", "pack", "concatenation", "resize_nearest_neighbor", "resize_bilinear", "gather",
    "depth_to_space", "reduce_max", "maximum", "minimum",
})  # fmt: skip

# Operators that read int8 alone, whatever their scheme says.
BYTES_ALONE = frozenset({"arg_max"})

# Outputs whose range is known, by dtype: what the quantization specification demands.
FIXED: Mapping[tuple[str, DType], QuantParams] = {
    ("softmax", DType.INT8): per_tensor(1 / 256, -128),
    ("softmax", DType.INT16): per_tensor(1 / 32768, 0),
    ("logistic", DType.INT8): per_tensor(1 / 256, -128),
    ("logistic", DType.INT16): per_tensor(1 / 32768, 0),
    ("tanh", DType.INT8): per_tensor(1 / 128, 0),
    ("tanh", DType.INT16): per_tensor(1 / 32768, 0),
}


@dataclass(slots=True)
class Groups:
    """Tensors that share their parameters, by a representative."""

    parent: dict[str, str] = field(default_factory=dict)

    def root(self, name: str) -> str:
        while name in self.parent:
            name = self.parent[name]
        return name

    def join(self, names: list[str]) -> None:
        """Put `names` into one group."""
        for name in names[1:]:
            a, b = self.root(name), self.root(names[0])
            if a != b:
                self.parent[a] = b


def floats_of(graph: Graph, names: tuple[str, ...], *, constants: bool = False) -> list[str]:
    """Those of `names` that are float activations (and float constants)."""
    return [
        n for n in names
        if n and graph.tensors[n].dtype is DType.FLOAT32
        and (constants or graph.tensors[n].data is None)
    ]  # fmt: skip


def share(graph: Graph) -> Groups:
    """The groups that the operators of SHARING make; constants they compare with join."""
    groups = Groups()
    for node in graph.nodes:
        if node.op in SHARING:
            with_constants = node.op != "pad"
            groups.join(floats_of(graph, (*node.outputs, *node.inputs), constants=with_constants))
    return groups


def dtypes(graph: Graph, schemes: SchemeMap) -> dict[str, DType]:
    """The integer dtype of every float activation: its producer's, and of inputs their reader's.

    Operators of SHARING follow their first input.
    """
    found: dict[str, DType] = {}
    for name in graph.inputs:
        users = graph.users(name)
        found[name] = schemes.of(users[0].name).activation if users else DType.INT8
    for node in graph.nodes:
        kind = node_dtype(graph, node, schemes, found)
        found |= dict.fromkeys(node.outputs, kind)
    return found


def node_dtype(graph: Graph, node: Node, schemes: SchemeMap, known: Mapping[str, DType]) -> DType:
    """The dtype that `node` computes in."""
    sources = floats_of(graph, node.inputs)
    if node.op == "quantize" and "dtype" in node.attrs:
        return DType(str(node.attrs["dtype"]))
    if node.op in BYTES_ALONE:
        return DType.INT8
    if node.op in SHARING and sources:
        return known[sources[0]]
    return schemes.of(node.name).activation


def insert_boundaries(graph: Graph, schemes: SchemeMap) -> Graph:
    """Insert `quantize` nodes until every node reads tensors of its own dtype and scale.

    A node's input of another dtype, or of a fixed scale where the node shares scales, is read
    through a new tensor `NAME.quantized`.
    """
    kinds = dtypes(graph, schemes)
    groups = share(graph)
    changes: list[Node] = []
    tensors: dict[str, Tensor] = {}
    made: dict[tuple[str, DType], str] = {}
    for node in graph.nodes:
        kind = node_dtype(graph, node, schemes, kinds)
        inputs = list(node.inputs)
        for i, name in enumerate(inputs):
            if not name or name not in kinds or graph.tensors[name].dtype is not DType.FLOAT32:
                continue
            if kinds[name] is kind and not _fixed_among_others(graph, node, name, kind, groups):
                continue
            if (name, kind) not in made:
                made[name, kind] = new = f"{name}.{kind}"
                tensors[new] = replace(graph.tensors[name], name=new)
                changes.append(Node(new, "quantize", (name,), (new,), {"dtype": str(kind)}))
            inputs[i] = made[name, kind]
        changes.append(replace(node, inputs=tuple(inputs)))
    return replace(graph, nodes=tuple(changes), tensors={**graph.tensors, **tensors})


def _fixed_among_others(graph: Graph, node: Node, name: str, kind: DType, groups: Groups) -> bool:
    """True when `name` has a fixed scale that its group at `node` cannot take."""
    producer = graph.producer(name)
    if node.op not in SHARING or producer is None or (producer.op, kind) not in FIXED:
        return False
    root = groups.root(name)
    sources = {_source_kind(graph, t, kind) for t in graph.tensors if groups.root(t) == root}
    return len(sources - {""}) > 1


def _source_kind(graph: Graph, name: str, kind: DType) -> str:
    """What decides a tensor's scale: "" when its producer shares, else the op or "free"."""
    producer = graph.producer(name)
    if producer is not None and producer.op in SHARING:
        return ""
    if producer is not None and (producer.op, kind) in FIXED:
        return producer.op
    return "free"
