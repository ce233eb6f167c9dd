"""Formulas of exporters become one operator; what only looks like them stays what it is."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest

from edgeq.frontends.onnx import read_onnx
from edgeq.verify.oracle import Oracle
from tests.frontends.onnx_models import OnnxModel
from tests.frontends.onnx_trials import FUNCTIONS, differences

SHAPE = {"x": (2, 3, 4)}
ROOT = sqrt(2 / pi)


class Formula(OnnxModel):
    """A file written as a formula: every call gives the name of its result."""

    def do(self, op: str, *operands: str | float) -> str:
        names = [
            n if isinstance(n, str) else self.const(f"c{len(self.constants)}", n) for n in operands
        ]
        self.node(op, names, [f"t{len(self.nodes)}"])
        return f"t{len(self.nodes) - 1}"

    def file(self, end: str, *more: str) -> bytes:
        return self.node("Identity", [end]).build(SHAPE, ("y", *more))


def by_erf(order: int, root: float = sqrt(2), one: float = 1.0, half: float = 0.5) -> bytes:
    """X * (1 + erf(x / sqrt(2))) / 2, its products in one of several orders."""
    f = Formula()
    inner = f.do("Div", "x", root) if order % 2 else f.do("Mul", 1 / root, "x")
    gate = f.do("Add", f.do("Erf", inner), one)
    if order in (0, 1):
        return f.file(f.do("Mul", f.do("Mul", "x", gate), half))
    if order in (2, 3):
        return f.file(f.do("Mul", f.do("Mul", "x", half), gate))
    return f.file(f.do("Mul", f.do("Div", gate, 1 / half), "x"))


def by_tanh(order: int, cubic: float = 0.044715) -> bytes:
    """X * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ** 3))) / 2, written in several ways."""
    f = Formula()
    if order == 0:
        inner = f.do("Mul", f.do("Add", "x", f.do("Mul", f.do("Pow", "x", 3.0), cubic)), ROOT)
    elif order == 1:
        cube = f.do("Mul", f.do("Mul", f.do("Mul", "x", "x"), "x"), cubic)
        inner = f.do("Mul", ROOT, f.do("Add", cube, "x"))
    else:
        factor = f.do("Add", f.do("Mul", f.do("Mul", cubic, "x"), "x"), 1.0)
        inner = f.do("Mul", f.do("Mul", "x", ROOT), factor)
    gate = f.do("Add", 1.0, f.do("Tanh", inner))
    return f.file(f.do("Mul", f.do("Mul", 0.5, "x"), gate))


def by_clip(six: float = 6.0, three: float = 3.0, *, gated: bool = True) -> bytes:
    """X * clip(x + 3, 0, 6) / 6, or without the first x."""
    f = Formula()
    gate = f.do("Div", f.do("Clip", f.do("Add", "x", three), 0.0, 6.0), six)
    return f.file(f.do("Mul", "x", gate) if gated else gate)


def by_hard_sigmoid(alpha: float) -> bytes:
    f = Formula().node("HardSigmoid", ["x"], ["g"], alpha=alpha, beta=0.5)
    return f.node("Mul", ["g", "x"]).build(SHAPE)


FUSED = {
    **{f"gelu by erf {i}": (by_erf(i), "gelu", "none") for i in range(6)},
    **{f"gelu by tanh {i}": (by_tanh(i), "gelu", "tanh") for i in range(3)},
    "hard swish by clip": (by_clip(), "hard_swish", None),
    "hard swish by hard sigmoid": (by_hard_sigmoid(1 / 6), "hard_swish", None),
    "hard sigmoid by clip": (by_clip(gated=False), "hard_sigmoid", None),
}
LEFT = {
    "another root": by_erf(0, root=1.42), "another one": by_erf(0, one=1.5),
    "another half": by_erf(2, half=0.25), "another cubic": by_tanh(0, cubic=0.05),
    "another six": by_clip(six=5.0), "another three": by_clip(three=2.5),
    "another slope": by_hard_sigmoid(0.2),
}  # fmt: skip


@pytest.mark.parametrize("name", FUSED)
def test_a_formula_is_one_operator(
    name: str, onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    data, op, kind = FUSED[name]
    graph, worst = differences(data, onnxruntime, rng, scale=4.0)
    assert [(n.op, n.attrs.get("approximate")) for n in graph.nodes] == [(op, kind)]
    assert worst <= 8 * FUNCTIONS


@pytest.mark.parametrize("name", LEFT)
def test_what_only_looks_like_one_is_left(
    name: str, onnxruntime: Oracle, rng: np.random.Generator
) -> None:
    graph, worst = differences(LEFT[name], onnxruntime, rng, scale=4.0)
    assert not {"gelu", "hard_swish"} & {n.op for n in graph.nodes}
    assert worst <= 8 * FUNCTIONS


def test_another_factor_than_x_is_no_gelu(onnxruntime: Oracle, rng: np.random.Generator) -> None:
    f = Formula()
    gate = f.do("Add", f.do("Erf", f.do("Div", "x", sqrt(2))), 1.0)
    data = f.file(f.do("Mul", f.do("Mul", f.do("Exp", "x"), gate), 0.5))
    graph, _ = differences(data, onnxruntime, rng)
    assert "erf" in {n.op for n in graph.nodes}


def test_what_is_seen_from_outside_is_kept(onnxruntime: Oracle, rng: np.random.Generator) -> None:
    f = Formula()
    gate = f.do("Add", f.do("Erf", f.do("Div", "x", sqrt(2))), 1.0)
    data = f.file(f.do("Mul", f.do("Mul", "x", gate), 0.5), gate)
    graph, _ = differences(data, onnxruntime, rng)
    assert "erf" in {n.op for n in graph.nodes}


def test_an_activation_between_layers_is_fused_before_they_are_folded() -> None:
    f = Formula()
    w = f.const("w", np.eye(4))
    x = f.do("Mul", f.do("MatMul", "x", w), 3.0)
    gate = f.do("Add", f.do("Erf", f.do("Div", x, sqrt(2))), 1.0)
    data = f.file(f.do("MatMul", f.do("Mul", f.do("Mul", x, gate), 0.5), w))
    ops = [n.op for n in read_onnx(data).nodes if n.op != "reshape"]
    assert ops == ["fully_connected", "gelu", "fully_connected"]
