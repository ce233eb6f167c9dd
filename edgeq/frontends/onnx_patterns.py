"""Functions that exporters write as formulas: GELU, hard swish and hard sigmoid.

A formula is recognized by its meaning: what goes into erf, tanh or the clamp is worked out as a
polynomial of x, whatever sums, products and powers it is written with, and what follows as a
product of x, constants and the gate.  Constants may be off by a rounding to float32.

Sources: D. Hendrycks, K. Gimpel, "Gaussian Error Linear Units", 2016; A. Howard et al.,
"Searching for MobileNetV3", 2019 (hard swish).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose, pi, sqrt

from edgeq.frontends.onnx_edit import Edit
from edgeq.frontends.onnx_elementwise import SIXTH
from edgeq.ir import Attr, DType, Graph, Node

STEP = 1e-6
"""Relative: a constant of a formula rounded to float32."""

MAX_DEPTH = 8
MAX_DEGREE = 3
MAX_FACTORS = 2  # products after the gate: by x and by a constant, in any order
HALF = 0.5
CUBIC = 0.044715
ROOT = sqrt(2 / pi)

Polynomial = Mapping[int, float]
"""Coefficients that are not zero, by power of x."""


@dataclass(frozen=True, slots=True)
class Formula:
    """y = op(x), written as factor * x ** power * (gate(inner(x)) + offset).

    gate    the operator inside
    inner   what it is given
    """

    op: str
    attrs: Mapping[str, Attr]
    gate: str
    inner: Polynomial
    offset: float
    factor: float
    power: int


FORMULAS = (
    Formula("gelu", {"approximate": "none"}, "erf", {1: sqrt(HALF)}, 1, HALF, 1),
    Formula("gelu", {"approximate": "tanh"}, "tanh", {1: ROOT, 3: ROOT * CUBIC}, 1, HALF, 1),
    Formula("hard_swish", {}, "relu6", {0: 3, 1: 1}, 0, SIXTH, 1),
    Formula("hard_swish", {}, "hard_sigmoid", {1: 1}, 0, 1, 1),
    Formula("hard_sigmoid", {"alpha": SIXTH, "beta": HALF}, "relu6", {0: 3, 1: 1}, 0, SIXTH, 0),
)


def fuse_functions(graph: Graph) -> Graph:
    """Put one operator where a formula for it stands.

    Applies when nobody else sees what is computed between x and the end of the formula.

    Before   x -> mul(0.7071) -> erf -> add(1) -> mul(x) -> mul(0.5) -> y
    After    x -> gelu -> y
    """
    for formula in FORMULAS:
        edit = Edit(graph)
        for node in graph.nodes:
            if node.op == formula.gate and node.name in edit.nodes and _is_gate(node, formula):
                _fuse(edit, node, formula)
        graph = edit.done()
    return graph


def _is_gate(node: Node, formula: Formula) -> bool:
    """Whether a hard_sigmoid is the one of hard_swish; other gates have no parameters."""
    if formula.gate != "hard_sigmoid":
        return True
    alpha = float(node.attrs["alpha"])  # type: ignore[arg-type]
    return isclose(alpha, SIXTH, rel_tol=STEP) and node.attrs["beta"] == HALF


def _fuse(edit: Edit, gate: Node, formula: Formula) -> None:
    """Put the operator in the place of the formula's end, if this gate is part of one."""
    start = _plus(edit, gate, formula.offset) if formula.offset else gate
    for end, x, factor in _ends(edit, start, formula.power) if start is not None else ():
        if not isclose(factor, formula.factor, rel_tol=STEP):
            continue
        for source in [x] if x else _sources(edit, gate.inputs[0]):
            if edit.tensors[source].shape != edit.tensors[end.outputs[0]].shape:
                continue
            if _same(_polynomial(edit, gate.inputs[0], source), formula):
                new = Node(end.name, formula.op, (source,), end.outputs, dict(formula.attrs))
                edit.replaced(edit.nodes[end.name], new)
                return


def _same(found: Polynomial | None, formula: Formula) -> bool:
    return found is not None and found.keys() == formula.inner.keys() and all(
        isclose(value, formula.inner[degree], rel_tol=STEP) for degree, value in found.items()
    )  # fmt: skip


