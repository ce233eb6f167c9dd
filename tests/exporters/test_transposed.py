"""Transposed convolutions: SAME and VALID, or cut afterwards."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tflite
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeq.errors import Problems
from edgeq.exporters.tflite import to_tflite
from edgeq.ir import Attr, DType, Graph
from tests.exporters.graphs import activation, agree, bias, one_node, quant, weights

WIDE = {DType.INT8: quant(0.1, 4), DType.INT16: quant(2.0**-9)}
BIAS = {DType.INT8: DType.INT32, DType.INT16: DType.INT64}


def transposed(
    stride: tuple[int, int], padding: tuple[int, ...], extra: tuple[int, int] = (0, 0),
    dtype: DType = DType.INT8, weight: DType = DType.INT8, **more: Attr,
) -> Graph:  # fmt: skip
    rng = np.random.default_rng(1)
    x, w = activation("x", (2, 3, 4, 3), dtype), weights(rng, (5, 3, 2, 3), weight)
    attrs: dict[str, Attr] = {"stride": stride, "padding": padding, "output_padding": extra}
    attrs |= {"activation": "none", **more}
    y = activation("y", (), dtype, WIDE[dtype])
    return one_node("conv_transpose_2d", (x, w, bias(rng, 5, BIAS[dtype])), (y,), **attrs)


def operators(data: bytes) -> list[Any]:
    model = tflite.Model.GetRootAs(data)
    graph = model.Subgraphs(0)
    codes = [model.OperatorCodes(i).BuiltinCode() for i in range(model.OperatorCodesLength())]
    return [codes[graph.Operators(i).OpcodeIndex()] for i in range(graph.OperatorsLength())]


TRANSPOSE_CONV, SLICE = tflite.BuiltinOperator.TRANSPOSE_CONV, tflite.BuiltinOperator.SLICE


@settings(max_examples=25)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(*[st.integers(0, 1)] * 4),
    st.tuples(st.integers(0, 1), st.integers(0, 1)),
    st.sampled_from([DType.INT8, DType.INT16]),
    st.sampled_from(["none", "relu"]),
    st.sampled_from(["tflm", "litert"]),
)
def test_any_transposed_convolution_is_written(
    request: pytest.FixtureRequest, stride: tuple[int, int], padding: tuple[int, ...],
    extra: tuple[int, int], dtype: DType, kind: str, oracle: str,
) -> None:  # fmt: skip
    assume(all(e < s + min(p, 1) for e, s, p in zip(extra, stride, padding[1::2], strict=True)))
    graph = transposed(stride, padding, extra, dtype, activation=kind)
    agree(request.getfixturevalue(oracle), graph, np.random.default_rng(0), 1)


def test_only_other_borders_are_cut_afterwards() -> None:
    assert operators(to_tflite(transposed((2, 2), (0, 0, 0, 0)))) == [TRANSPOSE_CONV]
    assert operators(to_tflite(transposed((1, 1), (1, 1, 0, 1)))) == [TRANSPOSE_CONV]
    assert operators(to_tflite(transposed((2, 2), (1, 1, 1, 1)))) == [TRANSPOSE_CONV, SLICE]


def test_what_it_cannot_express_is_refused() -> None:
    with pytest.raises(Problems, match="no dilation"):
        to_tflite(transposed((2, 2), (0, 0, 0, 0), dilation=(2, 1)))
    with pytest.raises(Problems, match="no int4 weights"):
        to_tflite(transposed((2, 2), (0, 0, 0, 0), weight=DType.INT4))
    with pytest.raises(Problems, match="less than a stride"):
        to_tflite(transposed((2, 2), (0, 0, 0, 0), (0, 2)))
