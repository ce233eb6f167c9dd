"""Slopes, gathering, blocks, reductions: the oracles' bytes, definitions, what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeq.errors import EdgeqError, GraphError, Problems, QuantError
from edgeq.frontends.tflite import read_tflite
from edgeq.ir import DType, Node, QuantParams, Tensor
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, all_ops
from edgeq.ops.gather import runs
from edgeq.verify.oracle import Oracle
from tests.one_op import T, act, const
from tests.operators_more import depth_to_space, gather, prelu, reduction
from tests.ops.elementwise_trials import graph_of, ours, scales
from tests.ops.file_trials import agree

SEEDS = st.integers(0, 2**32)
SIGNED = ("int8", "int16")


@pytest.fixture(params=("tflm", "litert"))
def oracle(request: pytest.FixtureRequest) -> Oracle:
    """Each oracle in turn."""
    found: Oracle = request.getfixturevalue(request.param)
    return found


@st.composite
def slopes(draw: st.DrawFn, dtypes: tuple[str, ...]) -> bytes:
    """PRELU with slopes of either sign, per channel, per element or one."""
    dtype = draw(st.sampled_from(dtypes))
    rng = np.random.default_rng(draw(SEEDS))
    shape = draw(st.sampled_from(((1, 2, 3, 7), (2, 3, 4, 5), (1, 1, 1, 33), (1, 5))))
    slope = tuple(d if draw(st.booleans()) else 1 for d in shape[1:])
    low, high = (1e-3, 1.0) if dtype != "int16" else (1e-5, 1e-3)
    point = {"int8": (-128, 127), "uint8": (0, 255), "int16": (0, 0)}[dtype]
    x, y, b = (act((), dtype, draw(scales(low, high)), draw(st.integers(*point))) for _ in range(3))
    b_type = "int8" if dtype == "int16" else dtype  # as LiteRT reads them
    info = np.iinfo(b_type)
    alpha = const(
        rng.integers(info.min, info.max + 1, slope), b_type, scale=b.scale, zero_point=b.zero_point
    )
    return prelu(T(shape, dtype, x.scale, x.zero_point), alpha, y)


@given(model=slopes(("int8",)), seed=SEEDS)
@settings(max_examples=60)
def test_prelu_equals_tflm(tflm: Oracle, model: bytes, seed: int) -> None:
    """TFLM has it for int8 alone."""
    agree(tflm, model, np.random.default_rng(seed))


@given(model=slopes(("int8", "int16", "uint8")), seed=SEEDS)
@settings(max_examples=100)
def test_prelu_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    try:
        agree(litert, model, np.random.default_rng(seed))
    except QuantError as error:
        assume("may reach" not in error.what)
        raise


def test_float_prelu_takes_batches() -> None:
    x = np.array([[-1.0, 2.0], [-3.0, -4.0]], np.float32)
    node = Node("p", "prelu", ("x", "a"), ("y",))
    (y,) = all_ops()["prelu"].reference(node, (x, np.array([0.5, -2.0], np.float32)))
    assert y.tolist() == [[-0.5, 2.0], [-1.5, 8.0]]


def test_slopes_of_another_shape_are_refused() -> None:
    x, a = act((1, 2, 3)), const(np.ones(2, np.int8), scale=0.1)
    with pytest.raises(Problems, match="cannot be read"):
        read_tflite(prelu(x, a))
    graph = graph_of("prelu", [x, a], x)
    with pytest.raises(GraphError, match="do not fit"):
        all_ops()["prelu"].infer(graph.nodes[0], graph.inputs_of(graph.nodes[0]))


AXES = st.integers(1, 5).flatmap(
    lambda rank: st.tuples(
        st.lists(st.integers(1, 5), min_size=rank, max_size=rank).map(tuple),
        st.sets(st.integers(0, rank - 1), min_size=1).map(sorted),
    )
)


@given(shape_axes=AXES, keep=st.booleans(), seed=SEEDS, dtype=st.sampled_from(SIGNED))
@settings(max_examples=60)
def test_reduce_max_equals_litert(
    litert: Oracle, shape_axes: tuple[tuple[int, ...], list[int]], keep: bool, seed: int,
    dtype: str,
) -> None:  # fmt: skip
    shape, axes = shape_axes
    model = reduction("REDUCE_MAX", act(shape, dtype), axes, keep_dims=keep)
    _agree_but_for_places(litert, model, seed)


@given(shape_axes=AXES, keep=st.booleans(), seed=SEEDS)
@settings(max_examples=40)
def test_int8_reduce_max_equals_tflm(
    tflm: Oracle, shape_axes: tuple[tuple[int, ...], list[int]], keep: bool, seed: int
) -> None:
    shape, axes = shape_axes
    _agree_but_for_places(tflm, reduction("REDUCE_MAX", act(shape), axes, keep_dims=keep), seed)


def _agree_but_for_places(oracle: Oracle, model: bytes, seed: int) -> None:
    try:
        agree(oracle, model, np.random.default_rng(seed))
    except GraphError as error:
        assume("groups of reduced axes" not in error.what)
        raise


def test_three_places_of_reduced_axes_are_refused() -> None:
    x = act((2, 2, 2, 2, 2))
    graph = graph_of("reduce_max", [x], act((2, 2)), axes=(0, 2, 4), keep_dims=False)
    with pytest.raises(GraphError, match="2 groups of reduced axes"):
        ours(graph, [np.zeros(x.shape, np.int8)], Profile.EDGEQ)


@pytest.mark.parametrize("dtype", SIGNED)
@pytest.mark.parametrize(
    ("shape", "axes"),
    [((3, 4), (1,)), ((3, 4), (0, 1)), ((2, 5, 3), (1,)), ((2, 3, 4, 5), (1, 2)),
     ((2, 3, 4, 5), (0, 2)), ((4, 2, 3, 5), (0, -1))],
)  # fmt: skip
def test_sum_is_the_nearest_step(
    shape: tuple[int, ...], axes: tuple[int, ...], dtype: str, rng: np.random.Generator
) -> None:
    point = (3, -7) if dtype == "int8" else (0, 0)
    unit = 1.0 if dtype == "int8" else 1 / 200
    kept = tuple(n for i, n in enumerate(shape) if i not in {a % len(shape) for a in axes})
    x, y = act(shape, dtype, 0.05 * unit, point[0]), act(kept, dtype, 0.37 * unit, point[1])
    sample = np.iinfo(dtype)
    values = rng.integers(sample.min, sample.max + 1, shape).astype(dtype)
    graph = graph_of("reduce_sum", [x], y, axes=axes, keep_dims=False)
    assert all_ops()["reduce_sum"].infer(graph.nodes[0], (graph.tensors["in0"],)) == (kept,)
    got = ours(graph, [values], Profile.EDGEQ).astype(np.float64)
    total = (values.astype(np.float64) - point[0]).sum(axis=axes) * 0.05 / 0.37 + point[1]
    assert np.abs(got - np.clip(total, sample.min, sample.max)).max() <= 0.5 + 1e-6


@given(shape_axes=AXES, keep=st.booleans(), seed=SEEDS, dtype=st.sampled_from(SIGNED))
@settings(max_examples=60)
def test_sum_equals_tflm(
    tflm: Oracle, shape_axes: tuple[tuple[int, ...], list[int]], keep: bool, seed: int, dtype: str
) -> None:
    shape, axes = shape_axes
    rng = np.random.default_rng(seed)
    points = rng.integers(-128, 128, 2).tolist() if dtype == "int8" else (0, 0)
    scale = float(np.float32(np.exp(rng.uniform(-7, -2))))
    y = act((), dtype, float(np.float32(scale * np.exp(rng.uniform(-0.5, 4)))), points[1])
    model = reduction("SUM", act(shape, dtype, scale, points[0]), axes, y, keep_dims=keep)
    _agree_but_for_places(tflm, model, seed)


def test_sum_under_litert_is_refused() -> None:
    """LiteRT's reference kernel returns -1 for most sums of int8 and int16."""
    x = act((1, 4))
    graph = graph_of("reduce_sum", [x], act((1,)), axes=(1,), keep_dims=False)
    with pytest.raises(QuantError, match="not known under profile litert"):
        ours(graph, [np.zeros((1, 4), np.int8)], Profile.LITERT)