def _plus(edit: Edit, node: Node, offset: float) -> Node | None:
    """The one reader of `node`, if it adds `offset`."""
    reader = edit.only_reader(node)
    if reader is None or reader.op != "add" or not _plain(reader):
        return None
    (other,) = _others(reader, node) or ("",)
    return reader if _scalar(edit, other) == offset else None


def _ends(edit: Edit, node: Node, power: int) -> Iterator[tuple[Node, str, float]]:
    """Where a formula may end: the node, x (if the product has it), and the constant factor."""
    found: list[tuple[str, float]] = [("", 1.0)]
    for _ in range(MAX_FACTORS):
        reader = edit.only_reader(node)
        if reader is None or reader.op != "mul" or not _plain(reader):
            return
        (other,) = _others(reader, node) or ("",)
        found = [grown for x, factor in found for grown in _times(edit, x, factor, other)]
        node = reader
        yield from ((node, x, factor) for x, factor in found if bool(x) == bool(power))


def _times(edit: Edit, x: str, factor: float, other: str) -> Iterator[tuple[str, float]]:
    """The product with `other`: a constant, x, or a multiple of x."""
    value = _scalar(edit, other)
    if value is not None:
        yield x, factor * value
    elif not x and other:
        yield other, factor
        maker = edit.maker(other)
        if maker is not None and maker.op == "mul" and _plain(maker):
            for inner, constant in (maker.inputs, maker.inputs[::-1]):
                value = _scalar(edit, constant)
                if value is not None:
                    yield inner, factor * value


def _sources(edit: Edit, name: str) -> Iterator[str]:
    """What x may be: the operand that is not constant, of the node that makes `name`."""
    maker = edit.maker(name)
    if maker is not None:
        yield from (n for n in maker.inputs if n and not edit.tensors[n].is_constant)


def _polynomial(edit: Edit, name: str, x: str, depth: int = 0) -> Polynomial | None:
    """The tensor `name` as a polynomial of the tensor `x`; None when it is none."""
    if name == x:
        return {1: 1.0}
    value, maker = _scalar(edit, name), edit.maker(name)
    if value is not None:
        return {0: value}
    if maker is None or depth > MAX_DEPTH or not _plain(maker):
        return None
    parts = [_polynomial(edit, n, x, depth + 1) for n in maker.inputs]
    if any(part is None for part in parts):
        return None
    return _combined(maker, [part for part in parts if part is not None])


def _combined(node: Node, parts: list[Polynomial]) -> Polynomial | None:
    if node.op == "pow":
        exponent = float(node.attrs["exponent"])  # type: ignore[arg-type]
        if exponent not in range(1, MAX_DEGREE + 1):
            return None
        power: Polynomial = {0: 1.0}
        for _ in range(int(exponent)):
            power = _product(power, parts[0])
        return power
    if node.op == "mul":
        return _product(*parts)
    if node.op in ("add", "sub"):
        sign = -1 if node.op == "sub" else 1
        left, right = parts
        sums = {d: left.get(d, 0) + sign * right.get(d, 0) for d in {*left, *right}}
        return {degree: value for degree, value in sums.items() if value}
    return None


def _product(left: Polynomial, right: Polynomial) -> Polynomial:
    found: dict[int, float] = {}
    for a, x in left.items():
        for b, y in right.items():
            found[a + b] = found.get(a + b, 0) + x * y
    return found


def _plain(node: Node) -> bool:
    return node.attrs.get("activation", "none") == "none"


def _others(reader: Node, node: Node) -> tuple[str, ...] | None:
    """The operand of a binary node beside the output of `node`; None when that is both."""
    others = tuple(n for n in reader.inputs if n != node.outputs[0])
    return others if len(others) == 1 else None


def _scalar(edit: Edit, name: str) -> float | None:
    """The value of a constant whose elements are all the same."""
    tensor = edit.tensors.get(name)
    if tensor is None or tensor.data is None or tensor.dtype is not DType.FLOAT32:
        return None
    first = float(tensor.data.reshape(-1)[0])
    return first if (tensor.data == tensor.data.reshape(-1)[0]).all() else None
