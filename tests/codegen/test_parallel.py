"""Projects for several threads: the same bytes for any number, from the pool and without it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeq.build.figures import compiled_figures
from edgeq.build.host import HostModel
from edgeq.codegen import emit
from edgeq.codegen.parallel import parallel_files
from edgeq.ir import Graph
from edgeq.kernels.isa import isas
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan, ranges, threads
from edgeq.reference.exact import exact
from edgeq.targets import load_target
from edgeq.verify.compare import random_samples
from tests.codegen.project import run_well, selftest, write
from tests.graphs import dense, large, wide
from tests.tools import C_WARNINGS, need_target, need_tool

RACES = ("-O1", "-g", "-fsanitize=thread", "-pthread")


def plan_of(
    count: int, target: str = "x86-64-portable", io: str = "arena", graph: Graph | None = None
) -> Plan:
    plain = load_target(target)
    return make_plan(graph or large(), plain, Profile.TFLM, io=io, threads=count)


@pytest.fixture(params=[False, True], ids=["shares", "pieces"])
def pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With shares of one piece each, and of several."""
    if request.param:
        monkeypatch.setattr(threads, "PIECE", 10_000)
        monkeypatch.setattr(ranges, "CHANNELS_OF_PIECE", 16)
    return bool(request.param)


@pytest.mark.parametrize("io", ["arena", "pointers"])
@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
def test_it_compiles_without_a_warning_and_passes(cc: str, io: str, tmp_path: Path) -> None:
    need_tool(cc)
    folder = write(emit(plan_of(3, io=io)), tmp_path)
    assert selftest(folder, "-O2", "-pthread", cc=cc) == "PASS\n"


@pytest.mark.parametrize(
    ("graph", "target"),
    [(large, "x86-64-portable"), (large, "x86-64-avx2"), (wide, "x86-64-avx2")],
)
@pytest.mark.usefixtures("pieces")
def test_threads_do_not_race(graph: Callable[[], Graph], target: str, tmp_path: Path) -> None:
    need_tool("gcc")
    if target == "x86-64-avx2" and not isas()["avx2"].runs_here():
        pytest.skip("this CPU has no AVX2")
    plan = plan_of(4, target, graph=graph())
    assert sum(step.parts > 1 for step in plan.steps) > 4
    own = [flag for flag in plan.target.cflags if flag.startswith("-m")]
    assert selftest(write(emit(plan), tmp_path), *RACES, *own) == "PASS\n"


@pytest.mark.parametrize("target", ["x86-64-portable", "x86-64"])
@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_the_example_of_the_readme_compiles_and_keeps_one_pool(
    io: str, target: str, tmp_path: Path
) -> None:
    need_tool("gcc")
    folder = write(emit(plan_of(3, target, io)), tmp_path)
    (text,) = re.findall(r"```c\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    (folder / "example.c").write_text(text, encoding="ascii")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wno-unused-variable", "-Werror"]
    run_well(["gcc", *flags, "-c", "example.c"], folder)
    assert "eq_threads_start(3)" not in text.partition("void infer(void)")[2]