def test_float_reductions() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    node = Node("r", "reduce_sum", ("x",), ("y",), {"axes": (1, 2), "keep_dims": True})
    (total,) = all_ops()["reduce_sum"].reference(node, (x,))
    assert total.tolist() == [[[66.0]], [[210.0]]]
    node = Node("r", "reduce_max", ("x",), ("y",), {"axes": (-1,), "keep_dims": False})
    (top,) = all_ops()["reduce_max"].reference(node, (x,))
    assert top.tolist() == [[3.0, 7.0, 11.0], [15.0, 19.0, 23.0]]


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    block=st.integers(1, 3), seed=SEEDS,
)  # fmt: skip
@settings(max_examples=30)
def test_depth_to_space_equals_the_oracle(
    oracle: Oracle, shape: tuple[int, int, int, int], block: int, seed: int
) -> None:
    """Neither has it for int16."""
    n, h, w, c = shape
    agree(oracle, depth_to_space(act((n, h, w, c * block**2)), block), np.random.default_rng(seed))


def blocks(x: NDArray[Any], b: int, mode: str) -> NDArray[Any]:
    """Depth to space by its definition."""
    n, h, w, channels = x.shape
    c = channels // b**2
    y = np.zeros((n, h * b, w * b, c), x.dtype)
    for i, j, k in np.ndindex(b, b, c):
        source = (i * b + j) * c + k if mode == "DCR" else k * b * b + i * b + j
        y[:, i::b, j::b, k] = x[..., source]
    return y


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
@pytest.mark.parametrize("dtype", SIGNED)
def test_blocks_of_channels_become_blocks_of_pixels(
    mode: str, dtype: str, rng: np.random.Generator
) -> None:
    x = rng.integers(-128, 128, (2, 3, 4, 18)).astype(dtype)
    attrs = {"block_size": 3, "mode": mode}
    graph = graph_of("depth_to_space", [act(x.shape, dtype)], act((2, 9, 12, 2), dtype), **attrs)
    wanted = blocks(x, 3, mode)
    assert np.array_equal(ours(graph, [x], Profile.EDGEQ), wanted)
    (real,) = all_ops()["depth_to_space"].reference(graph.nodes[0], (x.astype(np.float32),))
    assert np.array_equal(real, wanted)
    op = all_ops()["depth_to_space"]
    assert op.infer(graph.nodes[0], (graph.tensors["in0"],)) == (wanted.shape,)


