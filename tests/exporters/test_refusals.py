"""What TensorFlow Lite cannot express is refused: every reason at once, nothing written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeq.errors import OutputError, Problems, UsageError
from edgeq.exporters import save
from edgeq.exporters.tflite import to_tflite
from edgeq.ir import Attr, DType, Graph, Node, QuantParams, Tensor
from tests.exporters.graphs import activation, bias, constant, one_node, quant, weights

FLAT: dict[str, Attr] = {"activation": "none", "keep_num_dims": False}
OTHER = quant(0.04, -3)


def pair(op: str, y: QuantParams, **attrs: Attr) -> Graph:
    x = activation("x", (1, 4, 4, 2))
    return one_node(op, (x,), (activation("y", (), DType.INT8, y),), **attrs)


def two(op: str, b: QuantParams | None, y: QuantParams, **attrs: Attr) -> Graph:
    tensors = activation("a", (1, 4)), activation("b", (1, 4), DType.INT8, b)
    return one_node(op, tensors, (activation("y", (), DType.INT8, y),), **attrs)


def dense(w: Tensor, b: Tensor | None = None, x: Tensor | None = None) -> Graph:
    x = activation("x", (1, 8)) if x is None else x
    inputs = (x, w) if b is None else (x, w, b)
    return one_node("fully_connected", inputs, (activation("y", (), x.dtype),), **FLAT)


def grouped() -> Tensor:
    w = weights(np.random.default_rng(0), (3, 8), DType.INT4)
    assert w.quant is not None
    factors = np.ones((3, 2), np.int32)
    return replace(w, quant=replace(w.quant, group_factors=factors, group_size=4))


WINDOW: dict[str, Attr] = {
    "filter": (2, 2), "stride": (2, 2), "padding": (0,) * 4, "activation": "none",
}  # fmt: skip
RNG = np.random.default_rng(0)
USUAL = quant(0.05, -3)

CASES: dict[str, tuple[Graph, str]] = {
    "softmax": (pair("softmax", OTHER, beta=1.0), "demands scale 0.00390625 and zero point -128"),
    "logistic": (pair("logistic", OTHER), "demands scale 0.00390625 and zero point -128"),
    "tanh": (pair("tanh", OTHER), "demands scale 0.0078125 and zero point 0"),
    "max_pool_2d": (pair("max_pool_2d", OTHER, **WINDOW), "must share their scale"),
    "average_pool_2d": (pair("average_pool_2d", OTHER, **WINDOW), "must share their scale"),
    "pad": (pair("pad", OTHER, before=(0,) * 4, after=(1,) * 4, value=0), "must share their scale"),
    "reshape": (pair("reshape", OTHER, shape=(32,)), "must share their scale"),
    "transpose": (pair("transpose", OTHER, perm=(0, 3, 1, 2)), "must share their scale"),
    "zero points": (pair("reshape", quant(0.05, 4), shape=(32,)), "zero point -3 and .*point 4"),
    "concatenation": (
        two("concatenation", OTHER, USUAL, axis=1, activation="none"), "y and b must share",
    ),
    "nearly": (
        two("concatenation", quant(float(np.nextafter(np.float32(0.05), np.float32(1))), -3),
            USUAL, axis=1, activation="none"), "y and b must",
    ),
    "fused": (two("concatenation", USUAL, USUAL, axis=1, activation="relu"), "no fused"),
    "pack": (two("pack", OTHER, USUAL, axis=0), "y and b must"),
    "maximum": (two("maximum", USUAL, OTHER), "y and a must share"),
    "minimum": (two("minimum", OTHER, USUAL), "y and b must share"),
    "groups": (dense(grouped()), "scales in groups of 4"),
    "bias": (dense(weights(RNG, (3, 8)), bias(RNG, 3, DType.INT64)), "no int64 bias beside int8"),
    "int16 by int4": (
        dense(weights(RNG, (3, 8), DType.INT4), None, activation("x", (1, 8), DType.INT16)),
        "no int16 by int4 weights into int16",
    ),
    "axis": (dense(weights(RNG, (3, 8), axis=1)), "quantized along axis 1, not 0"),
    "computed": (dense(activation("w", (3, 8))), "weights w are computed"),
    "zero": (
        dense(constant("w", np.ones((3, 8)), DType.INT8, quant(0.1, 5))), "zero point 5, not 0",
    ),
    "product": (
        dense(constant("w", np.ones((3, 8)), DType.INT8, quant(1e-30)), bias(RNG, 3),
              activation("x", (1, 8), DType.INT8, quant(1e-30))), "product beyond float32",
    ),
    "erf": (pair("erf", OTHER), "no such operator"),
    "hard_sigmoid": (pair("hard_sigmoid", OTHER), "no such operator"),
    "pow": (pair("pow", OTHER, exponent=2.0), "takes no int8 here"),
    "div": (two("div", OTHER, OTHER, activation="none"), "no quantized division"),
    "no scale": (
        one_node("relu", (Tensor("x", (1, 4), DType.INT8),), (activation("y", ()),)),
        "tensor x is int8 without a scale",
    ),
    "many scales": (
        one_node("relu", (activation("x", (2, 4), DType.INT8, QuantParams(np.ones(2), 0, 0)),),
                 (activation("y", ()),)), "tensor x must have one scale",
    ),
    "neg": (pair("neg", USUAL), "zero point 0"),
    "elu": (pair("elu", OTHER, alpha=0.5), "alpha 1, not 0.5"),
    "legacy": (pair("max_pool_2d", USUAL, **WINDOW, legacy_uint8=True), "rounds differently"),
    "rank": (
        one_node("pad", (activation("x", (1,) * 6),), (activation("y", ()),),
                 before=(0,) * 6, after=(1,) * 6, value=-3), "5 dimensions here at most",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_refusals_name_the_node_and_the_reason(name: str) -> None:
    graph, reason = CASES[name]
    with pytest.raises(Problems, match=reason) as refusal:
        to_tflite(graph)
    (problem,) = refusal.value.problems
    assert problem.where == f"'{graph.nodes[0].name}' ({graph.nodes[0].op})"


def test_all_problems_are_told_at_once() -> None:
    x, t, y = (activation(n, (1, 4)) for n in "xty")
    nodes = Node("one", "erf", ("x",), ("t",)), Node("two", "tanh", ("t",), ("y",))
    graph = Graph("g", {"x": x, "t": t, "y": y}, nodes, ("x",), ("y",))
    with pytest.raises(Problems, match="'g' cannot be written") as refusal:
        to_tflite(graph)
    assert [p.where for p in refusal.value.problems] == ["'one' (erf)", "'two' (tanh)"]


def test_attributes_that_are_missing_are_no_traceback() -> None:
    graph = pair("softmax", quant(1 / 256, -128), beta=1.0)
    nodes = (replace(graph.nodes[0], attrs={}),)
    with pytest.raises(Problems, match="attributes are not those"):
        to_tflite(replace(graph, nodes=nodes))


@pytest.mark.parametrize("scale", [1e-60, 1e60])
def test_scales_beyond_single_precision_are_refused(scale: float) -> None:
    x = activation("x", (1, 4), DType.INT8, QuantParams(np.array([scale])))
    y = activation("y", (), DType.INT8, x.quant)
    with pytest.raises(Problems, match="'x' has a scale that float32 cannot hold"):
        to_tflite(one_node("reshape", (x,), (y,), shape=(4,)))


def test_a_graph_that_is_not_well_formed_is_refused() -> None:
    graph = pair("tanh", quant(1 / 128))
    with pytest.raises(Problems, match="not well-formed"):
        to_tflite(replace(graph, outputs=("z",)))


def test_a_refusal_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(b"old")
    with pytest.raises(Problems):
        save(pair("erf", OTHER), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_ending_chooses_the_format(tmp_path: Path) -> None:
    graph = pair("tanh", quant(1 / 128))
    save(graph, tmp_path / "m.tflite")
    assert (tmp_path / "m.tflite").read_bytes() == to_tflite(graph)
    save(graph, str(tmp_path / "m.edgeq"))
    assert (tmp_path / "m.edgeq").read_bytes()[:2] == b"PK"
    with pytest.raises(UsageError, match=r"'.onnx' files"):
        save(graph, tmp_path / "m.onnx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.edgeq", "m.tflite"]


def test_files_are_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    graph = pair("tanh", quant(1 / 128))
    real, link = tmp_path / "real.tflite", tmp_path / "link.tflite"
    real.write_bytes(b"old")
    link.symlink_to(real)
    save(graph, link)
    assert link.is_symlink()
    assert real.read_bytes() == to_tflite(graph)
    (tmp_path / "folder.tflite").mkdir()
    for name in ("folder.tflite", "none/m.tflite", "a\0b.tflite", "n" * 300 + ".tflite"):
        with pytest.raises(OutputError, match="cannot be written"):
            save(graph, tmp_path / name)
    assert {p.name for p in tmp_path.iterdir()} == {"real.tflite", "link.tflite", "folder.tflite"}
