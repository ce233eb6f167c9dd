"""Operators that multiply matrices or reduce axes."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from edgeq.errors import ModelError
from edgeq.frontends.onnx_build import Const, Operand, Value
from edgeq.frontends.onnx_elementwise import ACTIVATION, SUM, pair
from edgeq.frontends.onnx_layout import Layout
from edgeq.frontends.onnx_node import OnnxNode, axis_of
from edgeq.ir import Attr, DType

Results = tuple[Operand, ...]
MATRIX = 2
REDUCE = {"ReduceMean": "mean", "ReduceSum": "reduce_sum", "ReduceMax": "reduce_max"}
AXES_BY_INPUT = {"ReduceSum": 13, "ReduceMean": 18, "ReduceMax": 18}
"""The opset in which the axes of an operator became an input."""


def matmul(node: OnnxNode) -> Results:
    """MatMul of a value by constant weights, on either side."""
    a, b = node.operand(0, "a"), node.operand(1, "b")
    if isinstance(a, Value) and isinstance(b, Value):
        raise ModelError("a product of two computed matrices is not supported")
    weights = b if isinstance(b, Const) else a
    if not isinstance(weights, Const) or len(weights.shape) != MATRIX:
        raise ModelError(f"weights of shape {weights.shape} are not a matrix")
    if isinstance(a, Value):
        return (dense(node, a, weights.moved((1, 0)), None),)
    # W x is (x^T W^T)^T, and turning a value over moves nothing
    x = node.value(1)
    if len(x.shape) == 1:
        return (dense(node, x, weights, None),)
    turn = (*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2)
    turned = dense(node, replace(x, layout=x.layout.transposed(turn), origin=""), weights, None)
    return (replace(turned, layout=turned.layout.transposed(turn)),)


def gemm(node: OnnxNode) -> Results:
    """Gemm: alpha * A B + beta * C with constant B."""
    a, b = node.value(0, "a"), node.const(1, "b")
    alpha, beta = node.decimal("alpha", 1.0), node.decimal("beta", 1.0)
    if len(a.shape) != MATRIX or len(b.shape) != MATRIX:
        raise ModelError(f"{a.shape} and {b.shape} are not matrices")
    if node.number("transA"):
        a = replace(a, layout=a.layout.transposed((1, 0)), origin="")
    weights = scaled(b if node.number("transB") else b.moved((1, 0)), alpha)
    c = node.given(2)
    if c is None or beta == 0:
        return (dense(node, a, weights, None),)
    if isinstance(c, Const):
        c = scaled(c, beta)
        bias = row_bias(c, weights.shape[0])
        if bias is not None:
            return (dense(node, a, weights, bias),)
    elif beta != 1:
        c = pair(node, "mul", c, Const(np.array(beta, np.float32)), ACTIVATION)
    return (pair(node, "add", dense(node, a, weights, None), c, SUM),)


def row_bias(c: Const, count: int) -> Const | None:
    """A bias of one value per column, when C is that."""
    if prod(c.shape) == count and (not c.shape or c.shape[-1] == count):
        return c.shaped((count,))
    if prod(c.shape) == 1:
        return Const(np.full(count, c.real.reshape(-1)[0], np.float32))
    return None


def dense(node: OnnxNode, x: Value, weights: Const, bias: Const | None) -> Value:
    """X (..., K) by weights (M, K): the columns take the order in which x lies."""
    inner, outer = x.shape[-1], weights.shape[0]
    if weights.shape[1] != inner:
        raise ModelError(f"weights {weights.shape} do not fit an input of shape {x.shape}")
    seen, order = _inner_last(node, x)
    names = [seen, node.build.constant(_columns(weights, x.layout, order), f"{node.name}/weights")]
    if bias is not None:
        names.append(node.build.constant(bias, f"{node.name}/bias"))
    shape = (*node.build.tensors[seen].shape[:-1], outer)
    attrs: dict[str, Attr] = {"activation": "none", "keep_num_dims": len(shape) != MATRIX}
    y = node.build.node_of("fully_connected", names, node.name, attrs, (shape, DType.FLOAT32, None))
    lead = x.layout.dims[:-1]
    if order is None:
        return Value(y, Layout.of((*x.shape[:-1], outer)))
    sizes = tuple(x.layout.sizes[: len(x.layout.sizes) - len(order)])
    last = (len(sizes),) if outer > 1 else ()
    return Value(y, Layout((*sizes, outer) if outer > 1 else sizes, (*lead, last)))


def _inner_last(node: OnnxNode, x: Value) -> tuple[str, tuple[int, ...] | None]:
    """X as a tensor (..., K), and the atoms of K as they lie; None when x had to be turned."""
    inner, sizes = x.layout.dims[-1], x.layout.sizes
    if sorted(inner) != list(range(len(sizes) - len(inner), len(sizes))):
        return node.build.arranged(x, tuple(range(len(x.shape)))), None
    shape = node.build.tensors[x.tensor].shape
    if len(x.shape) != MATRIX and shape and shape[-1] == x.shape[-1]:
        return x.tensor, inner
    rows = prod(sizes[: len(sizes) - len(inner)])
    return node.build.shaped(x.tensor, (rows, x.shape[-1])), inner


def _columns(weights: Const, layout: Layout, inner: tuple[int, ...] | None) -> Const:
    """Weights (M, K) whose columns follow the memory instead of the file's order."""
    if inner is None or list(inner) == sorted(inner):
        return weights
    sizes = tuple(layout.sizes[a] for a in inner)
    memory = tuple(1 + inner.index(a) for a in sorted(inner))
    outer = weights.shape[0]
    quant, flat = weights.quant, replace(weights, quant=None)
    turned = flat.shaped((outer, *sizes)).moved((0, *memory)).shaped((outer, -1))
    if quant is not None and quant.axis == 1:
        return _columns(Const(weights.real), layout, inner)
    return replace(turned, quant=quant)


