"""The generated project builds with CMake and passes its self-test under ctest, on every target."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from edgeq.codegen import emit
from edgeq.ir import Graph
from edgeq.targets import list_targets, load_target
from tests.codegen.project import plan_of, project, run, run_well, write
from tests.graphs import GRAPHS, dense
from tests.tools import need_target, need_tool


@pytest.fixture(autouse=True)
def python_that_has_edgeq(monkeypatch: pytest.MonkeyPatch) -> None:
    """The self-tests of targets that Bochs emulates are started by `python3 -m edgeq...`."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def cmake_test(folder: Path, *options: str) -> str:
    run_well(["cmake", "-S", ".", "-B", "build", *options], folder)
    run_well(["cmake", "--build", "build"], folder)
    return run_well(["ctest", "--test-dir", "build", "-V"], folder)


def targets(*quick: str) -> list[ParameterSet]:
    """Every target; those that are not among the quick ones are marked slow."""
    return [pytest.param(n, marks=[] if n in quick else pytest.mark.slow) for n in list_targets()]


@pytest.mark.parametrize("name", targets("host", "cortex-m4", "raspberry-pi-4", "riscv32"))
def test_cmake_builds_and_runs_the_selftest_of_a_target(name: str, tmp_path: Path) -> None:
    builds_and_passes(GRAPHS["image"](), name, tmp_path)


def test_cmake_builds_and_runs_every_level_of_a_target(tmp_path: Path) -> None:
    """Of one layer: with five it is the same way, above in the slow run."""
    builds_and_passes(dense(), "x86-64", tmp_path)


def builds_and_passes(graph: Graph, name: str, tmp_path: Path) -> None:
    target = load_target(name)
    need_tool("cmake")
    need_target(target)
    folder = project(graph, tmp_path, name)
    toolchain = (folder / "toolchain.cmake").exists()
    output = cmake_test(folder, *["-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake"] * toolchain)
    assert re.search(r"^1: PASS$", output, re.MULTILINE)
    assert "100% tests passed" in output


@pytest.mark.parametrize("name", targets("host", "cortex-m4"))
def test_the_selftest_of_a_target_can_fail(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    need_tool("cmake")
    need_target(target)
    folder = project(dense(), tmp_path, name)
    shared = folder / "dense_shared.c"  # the first layer's, where several levels have them
    path = shared if shared.exists() else folder / "dense.c"
    text = re.sub(r"(: bias \*/\n.*\{\n\s+)(-?\d+)", r"\g<1>\g<2>0", path.read_text("ascii"))
    assert text != path.read_text("ascii")
    path.write_text(text, encoding="ascii")
    options = ["-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake"] * (folder / "toolchain.cmake").exists()
    run_well(["cmake", "-S", ".", "-B", "build", *options], folder)
    run_well(["cmake", "--build", "build"], folder)
    done = run(["ctest", "--test-dir", "build", "-V"], folder)
    assert done.returncode != 0
    said = r"^1: FAIL: vector \d, output 0, first difference at element \d$"
    assert re.search(said, done.stdout, re.MULTILINE)


BOTH = """#include "one.h"
#include "two.h"

static _Alignas(ONE_ARENA_ALIGN) uint8_t a[ONE_ARENA_BYTES];
static _Alignas(TWO_ARENA_ALIGN) uint8_t b[TWO_ARENA_BYTES];
int one_selftest(void);
int two_selftest(void);

int main(void)
{
    one_run(a);
    two_run(b);
    return one_selftest() + two_selftest();
}
"""


def test_two_models_link_into_one_program(tmp_path: Path) -> None:
    need_tool("cmake")
    for name, seed in (("one", 0), ("two", 1)):
        write(emit(plan_of(dense(seed=seed), "host"), name=name), tmp_path / name)
    (tmp_path / "main.c").write_text(BOTH, encoding="ascii")
    (tmp_path / "CMakeLists.txt").write_text(
        """cmake_minimum_required(VERSION 3.16)
project(both C)
enable_testing()
add_subdirectory(one)
add_subdirectory(two)
add_executable(both main.c one/one_selftest.c two/two_selftest.c)
target_compile_definitions(both PRIVATE EQ_SELFTEST_NO_MAIN)
target_link_libraries(both PRIVATE one two)
add_test(NAME both COMMAND both)
""",
        encoding="ascii",
    )
    output = cmake_test(tmp_path)
    assert output.count("1: PASS") == 2
    assert "100% tests passed, 0 tests failed out of 1" in output
