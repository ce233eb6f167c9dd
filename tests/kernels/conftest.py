"""What the kernel tests share: a folder of builds, and a worker that calls kernels."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.kernels.build import Builder
from tests.kernels.native import Native
from tests.kernels.rig import Rig
from tests.precompiled import discard


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kernels"
    folder.mkdir(exist_ok=True)
    yield Builder(folder)
    discard(folder)


@pytest.fixture(scope="session")
def rig(builder: Builder) -> Iterator[Rig]:
    with Native() as native:
        yield Rig(builder, native)
