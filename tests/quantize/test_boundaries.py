"""Where tensors share a scale for free, and where a `quantize` node must stand between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from edgeq.ir import Attr, DType, Graph, Node, Tensor
from edgeq.ir.store import to_bytes
from edgeq.numerics.profile import Profile
from edgeq.passes import prepare
from edgeq.passes.float_graph import prepare_float
from edgeq.pipeline import verify
from edgeq.quantize import Options, quantize
from edgeq.quantize.boundaries import FIXED, SHARING
from edgeq.reference.exact import exact
from tests.quantize.random_networks import Maker, conv, samples
from tests.tools import need_tool

PLAIN = Options(methods=())
POOL: Mapping[str, Attr] = {
    "filter": (2, 2), "stride": (2, 2), "padding": (0, 0, 0, 0), "activation": "none",
}  # fmt: skip
RESIZE: Mapping[str, Attr] = {
    "size": (12, 12), "align_corners": False, "half_pixel_centers": False,
}  # fmt: skip
MOVES: Mapping[str, Mapping[str, Attr]] = {
    "max_pool_2d": POOL,
    "average_pool_2d": POOL,
    "pad": {"before": (0, 1, 0, 0), "after": (0, 0, 2, 0), "value": 0.25},
    "transpose": {"perm": (0, 2, 1, 3)},
    "strided_slice": {"begin": (0, 1, 0, 0), "size": (1, 3, 6, 2), "strides": (1, 1, 1, 2)},
    "resize_nearest_neighbor": RESIZE,
    "resize_bilinear": RESIZE,
    "depth_to_space": {"block_size": 2, "mode": "DCR"},
    "reduce_max": {"axes": (1, 2), "keep_dims": True},
    "split": {"axis": 3, "sizes": (1, 3)},
    "unpack": {"axis": 3},
}


def start() -> tuple[Maker, str]:
    m = Maker(np.random.default_rng(0))
    return m, conv(m, m.input("x", (1, 6, 6, 3)))


def finish(m: Maker, *outputs: str) -> Graph:
    return prepare_float(Graph("net", m.tensors, tuple(m.nodes), ("x",), outputs))


def add(m: Maker, a: str, b: str) -> str:
    return m.node("add", a, b, activation="none", pot_scale_int16=False)


def integers(graph: Graph, scheme: str | Mapping[str, str] = "int8") -> Graph:
    """Quantized, and known to be lowered."""
    found = quantize(graph, {"x": samples(0)}, scheme, options=PLAIN)
    exact(prepare(found), Profile.EDGEQ)
    return found


def ops(graph: Graph) -> Counter[str]:
    return Counter(n.op for n in graph.nodes)


@pytest.mark.parametrize("scheme", ["int8", "int16x8"])
@pytest.mark.parametrize("op", sorted(MOVES))
def test_what_only_moves_integers_keeps_their_scale(op: str, scheme: str) -> None:
    m, y = start()
    outputs = _outputs(m, op, y)
    q = integers(finish(m, *outputs), scheme)
    assert "quantize" not in ops(q)
    params = [q.tensors[t].quant for t in (y, *outputs)]
    assert all(p == params[0] for p in params)
    assert op in SHARING


def _outputs(m: Maker, op: str, y: str) -> tuple[str, ...]:
    if op == "unpack":
        node = Node(op, op, (y,), tuple(f"part{i}" for i in range(4)), MOVES[op])
        m.tensors |= {t: Tensor(t, (1, 6, 6), DType.FLOAT32) for t in node.outputs}
        m.nodes.append(node)
        return node.outputs
    return m.nodes_of(op, y, **MOVES[op])


@pytest.mark.parametrize("scheme", ["int8", "int16x8"])
@pytest.mark.parametrize("op", ["concatenation", "maximum", "minimum"])
def test_what_is_joined_or_compared_is_on_one_scale(op: str, scheme: str) -> None:
    m, a = start()
    b = conv(m, "x", activation="none")
    attrs: dict[str, Attr] = {"axis": 3, "activation": "none"} if op == "concatenation" else {}
    y = m.node(op, a, b, **attrs)
    q = integers(finish(m, y), scheme)
    assert "quantize" not in ops(q)
    assert q.tensors[a].quant == q.tensors[b].quant == q.tensors[y].quant


def test_sharing_goes_through_chains() -> None:
    m, a = start()
    pooled = m.node("max_pool_2d", a, **POOL)
    padded = m.node("pad", pooled, before=(0, 1, 0, 0), after=(0, 0, 0, 0), value=0.0)
    moved = m.node("transpose", padded, perm=(0, 2, 1, 3))
    q = integers(finish(m, moved))
    assert len({float(q.tensors[t].quant.scale[0]) for t in (a, pooled, padded, moved)}) == 1  # type: ignore[union-attr]
    assert ops(q) == {"conv_2d": 1, "max_pool_2d": 1, "pad": 1, "transpose": 1}


@pytest.mark.parametrize("kind", [DType.INT8, DType.INT16])
@pytest.mark.parametrize("op", ["softmax", "logistic", "tanh"])
def test_fixed_scales_pass_through_moves_and_are_left_at_joins(op: str, kind: DType) -> None:
    m, a = start()
    p = m.node(op, a, **({"beta": 1.0} if op == "softmax" else {}))
    alone = m.node("transpose", p, perm=(0, 2, 1, 3))
    joined = m.node("concatenation", p, conv(m, "x", activation="none"), axis=3,
                    activation="none")  # fmt: skip
    q = integers(finish(m, alone, joined), "int8" if kind is DType.INT8 else "int16x8")
    wanted = FIXED[op, kind]
    assert q.tensors[p].quant == wanted
    assert q.tensors[joined].quant != wanted
    # the move and the join are one group, so that both stand behind the new scale
    assert ops(q)["quantize"] == 1


def test_one_fixed_scale_alone_is_free() -> None:
    m, a = start()
    parts = [m.node("logistic", t) for t in (a, conv(m, "x"))]
    y = m.node("concatenation", *parts, axis=3, activation="none")
    q = integers(finish(m, m.node("max_pool_2d", y, **POOL)))
    assert "quantize" not in ops(q)
    assert q.tensors[y].quant == FIXED["logistic", DType.INT8]


def mixed() -> Graph:
    """Three convolutions, the second beside a sum."""
    m, a = start()
    b = conv(m, a, activation="none")
    return finish(m, conv(m, add(m, a, b)))


MIXED = {"default": "int8", "^conv_2d_1$": "int16x8", "add": "int16x8"}


def test_layers_of_other_dtypes_meet_at_boundaries() -> None:
    graph = mixed()
    q = integers(graph, MIXED)
    first, _, summed, last = (graph.nodes[i].outputs[0] for i in range(4))
    kinds = {t: q.tensors[t].dtype for t in ("x", first, summed, last)}
    assert kinds == {"x": DType.INT8, first: DType.INT8, summed: DType.INT16, last: DType.INT8}
    assert ops(q)["quantize"] == 2  # the first layer's output is widened once for both readers
    for node in q.nodes:
        if node.op != "quantize":
            found = {q.tensors[t].dtype for t in (node.inputs[0], *node.outputs)}
            assert len(found) == 1, node.name
    biases = {n.name: q.tensors[n.inputs[2]].dtype for n in q.nodes if n.op == "conv_2d"}
    assert biases == {"conv_2d_0": DType.INT32, "conv_2d_1": DType.INT64, "conv_2d_3": DType.INT32}


def test_a_boundary_changes_the_step_and_no_range() -> None:
    q = integers(mixed(), {"default": "int8", "conv_2d_1": "int16x8"})
    (node,) = (n for n in q.nodes if n.op == "quantize" and q.outputs_of(n)[0].dtype is DType.INT16)
    before, after = (t.quant for t in (q.inputs_of(node)[0], q.outputs_of(node)[0]))  # type: ignore[union-attr]
    assert before is not None
    assert after is not None
    highest = (127 - before.zero_point) * before.scale[0]  # relu: from 0
    assert after.scale[0] * 32767 == pytest.approx(highest, abs=before.scale[0])


def test_a_map_from_a_file_is_the_same_map(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text("".join(f"'{k}' = '{v}'\n" for k, v in MIXED.items()), encoding="utf-8")
    graph = mixed()
    from_file = quantize(graph, {"x": samples(0)}, str(path), options=PLAIN)
    assert to_bytes(from_file) == to_bytes(integers(graph, MIXED))


@pytest.mark.parametrize("schemes", [
    MIXED,
    {"default": "int16x8", "conv_2d_1": "int8"},
    {"default": "int4", "conv_2d_0": "int8", "conv_2d_3": "int16x8"},
    {"default": "int16x8", "conv_2d_3": "int4", "add": "int8"},
])  # fmt: skip
def test_c_crosses_boundaries_as_numpy_does(schemes: Mapping[str, str]) -> None:
    need_tool("gcc")
    report = verify(integers(mixed(), schemes), samples=5)
    assert report.ok, report.first_difference


def test_an_input_of_two_readers_is_converted_for_one() -> None:
    m, a = start()
    b = conv(m, "x")
    graph = finish(m, a, b)
    q = integers(graph, {"default": "int8", "conv_2d_1": "int16x8"})
    assert q.tensors["x"].dtype is DType.INT8
    assert [q.tensors[t].dtype for t in q.outputs] == [DType.INT8, DType.INT16]
    assert ops(q)["quantize"] == 1


def test_an_output_that_is_read_again_stays_an_output() -> None:
    m, a = start()
    q = integers(finish(m, a, conv(m, a)), {"default": "int8", "conv_2d_1": "int16x8"})
    assert q.outputs[0] == a
    assert q.tensors[a].dtype is DType.INT8


def test_transposed_convolutions_have_bytes_where_others_have_nibbles() -> None:
    m, a = start()
    w = m.weights((4, 2, 2, 4), 0, 4)
    y = m.node("conv_transpose_2d", a, w, m.bias(4), stride=(2, 2), dilation=(1, 1),
               padding=(0, 0, 0, 0), output_padding=(0, 0), activation="none")  # fmt: skip
    q = integers(finish(m, conv(m, y)), "int4g2")
    found = {n.op: q.tensors[n.inputs[1]].dtype for n in q.nodes[1:]}
    assert found == {"conv_transpose_2d": DType.INT8, "conv_2d": DType.INT4}


def test_the_largest_of_int16_is_looked_for_in_int8() -> None:
    m, a = start()
    y = m.node("arg_max", a, axis=3)
    m.tensors[y] = Tensor(y, m.shape(y), DType.INT32)
    q = integers(finish(m, y), "int16x8")
    assert [n.op for n in q.nodes] == ["conv_2d", "quantize", "arg_max"]


def test_hard_swish_computes_in_int16() -> None:
    m, a = start()
    q = integers(finish(m, m.node("hard_swish", a)), "int16x8")
    assert [n.op for n in q.nodes] == ["conv_2d", "hard_swish"]
