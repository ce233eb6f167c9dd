"""The comparison sees every tensor while its memory is still its own."""

from __future__ import annotations

import numpy as np

from edgeq.ir import Graph
from edgeq.ir.file_order import with_file_orders
from edgeq.numerics.profile import Profile
from edgeq.plan import make_plan
from edgeq.targets import load_target
from edgeq.verify.compare import compare, file_inputs, random_samples
from tests.graphs import Builder, X, image
from tests.tools import need_target


def half_used() -> Graph:
    """x is split in two; nobody reads the first half, so the second may lie where it was."""
    b = Builder()
    x = b.tensor("x", (2, 64), X)
    a, c, y = (b.tensor(n, (2, 32), X) for n in "acy")
    b.node("split", (x,), (a, c), axis=1, sizes=(32, 32))
    b.node("relu", (c,), (y,))
    return b.graph("half_used", (x,), (y,))


def test_an_output_that_nobody_reads_is_seen_before_it_is_overwritten() -> None:
    target = load_target("host")
    need_target(target)
    plan = make_plan(half_used(), target, Profile.TFLM)
    assert plan.places["a"] == plan.places["c"]
    assert [step.outputs for step in plan.steps] == [("a",), ("c",), ("y",)]
    report = compare(plan, random_samples(plan.graph, 3, 0))
    assert (report.ok, report.differing_bytes, report.first_difference) == (True, 0, None)
    assert report.computed_tensors == 3
    assert report.compared_bytes == 3 * 3 * np.prod((2, 32))


def test_inputs_have_the_axes_of_their_file() -> None:
    plain, given = image(), np.arange(60, dtype=np.int8).reshape(1, 6, 5, 2)
    assert file_inputs(plain, {"x": given})[0] is given
    (seen,) = file_inputs(with_file_orders(plain, {"x": (0, 2, 3, 1)}), {"x": given})
    assert seen.shape == (1, 2, 6, 5)
    assert (seen[0, 1] == given[0, :, :, 1]).all()
