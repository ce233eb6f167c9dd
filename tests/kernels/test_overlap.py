"""Kernels that say `@overlap rows` at the gap that the plan takes, on images of many rows.

The cases of test_kernels.py are small, so that a kernel which copies rows into scratch has all of
them before it writes one; those here are larger than such copies.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import numpy as np
import pytest

from edgeq.kernels.catalog import Kernel, catalog
from edgeq.ops.base import Case
from edgeq.ops.mac_cases import convolution_cases, depthwise_cases
from edgeq.plan.overlap import may_overlap
from tests.kernels.rig import Rig
from tests.kernels.trial import FURTHER, Trial, accepted, forms_of, legal_cases, overlapping

KERNELS = [k for k in catalog() if k.overlap]
PORTABLE = [k for k in KERNELS if k.isa.name == "ref"]
COPYING = [k for k in KERNELS if k.scratch != "0"]
CONVOLUTIONS = (
    {"in_h": 40, "in_w": 40, "in_c": 16, "out_c": 16, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 64, "in_w": 33, "in_c": 16, "out_c": 32},
    {"in_h": 64, "in_w": 64, "in_c": 8, "out_c": 8},
    {"in_h": 40, "in_w": 33, "in_c": 32, "out_c": 64},
    {"in_h": 33, "in_w": 30, "in_c": 32, "out_c": 16, "kh": 3, "kw": 3, "pad": 1,
     "stride_h": 2, "stride_w": 2},
    *({"in_h": 96, "in_w": 96, "in_c": 3, "out_c": 8, "kh": 3, "kw": 3, "pad": 1, "stride_h": 2,
       "stride_w": 2},) * 3,
    {"in_h": 40, "in_w": 40, "in_c": 16, "out_c": 4, "kh": 3, "kw": 3, "pad": 1},
)  # fmt: skip
DEPTHWISE = (
    {"in_h": 40, "in_w": 40, "in_c": 16, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 33, "in_w": 30, "in_c": 48, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1,
     "stride_h": 2, "stride_w": 2},
    {"in_h": 33, "in_w": 30, "in_c": 48, "multiplier": 1, "kh": 5, "kw": 5, "pad": 2},
    {"in_h": 600, "in_w": 1, "in_c": 48, "multiplier": 1, "kh": 5, "kw": 1},
    {"in_h": 100, "in_w": 1, "in_c": 208, "multiplier": 1, "kh": 6, "kw": 1},
    {"in_h": 30, "in_w": 12, "in_c": 208, "multiplier": 1, "kh": 3, "kw": 3, "pad": 1},
    {"in_h": 40, "in_w": 40, "in_c": 8, "multiplier": 2, "kh": 3, "kw": 3, "pad": 1},
)  # fmt: skip


def cases(contract: str) -> Iterator[Case]:
    """Layers whose rows no kernel copies all at once."""
    rng = np.random.default_rng(7)
    if contract.startswith("conv2d"):
        return convolution_cases(contract, rng, CONVOLUTIONS)
    return depthwise_cases(contract, rng, DEPTHWISE)


def test_some_kernels_say_so() -> None:
    assert PORTABLE


@pytest.mark.slow
@pytest.mark.parametrize("kernel", COPYING, ids=attrgetter("base_symbol"))
def test_large_images_lie_over_their_inputs(kernel: Kernel, rig: Rig) -> None:
    found = [overlapping(kernel, form, case, f"large case {i}, {-nearer} further", nearer)
             for form in forms_of(kernel) for i, case in enumerate(cases(kernel.contract.name))
             for nearer in (0, -FURTHER)
             if accepted(kernel, form, case)
             and (not case.forms or form in case.forms)]  # fmt: skip
    assert found, "no case reaches it"
    if text := rig.complaint(kernel, found):
        pytest.fail(text, pytrace=False)


@pytest.mark.parametrize("kernel", PORTABLE, ids=attrgetter("base_symbol"))
def test_a_row_nearer_is_wrong_somewhere(kernel: Kernel, rig: Rig) -> None:
    assert rig.complaint(kernel, list(nearer(kernel)))


def nearer(kernel: Kernel) -> Iterator[Trial]:
    """Every case with y a row of its own nearer to x."""
    form = forms_of(kernel)[0]
    for index, case in legal_cases(kernel.contract.name, form):
        if may_overlap(kernel, case.params):
            row = case.params["y_row"] * case.args["y"].itemsize
            yield overlapping(kernel, form, case, f"case {index}", nearer=row)