def scaled(const: Const, factor: float) -> Const:
    """A constant times a factor; on a scale, when it has one."""
    if factor == 1:
        return const
    if const.quant is not None and factor > 0:
        return replace(const, quant=replace(const.quant, scale=const.quant.scale * factor))
    return Const(const.real * np.float32(factor))


def reduce_axes(node: OnnxNode) -> Results:
    """ReduceMean, ReduceSum, ReduceMax."""
    x = node.value()
    rank = len(x.shape)
    axes = node.axes("axes", 1 if node.opset >= AXES_BY_INPUT[node.op] else None)
    if not axes and node.number("noop_with_empty_axes"):
        return (x,)
    chosen = {axis_of(a, rank) for a in axes} if axes else set(range(rank))
    return (_reduced(node, x, REDUCE[node.op], chosen, keep=node.number("keepdims", 1) != 0),)


def global_average(node: OnnxNode) -> Results:
    """GlobalAveragePool: the mean over everything but batch and channels."""
    x = node.image()
    return (_reduced(node, x, "mean", set(range(2, len(x.shape))), keep=True),)


def arg_max(node: OnnxNode) -> Results:
    """ArgMax, the first of several."""
    x = node.value()
    if node.number("select_last_index"):
        raise ModelError("the last of several greatest elements is not supported")
    axis = node.axis(0, len(x.shape))
    order = x.layout.usual_order()
    tensor = node.build.arranged(x, order)
    kept = tuple(d for d in order if d != axis)
    attrs: dict[str, Attr] = {"axis": order.index(axis)}
    shape = tuple(x.shape[d] for d in kept)
    y = node.build.node_of("arg_max", (tensor,), node.name, attrs, (shape, DType.INT64, None))
    flat = tuple(1 if d == axis else n for d, n in enumerate(x.shape))
    layout = Layout.of(flat, order).reshaped(node.shape)
    return (Value(y, layout or Layout.of(node.shape)),)


def _reduced(node: OnnxNode, x: Value, op: str, axes: set[int], *, keep: bool) -> Value:
    order = x.layout.usual_order()
    tensor = node.build.arranged(x, order)
    kept = tuple(1 if d in axes else n for d, n in enumerate(x.shape))
    attrs: dict[str, Attr] = {
        "axes": tuple(i for i, d in enumerate(order) if d in axes), "keep_dims": True,
    }  # fmt: skip
    y = node.build.node(op, (tensor,), tuple(kept[d] for d in order), node.name, attrs)
    layout = Layout.of(kept, order)
    if not keep:
        layout = Layout(layout.sizes, tuple(d for i, d in enumerate(layout.dims) if i not in axes))
    return Value(y, layout)