@pytest.mark.parametrize(
    "attrs", [{"block_size": 2, "mode": "DRC"}, {"block_size": 0}, {"block_size": 4}]
)
def test_blocks_that_make_no_sense_are_refused(attrs: dict[str, Any]) -> None:
    graph = graph_of("depth_to_space", [act((1, 2, 2, 8))], act((1, 4, 4, 2)), **attrs)
    with pytest.raises(GraphError):
        all_ops()["depth_to_space"].infer(graph.nodes[0], (graph.tensors["in0"],))


@st.composite
def gathers(draw: st.DrawFn, dtype: str) -> bytes:
    """GATHER along any axis, indices of one or two dimensions."""
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.integers(1, 6)) for _ in range(rank))
    axis = draw(st.integers(-rank, rank - 1))
    count = draw(st.sampled_from(((1,), (4,), (7,), (2, 3))))
    least, most = int(np.prod(count)), int(np.prod(count))
    wanted = draw(st.lists(st.integers(0, shape[axis] - 1), min_size=least, max_size=most))
    indices = const(np.array(wanted, np.int32).reshape(count))
    return gather(act(shape, dtype), indices, axis)


@given(model=gathers("int8"), seed=SEEDS)
@settings(max_examples=50)
def test_gather_equals_the_oracle(oracle: Oracle, model: bytes, seed: int) -> None:
    agree(oracle, model, np.random.default_rng(seed))


@given(model=gathers("int16"), seed=SEEDS)
@settings(max_examples=30)
def test_int16_gather_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    """TFLM has it for int8 alone."""
    agree(litert, model, np.random.default_rng(seed))


@given(model=gathers("uint8"), seed=SEEDS)
@settings(max_examples=15)
def test_uint8_gather_equals_litert(litert: Oracle, model: bytes, seed: int) -> None:
    agree(litert, model, np.random.default_rng(seed))


