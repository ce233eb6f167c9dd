"""Projects for several threads: the same bytes for any number, from the pool and without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq.build.host import HostModel
from edgeq.codegen import emit
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.targets import load_target
from edgeq.verify.compare import random_samples
from tests.codegen.project import run_well, selftest, write
from tests.graphs import dense, large
from tests.tools import need_target, need_tool

RACES = ("-O1", "-g", "-fsanitize=thread", "-pthread")


def plan_of(threads: int, target: str = "x86-64-portable", io: str = "arena") -> Plan:
    return make_plan(large(), load_target(target), Profile.TFLM, io=io, threads=threads)


@pytest.mark.parametrize("io", ["arena", "pointers"])
@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
def test_it_compiles_without_a_warning_and_passes(cc: str, io: str, tmp_path: Path) -> None:
    need_tool(cc)
    folder = write(emit(plan_of(3, io=io)), tmp_path)
    assert selftest(folder, "-O2", "-pthread", cc=cc) == "PASS\n"


def test_threads_do_not_race(tmp_path: Path) -> None:
    need_tool("gcc")
    assert selftest(write(emit(plan_of(4)), tmp_path), *RACES) == "PASS\n"


def test_cmake_finds_the_threads(tmp_path: Path) -> None:
    need_tool("cmake")
    folder = write(emit(plan_of(2)), tmp_path)
    run_well(["cmake", "-B", "build"], folder)
    run_well(["cmake", "--build", "build"], folder)
    assert "100% tests passed" in run_well(["ctest", "--test-dir", "build"], folder)


@pytest.mark.parametrize("threads", [2, 3, 7])
def test_the_bytes_are_those_of_one_thread(threads: int) -> None:
    plans = [make_plan(large(), load_target("host"), Profile.TFLM, threads=n) for n in (1, threads)]
    one, several = map(HostModel, plans)
    for sample in random_samples(large(), 20):
        assert np.array_equal(one.run(sample)["y"], several.run(sample)["y"])


def test_a_board_gets_the_hook_and_no_pool() -> None:
    need_target(load_target("cortex-m4"))
    files = emit(plan_of(2, "cortex-m4"))
    assert "edgeq_parallel.h" in files
    assert "edgeq_threads.c" not in files
    assert "const eq_parallel *parallel" in files["large.h"]


def test_one_thread_needs_nothing_of_it() -> None:
    files = emit(make_plan(dense(), load_target("x86-64-portable"), Profile.TFLM))
    assert not [name for name in files if "parallel" in name or "threads" in name]
    assert "parallel" not in files["dense.h"] + files["dense.c"]