def test_by_hand_the_pool_is_compiled_too(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = write(emit(plan_of(3)), tmp_path)
    readme = (folder / "README.md").read_text("utf-8")
    (line,) = re.findall(r"By hand: `x86_64-linux-gnu-gcc (.*)`; link with `-pthread`", readme)
    run_well(["sh", "-c", f"gcc {line}"], folder)
    run_well(["sh", "-c", "gcc -pthread -I. -o test large_selftest.c *.o"], folder)
    assert run_well([str(folder / "test")], folder) == "PASS\n"


@pytest.mark.parametrize("target", ["x86-64-portable", "x86-64"])
def test_the_selftest_stops_its_pool(target: str) -> None:
    text = emit(plan_of(3, target))["large_selftest.c"]
    assert text.count("eq_threads_start(3)") == text.count("eq_threads_stop(pool);") == 1


STRESS = """
#include "edgeq_threads.h"
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
enum { PARTS = 37, MOST = 5 };
static int found[PARTS], seen;
static atomic_int at[MOST];
static void task(void *context, int32_t part, int32_t worker)
{
    const int32_t workers = *(int32_t *)context;
    if (worker < 0 || worker >= workers || atomic_fetch_add(&at[worker], 1) != 0)
        _exit(2);
    found[part] += 1; /* a race, were a part handed out twice or a round not over */
    atomic_fetch_sub(&at[worker], 1);
}
int main(void)
{
    for (int32_t threads = 1; threads <= MOST; ++threads) {
        eq_threads *pool = eq_threads_start(threads);
        for (int32_t round = 0; round < 400; ++round) {
            const int32_t parts = round % PARTS + 1;
            int32_t workers = round % MOST + 1;
            if (round % 100 == 99)
                usleep(20000); /* they sleep */
            eq_parallel_run(eq_threads_parallel(pool), task, &workers, parts, workers);
            for (int32_t part = 0; part < PARTS; ++part) {
                seen += found[part];
                if (found[part] != (part < parts))
                    return 3;
                found[part] = 0;
            }
        }
        eq_threads_stop(pool);
    }
    eq_threads_stop(0);
    return seen > 0 ? 0 : 4;
}
"""


@pytest.mark.parametrize("flags", [("-O2", "-pthread"), RACES])
@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
def test_the_pool_hands_out_every_part_once(
    cc: str, flags: tuple[str, ...], tmp_path: Path
) -> None:
    """To no more workers than there may be, one call at a time to each, pools of any size."""
    need_tool(cc)
    folder = write({**parallel_files(plan_of(2)), "stress.c": STRESS}, tmp_path)
    run_well([cc, "-std=c11", "-D_DEFAULT_SOURCE", *C_WARNINGS, *flags, "-o", "stress", "stress.c",
              "edgeq_threads.c"], folder)  # fmt: skip
    run_well(["./stress"], folder)


def test_cmake_finds_the_threads(tmp_path: Path) -> None:
    need_tool("cmake")
    folder = write(emit(plan_of(2)), tmp_path)
    run_well(["cmake", "-B", "build"], folder)
    run_well(["cmake", "--build", "build"], folder)
    assert "100% tests passed" in run_well(["ctest", "--test-dir", "build"], folder)


@pytest.mark.parametrize("graph", [large, wide])
@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.usefixtures("pieces")
def test_the_bytes_are_those_of_one_thread(count: int, graph: Callable[[], Graph]) -> None:
    several = HostModel(plan_of(count, "host", graph=graph()))
    assert any(step.parts > 1 for step in several.plan.steps)
    one = exact(graph(), Profile.TFLM)
    for sample in random_samples(graph(), 20):
        assert np.array_equal(several.run(sample)["y"], one.run(sample)["y"])


def test_a_board_gets_the_hook_and_no_pool() -> None:
    need_target(load_target("cortex-m4"))
    files = emit(plan_of(2, "cortex-m4"))
    assert "edgeq_parallel.h" in files
    assert "edgeq_threads.c" not in files
    assert "const eq_parallel *parallel" in files["large.h"]


@pytest.mark.parametrize("target", ["x86-64-avx2", "x86-64", "cortex-m4"])
def test_the_stack_of_parts_is_known(target: str) -> None:
    """About what one thread needs: parts are the same kernels on fewer rows."""
    need_target(load_target(target))
    one, several = (compiled_figures(plan_of(count, target)).stack_bytes for count in (1, 3))
    assert one is not None
    assert several is not None
    assert one - 64 <= several <= 1.25 * one + 256


def test_one_thread_needs_nothing_of_it() -> None:
    files = emit(make_plan(dense(), load_target("x86-64-portable"), Profile.TFLM))
    assert not [name for name in files if "parallel" in name or "threads" in name]
    assert "parallel" not in files["dense.h"] + files["dense.c"]
