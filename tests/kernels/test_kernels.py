"""Every kernel that exists returns the exact bytes, and touches nothing else.

Nothing here names a kernel: they are found, their arguments are the cases of the operator
that claims the contract, and the expected bytes are its `exact`.
"""

from __future__ import annotations

from operator import attrgetter

import pytest

from edgeq.kernels.catalog import Kernel, catalog
from tests.kernels.rig import Rig

KERNELS = catalog()
HERE = [kernel for kernel in KERNELS if kernel.isa.runs_here()]


@pytest.mark.parametrize("kernel", KERNELS, ids=attrgetter("base_symbol"))
def test_returns_the_exact_bytes(kernel: Kernel, rig: Rig) -> None:
    if text := rig.difference(kernel):
        pytest.fail(text, pytrace=False)


@pytest.mark.parametrize("kernel", HERE, ids=attrgetter("base_symbol"))
def test_sanitizers_have_nothing_to_say(kernel: Kernel, rig: Rig) -> None:
    if text := rig.misdeed(kernel):
        pytest.fail(text, pytrace=False)