@given(shape_axes=AXES, seed=SEEDS)
@settings(max_examples=15)
def test_uint8_reduce_max_equals_litert(
    litert: Oracle, shape_axes: tuple[tuple[int, ...], list[int]], seed: int
) -> None:
    shape, axes = shape_axes
    _agree_but_for_places(litert, reduction("REDUCE_MAX", act(shape, "uint8"), axes), seed)


@pytest.mark.parametrize("block", [1, 2, 3])
def test_uint8_depth_to_space_equals_litert(
    litert: Oracle, block: int, rng: np.random.Generator
) -> None:
    agree(litert, depth_to_space(act((2, 3, 2, 2 * block**2), "uint8"), block), rng)


@given(indices=st.lists(st.integers(0, 20), max_size=30))
def test_runs_cover_the_indices_in_order(indices: list[int]) -> None:
    found = [first + i * step for first, count, step in runs(indices) for i in range(count)]
    assert found == indices


@pytest.mark.parametrize(
    ("indices", "calls"),
    [([0, 1, 2, 3], 0), ([1, 2, 3], 1), ([5, 3, 1], 1), ([2, 2, 2], 1), ([0, 1, 5, 6], 2)],
)
def test_evenly_spaced_indices_are_one_copy(indices: list[int], calls: int) -> None:
    """All indices in order are no copy at all."""
    count = 4 if calls == 0 else 7
    x, table = act((2, count, 3)), const(np.array(indices, np.int32))
    graph = graph_of("gather", [x, table], act((2, len(indices), 3)), axis=1)
    (node,) = graph.nodes
    lowered = all_ops()["gather"].lower(
        node, graph.inputs_of(node), graph.outputs_of(node), Profile.EDGEQ
    )
    assert isinstance(lowered, Alias) if calls == 0 else len(lowered) == calls  # type: ignore[arg-type]


def test_negative_indices_count_from_the_end() -> None:
    x = np.arange(10, dtype=np.int8).reshape(1, 5, 2)
    graph = graph_of("gather", [act(x.shape), const(np.array([-1, 0], np.int64))],
                     act((1, 2, 2)), axis=1)  # fmt: skip
    assert ours(graph, [x], Profile.EDGEQ).tolist() == [[[8, 9], [0, 1]]]
    (real,) = all_ops()["gather"].reference(
        graph.nodes[0], (x.astype(np.float32), np.array([-1, 0], np.float32))
    )
    assert real.tolist() == [[[8, 9], [0, 1]]]


@pytest.mark.parametrize(
    ("indices", "options", "says"),
    [(const(np.array([3], np.int32)), {}, "indices 3 to 3 of 3"),
     (const(np.array([-1], np.int32)), {}, "indices -1 to -1 of 3"),
     (const(np.array([1], np.int32)), {"batch_dims": 1}, "batch dimensions"),
     (T((1,), "int32"), {}, "must be constant")],
)  # fmt: skip
def test_indices_that_make_no_sense_are_refused(
    indices: T, options: dict[str, int], says: str
) -> None:
    with pytest.raises(Problems) as caught:
        read_tflite(gather(act((1, 3, 2)), indices, 1, **options))
    assert says in str(caught.value)


@pytest.mark.parametrize("op", ["gather", "depth_to_space", "reduce_max"])
def test_moves_between_scales_are_refused_under_edgeq(op: str) -> None:
    attrs: dict[str, Any] = {"axis": 1, "block_size": 1, "axes": (1,), "keep_dims": True}
    x, y = act((1, 1, 1, 1)), act((1, 1, 1, 1), scale=0.3)
    tensors = [x, const(np.array([0], np.int32))] if op == "gather" else [x]
    with pytest.raises(EdgeqError, match="share their scale"):
        ours(graph_of(op, tensors, y, **attrs), [np.zeros((1, 1, 1, 1), np.int8)], Profile.EDGEQ)


def test_a_slope_of_another_type_is_refused() -> None:
    x = Tensor("x", (1, 2), DType.INT8, QuantParams(np.array([0.1])))
    slope = Tensor("a", (2,), DType.INT16, QuantParams(np.array([0.1])), np.ones(2, np.int16))
    node = Node("p", "prelu", ("x", "a"), ("y",))
    with pytest.raises(GraphError, match="int8 to int16"):
        all_ops()["prelu"].lower(node, (x, slope), (x,), Profile.EDGEQ)
