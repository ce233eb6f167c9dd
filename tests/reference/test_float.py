"""The float interpreter: batches, mixed shapes, integer graphs, memory."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from edgeq.errors import UsageError
from edgeq.ir import DType, Graph, Node, Tensor
from edgeq.numerics.profile import Profile
from edgeq.reference.exact import exact
from edgeq.reference.float import FloatModel
from tests import graphs
from tests.graphs import Builder

FLOAT = DType.FLOAT32


def floating(build: Builder, name: str, shape: tuple[int, ...], data: Any = None) -> str:
    return build.tensor(name, shape, None, FLOAT, data)


def turned() -> Graph:
    """x (1, 2, 3) -> transposed (3, 2, 1) -> reshaped (1, 6): one node mixes the first axis."""
    b = Builder()
    x, t, y = (floating(b, *p) for p in (("x", (1, 2, 3)), ("t", (3, 2, 1)), ("y", (1, 6))))
    b.node("transpose", (x,), (t,), perm=(2, 1, 0))
    b.node("reshape", (t,), (y,), shape=(1, 6))
    return b.graph("turned", (x,), (y,))


@pytest.mark.parametrize("name", ["dense", "image"])
def test_a_batch_is_its_samples(name: str, rng: np.random.Generator) -> None:
    graph = graphs.GRAPHS[name]()
    shape = graph.tensors["x"].shape
    x = rng.normal(size=(5, *shape[1:])).astype(np.float32)
    together = FloatModel(graph).run({"x": x})["y"]
    alone = [FloatModel(graph).run({"x": x[i : i + 1]})["y"][0] for i in range(5)]
    # sums of the same products, perhaps in another order
    np.testing.assert_allclose(together, np.stack(alone), rtol=0, atol=1e-5)


def test_a_node_that_mixes_the_first_axis_sees_one_sample_at_a_time() -> None:
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    y = FloatModel(turned()).run({"x": x})["y"]
    assert np.array_equal(y, np.stack([s.T.reshape(6) for s in x]))


def test_a_trace_has_every_tensor_under_its_samples() -> None:
    x = np.zeros((2, 2, 3), np.float32)
    shapes = {name: value.shape for name, value in FloatModel(turned()).trace({"x": x})}
    assert shapes == {"x": (2, 2, 3), "t": (2, 3, 2, 1), "y": (2, 6)}


def test_a_declared_batch_stays_together(rng: np.random.Generator) -> None:
    b = Builder()
    p, q, y = (floating(b, n, s) for n, s in (("p", (2, 3)), ("q", (2, 3)), ("y", (4, 3))))
    b.node("concatenation", (p, q), (y,), axis=0, activation="none")
    u, v = rng.normal(size=(2, 4, 3)).astype(np.float32)
    got = FloatModel(b.graph("joined", (p, q), (y,))).run({"p": u, "q": v})["y"]
    assert np.array_equal(got, [np.concatenate([u[:2], v[:2]]), np.concatenate([u[2:], v[2:]])])


def test_an_integer_graph_means_its_reals(rng: np.random.Generator) -> None:
    """The first layer rounds once; single rounding is within half a step, and ties away."""
    graph = graphs.dense()
    x = rng.integers(-128, 128, (1, 16)).astype(np.int8)
    integers = dict(exact(graph, Profile.EDGEQ).trace({"x": x}))["h"]
    reals = dict(FloatModel(graph).trace({"x": np.float32(0.1) * (x.astype(np.float32) - 3)}))["h"]
    expected = np.clip(reals / 0.3 - 5, -5, 127)
    assert np.abs(expected - integers).max() <= 0.51
    assert len(np.unique(integers)) > 2


def test_padding_is_a_real_number() -> None:
    b = Builder()
    x, y = b.tensor("x", (1, 2)), b.tensor("y", (1, 3))
    b.node("pad", (x,), (y,), before=(0, 1), after=(0, 0), value=5)
    got = FloatModel(b.graph("padded", (x,), (y,))).run({"x": np.ones((1, 2), np.float32)})["y"]
    np.testing.assert_allclose(got, [[0.3 * (5 + 5), 1, 1]], rtol=1e-6)


def test_a_constant_output_is_there() -> None:
    graph = turned()
    c = Tensor("c", (1,), FLOAT, None, np.ones(1, np.float32))
    graph = replace(graph, tensors={**graph.tensors, "c": c}, outputs=("y", "c"))
    assert FloatModel(graph).run({"x": np.zeros((1, 2, 3), np.float32)})["c"] == 1


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [({}, "input x is missing"), ({"x": np.zeros((2, 3))}, "one sample of it is"),
     ({"x": np.float32(1)}, "one sample of it is")],
)  # fmt: skip
def test_wrong_inputs_are_refused(inputs: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        FloatModel(turned()).run(inputs)


def test_inputs_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="different numbers of samples"):
        FloatModel(graphs.ports()).run({
            "p": np.zeros((2, 3)), "q": np.zeros((4, 5)), "r": np.zeros((1, 7)),
            "s": np.zeros((1, 7)),
        })  # fmt: skip


def test_memory_does_not_grow_with_depth(rng: np.random.Generator) -> None:
    def peak(layers: int) -> int:
        size = 1 << 16
        names = [f"t{i}" for i in range(layers + 1)]
        nodes = tuple(
            Node(f"relu_{i}", "relu", (a,), (b,)) for i, (a, b) in enumerate(pairwise(names))
        )
        graph = Graph("deep", {n: Tensor(n, (1, size), FLOAT) for n in names}, nodes,
                      (names[0],), (names[-1],))  # fmt: skip
        model, x = FloatModel(graph), rng.normal(size=(4, size)).astype(np.float32)
        tracemalloc.start()
        for _ in model.trace({"t0": x}):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(40) < 1.5 * peak(5)
