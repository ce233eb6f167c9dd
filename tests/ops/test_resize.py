"""The two resizes against both oracles, byte for byte, and what they mean in float."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.frontends.tflite import read_tflite
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops
from edgeq.reference.exact import exact
from edgeq.verify.oracle import Oracle
from tests.one_op import act
from tests.operators import resize
from tests.ops.file_trials import agree

NEAREST, BILINEAR = "RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"
MODES: tuple[dict[str, bool], ...] = ({}, {"align_corners": True}, {"half": True})


@st.composite
def resizes(draw: st.DrawFn, op: str, dtypes: tuple[str, ...]) -> bytes:
    n, h, w, c = (draw(st.integers(1, top)) for top in (2, 9, 9, 5))
    size = (draw(st.integers(1, 24)), draw(st.integers(1, 24)))
    mode = draw(st.sampled_from(MODES))
    return resize(op, act((n, h, w, c), draw(st.sampled_from(dtypes))), size, **mode)


@given(model=resizes(NEAREST, ("int8", "int16")), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_nearest_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree(tflm, model, np.random.default_rng(seed))


@given(model=resizes(NEAREST, ("int8", "int16", "uint8")), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_nearest_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed))


# TFLM takes int8 alone.  Both read outside of the image where rounding of the scale leads a
# long output past its end (as 3 columns resized to 195); edgeq takes the last pixel there.
@given(model=resizes(BILINEAR, ("int8",)), seed=st.integers(0, 2**32))
@settings(max_examples=50)
def test_bilinear_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    agree(tflm, model, np.random.default_rng(seed))


# LiteRT computes uint8 in float32.
@given(model=resizes(BILINEAR, ("int8", "int16", "uint8")), seed=st.integers(0, 2**32))
@settings(max_examples=80)
def test_bilinear_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed))


@pytest.mark.parametrize("op", [NEAREST, BILINEAR])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(3, 4), (10, 14), (7, 5)])
def test_integers_mean_what_the_float_reference_says(
    rng: np.random.Generator, op: str, mode: dict[str, bool], size: tuple[int, int]
) -> None:
    graph = read_tflite(resize(op, act((2, 5, 7, 3)), size, **mode))
    (node,) = graph.nodes
    x = rng.integers(-128, 128, (2, 5, 7, 3), np.int8)
    (want,) = all_ops()[node.op].reference(node, (x.astype(np.float32),))
    got = exact(graph, Profile.EDGEQ).run({graph.inputs[0]: x})[graph.outputs[0]].reshape(-1)
    # Positions are multiples of 1/1024, each up to size / 2048 off along either axis, of a
    # surface whose slope is at most 255 steps a pixel; and half a step of rounding.
    steps = 0.51 + 255 * (size[0] + size[1]) / 2048 if op == BILINEAR else 0
    assert np.abs(got - want.reshape(-1)).max() <= steps


def test_last_pixel_stands_where_a_rounded_scale_leads_outside() -> None:
    graph = read_tflite(resize(BILINEAR, act((1, 1, 3, 1)), (1, 195)))
    x = np.array([-100, 0, 100], np.int8).reshape(1, 1, 3, 1)
    got = exact(graph, Profile.TFLM).run({graph.inputs[0]: x})[graph.outputs[0]].reshape(-1)
    assert got[-1] == 100
    assert np.all(np.diff(got.astype(int)) >= 0)
