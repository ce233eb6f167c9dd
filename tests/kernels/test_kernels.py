"""Every kernel that exists returns the exact bytes, and touches nothing else.

Nothing here names a kernel: they are found, their arguments are the cases of the operator
that claims the contract, and the expected bytes are its `exact`.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

import pytest

from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.isa import Isa
from tests.kernels.rig import Rig

KERNELS = sorted(catalog(), key=attrgetter("contract.name"))  # a worker has the cases of few
HERE = [kernel for kernel in KERNELS if kernel.isa.runs_here()]


@pytest.mark.parametrize("kernel", KERNELS, ids=attrgetter("base_symbol"))
def test_returns_the_exact_bytes(kernel: Kernel, rig: Rig) -> None:
    if text := rig.difference(kernel):
        pytest.fail(text, pytrace=False)


@pytest.mark.parametrize("kernel", HERE, ids=attrgetter("base_symbol"))
def test_sanitizers_have_nothing_to_say(kernel: Kernel, rig: Rig) -> None:
    if text := rig.misdeed(kernel):
        pytest.fail(text, pytrace=False)


NARROW = Isa("ref", "arm-linux-gnueabihf-gcc", ("-static",), "armv7l", (), ("qemu-arm",))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kernel", [k for k in KERNELS if k.isa.name == "ref"], ids=attrgetter("base_symbol")
)
def test_portable_kernels_do_not_need_64_bits(kernel: Kernel, rig: Rig) -> None:
    if text := rig.difference(replace(kernel, isa=NARROW)):
        pytest.fail(text, pytrace=False)
