"""A fat target's project: the CPU decides which level runs, and all levels give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline
from edgeq.build.cc import link_program
from edgeq.build.host import HostModel
from edgeq.build.write import c_sources, flags_of, write_files
from edgeq.codegen import emit
from edgeq.codegen.levels import shared_constants
from edgeq.errors import TargetError
from edgeq.ir import Graph
from edgeq.kernels.isa import isas
from edgeq.numerics.profile import Profile
from edgeq.plan import Plan, make_plan
from edgeq.targets import Target, list_targets, load_target
from edgeq.targets.levels import FEATURES, level_name, levels_of
from edgeq.verify.compare import compare, random_samples
from edgeq.verify.emulated import run_emulated
from tests.codegen.project import run, run_well, write
from tests.graphs import dense, image, large
from tests.tools import C_WARNINGS, need_target, need_tool

FAT = "x86-64"
BASELINE, AVX2 = "qemu64", "max"  # what qemu-x86_64 calls them
WHICH = """
#include "{name}_select.h"
#include "probe.h"

int main(void)
{{
    eq_probe_print({name}_select()->level);
    return 0;
}}
"""


def plan_of(graph: Graph | None = None, io: str = "arena", threads: int = 1) -> Plan:
    """Of two levels, which every test machine or emulator has."""
    target = replace(load_target(FAT), levels=("x86-64-avx2",))
    return make_plan(graph or image(), target, Profile.TFLM, io=io, threads=threads)


def names(plan: Plan) -> list[str]:
    return [level_name(level.target) for level in plan.levels]


def on_cpu(cpu: str) -> Target:
    """The fat target, emulated as one kind of CPU."""
    target = replace(load_target(FAT), levels=("x86-64-avx2",))
    assert target.firmware is not None
    firmware = replace(target.firmware, emulator=("qemu-x86_64", "-cpu", cpu))
    return replace(target, firmware=firmware)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A program that says which level is selected, and the self-test."""
    return programs_of(plan_of(), tmp_path_factory.mktemp("fat"))


def programs_of(plan: Plan, folder: Path) -> tuple[Path, Path]:
    need_target(plan.target)
    files = emit(plan)
    write_files(files, folder)
    (folder / "which.c").write_text(WHICH.format(name="image"), encoding="utf-8")
    which, test = (
        link_program(
            [*c_sources(files, folder), folder / f"{name}.c"], folder / name, plan.target,
            include=[folder, folder / "include"], own_flags=flags_of(plan, folder),
            extra=["-DEQ_PROBE"],
        )
        for name in ("which", "image_selftest")
    )  # fmt: skip
    return which, test


def said_on(cpu: str, program: Path) -> str:
    return said_by(on_cpu(cpu), program)


def said_by(target: Target, program: Path) -> str:
    run = run_emulated(program, target, program.parent, native=False)
    return run.require_success().stdout


@pytest.mark.parametrize(
    ("cpu", "level"),
    [(AVX2, "avx2"), (BASELINE, "ref"), ("Haswell", "avx2"), ("SandyBridge", "ref"),
     ("qemu64,+avx2", "ref")],
)  # fmt: skip
def test_the_best_level_of_the_cpu_is_selected(
    cpu: str, level: str, programs: tuple[Path, Path]
) -> None:
    """With the bit of AVX2 alone the system does not save its registers, so it does not count."""
    assert said_on(cpu, programs[0]) == level


@pytest.mark.parametrize(("cpu", "levels"), [(AVX2, ["avx2", "ref"]), (BASELINE, ["ref"])])
def test_the_selftest_runs_every_level_of_the_cpu(
    cpu: str, levels: list[str], programs: tuple[Path, Path]
) -> None:
    expected = "".join(f"{name}: the expected bytes\n" for name in levels)
    assert said_on(cpu, programs[1]) == f"{expected}PASS\n"


def test_all_levels_together_on_a_cpu_with_avx512(tmp_path: Path) -> None:
    """Its system saves the registers of AVX-512; AVX-VNNI has no emulator, and is not taken."""
    need_tool("bochs")
    target = load_target(FAT)
    assert target.firmware is not None
    which, test = programs_of(make_plan(image(), target, Profile.TFLM), tmp_path)
    under_bochs = replace(target, firmware=replace(target.firmware, emulator=("bochs",)))
    assert said_by(under_bochs, which) == "avx512vnni"
    ran = "".join(f"{name}: the expected bytes\n" for name in ("avx512vnni", "avx2", "ref"))
    assert said_by(under_bochs, test) == f"{ran}PASS\n"


def by_hand(folder: Path, cc: str) -> list[list[str]]:
    """The commands of the project's README, with another compiler and every warning an error."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    block = readme.partition("By hand")[2].split("```")[1]
    commands = [line.split()[1:] for line in block.strip().splitlines()]
    found = []
    for words in commands:
        files = [str(p.relative_to(folder)) for w in words if w.endswith(".c")
                 for p in sorted(folder.glob(w))]  # fmt: skip
        flags = [w for w in words if not w.endswith(".c")]
        found.append([cc, *C_WARNINGS, *flags, *files])
    return found


@pytest.mark.parametrize(
    ("cc", "io", "threads"),
    [("gcc", "arena", 1), ("clang-19", "arena", 1), ("gcc", "pointers", 3),
     ("clang-19", "pointers", 1)],
)  # fmt: skip
def test_by_hand_it_compiles_without_a_warning_and_passes(
    cc: str, io: str, threads: int, tmp_path: Path
) -> None:
    need_tool(cc)
    folder = write(emit(plan_of(large(), io, threads)), tmp_path)
    for command in by_hand(folder, cc):
        run_well(command, folder)
    objects = [path.name for path in folder.glob("*.o")]
    run_well([cc, "-std=c11", "-pthread", *C_WARNINGS, "-I.", "-o", "test", "large_selftest.c",
              *objects], folder)  # fmt: skip
    said = run_well([str(folder / "test")], folder)
    assert said.endswith("ref: the expected bytes\nPASS\n")
    assert ("avx2: the expected bytes\n" in said) == isas()["avx2"].runs_here()


@pytest.mark.skipif(not isas()["avx2"].runs_here(), reason="this CPU has no AVX2")
def test_the_selftest_sees_a_fault_of_one_level(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = write(emit(plan_of(dense())), tmp_path)
    path = folder / "dense_avx2.c"
    smaller = r"(: shift \*/\n.*\{\n\s+)3(\d), 3(\d), 3(\d), 3(\d)"
    text = re.sub(smaller, r"\g<1>4\2, 4\3, 4\4, 4\5", path.read_text("ascii"))
    assert text != path.read_text("ascii")
    path.write_text(text, encoding="ascii")
    for command in by_hand(folder, "gcc"):
        run_well(command, folder)
    objects = [found.name for found in folder.glob("*.o")]
    run_well(["gcc", "-I.", "-o", "test", "dense_selftest.c", *objects], folder)
    done = run([str(folder / "test")], folder)
    assert done.returncode == 1
    assert "FAIL: vector 0, output 0" in done.stdout


def test_no_global_can_be_written(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = write(emit(plan_of(), selftest=False), tmp_path)
    for command in by_hand(folder, "gcc"):
        run_well([*command, "-fno-pic", "-fno-pie"], folder)
    said = run_well(["nm", *(path.name for path in folder.glob("*.o"))], folder)
    kinds = set(re.findall(r"^[0-9a-f]+ (\w) ", said, re.MULTILINE))
    assert {"T", "t", "r"} <= kinds
    assert not kinds & set("dDbBcCsSgG")


def test_in_a_shared_library_nothing_but_what_the_loader_fills_in(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = write(emit(plan_of(dense()), selftest=False), tmp_path)
    for command in by_hand(folder, "gcc"):
        run_well([*command, "-fPIC"], folder)
    said = run_well(["size", "-A", *(path.name for path in folder.glob("*.o"))], folder)
    sections = re.findall(r"^(\.(?:data|bss)\S*)\s+[1-9]", said, re.MULTILINE)
    assert sections
    assert all(name.startswith(".data.rel.ro") for name in sections)


def test_the_header_is_c_plus_plus_too(tmp_path: Path) -> None:
    need_tool("g++")
    folder = write(emit(plan_of(), selftest=False), tmp_path)
    (folder / "x.cpp").write_text('#include "image_select.h"\n', encoding="ascii")
    run_well(["g++", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "x.cpp"], folder)


def test_every_level_that_the_cpu_has_gives_the_same_bytes() -> None:
    plan = plan_of()
    report = compare(plan, random_samples(plan.graph, 10))
    assert report.ok
    assert report.levels == tuple(
        name for name, level in zip(names(plan), plan.levels, strict=True)
        if all(isas()[isa].runs_here() for isa in level.target.isa)
    )  # fmt: skip
    assert report.levels[-1] == "ref"
    assert report.compared_bytes % len(report.levels) == 0


def test_under_emulation_those_levels_run_that_the_emulator_has() -> None:
    plan = replace(plan_of(), target=on_cpu(AVX2))
    need_target(plan.target)
    report = compare(plan, random_samples(plan.graph, 2), native=False)
    assert report.ok
    assert report.levels == ("avx2", "ref")


@pytest.mark.parametrize(
    "stem", ["tflm_micro_speech_int8", pytest.param("mlperf_tiny_kws_int8", marks=pytest.mark.slow)]
)
def test_levels_agree_with_tflm(stem: str, shared_file: Callable[[str], Path]) -> None:
    pytest.importorskip("tflite_micro")
    graph = pipeline.load(shared_file(f"models/{stem}.tflite"))
    report = pipeline.verify(graph, FAT, samples=5, against="tflm")
    assert report.ok, report.first_difference
    here = [level for level in levels_of(load_target(FAT))
            if all(isas()[name].runs_here() for name in level.isa)]  # fmt: skip
    assert report.levels == tuple(map(level_name, here))


def test_a_callable_runs_any_level() -> None:
    model = HostModel(plan_of())
    (sample,) = random_samples(model.plan.graph, 1)
    assert level_name(model.plan.target) == next(iter(model.levels))
    found = []
    for name in model.levels:
        model.use(name)
        assert level_name(model.plan.target) == name
        found.append(model.run(sample)["y"])
    assert all(np.array_equal(y, found[0]) for y in found)


def test_budgets_are_those_of_each_level_and_the_arena_is_enough_for_all() -> None:
    plan = plan_of(large())
    assert plan.arena_bytes == max(level.arena_bytes for level in plan.levels)
    assert plan.scratch_bytes == max(level.scratch_bytes for level in plan.levels)
    assert len({level.arena_bytes for level in plan.levels}) > 1
    files = emit(plan, selftest=False)
    assert f"#define LARGE_ARENA_BYTES {plan.arena_bytes}\n" in files["large.h"]
    for level in plan.levels[:-1]:
        alone = make_plan(large(), level.target, Profile.TFLM)
        assert (alone.arena_bytes, alone.constant_bytes) == (
            level.arena_bytes,
            level.constant_bytes,
        )
        header = files[f"large_{level_name(level.target)}.h"]
        name = level_name(level.target).upper()
        assert f"#define LARGE_{name}_ARENA_BYTES {level.arena_bytes}\n" in header
        assert f"| {level.arena_bytes} | {level.scratch_bytes} |" in files["README.md"]


def test_constants_of_several_levels_are_there_once() -> None:
    plan = plan_of()
    files = emit(plan, selftest=False)
    shared = shared_constants(plan, "image")
    assert shared
    arrays = {path: re.findall(r"const _Alignas\(\d+\) \w+ (\w+)\[\d+\] = \{\n\s+(.*)\n", text)
              for path, text in files.items() if path.endswith(".c")}  # fmt: skip
    assert [name for name, _ in arrays["image_shared.c"]] == list(shared)
    texts = [values for found in arrays.values() for _, values in found]
    assert len(texts) == len(set(texts)) == len({c.key for p in plan.levels for c in p.constants})


def test_what_is_emitted_depends_on_the_plan_alone() -> None:
    assert emit(plan_of()) == emit(plan_of())


def test_levels_of_every_target_can_be_told_from_each_other() -> None:
    fat = [target for name in list_targets() if (target := load_target(name)).levels]
    assert FAT in [target.name for target in fat]
    for target in fat:
        levels = levels_of(target)
        assert levels[-1] == replace(target, levels=())
        asked = [{f for isa in level.isa for f in isas()[isa].cpuinfo} for level in levels]
        assert all(flags <= FEATURES.keys() for flags in asked)
        assert not asked[-1]
        assert all(asked[:-1])


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        (["x86-64"], "it has levels itself"),
        (["cortex-m4"], "no place in CPUID is known of thumb"),
        (["raspberry-pi-4"], "no place in CPUID is known of asimd"),
        (["x86-64-avx2", "x86-64-avx2"], "two levels of one name: avx2, avx2, ref"),
        (["x86-63"], "there is no target 'x86-63'"),
    ],
)
def test_senseless_levels_are_refused(levels: list[str], why: str) -> None:
    with pytest.raises(TargetError) as caught:
        levels_of(replace(load_target(FAT), levels=tuple(levels)))
    assert why in caught.value.text()


def test_other_targets_have_none_of_it() -> None:
    plan = make_plan(image(), load_target("x86-64-avx2"), Profile.TFLM)
    files = emit(plan)
    assert not plan.levels
    assert not [path for path in files if "select" in path or "shared" in path]
    assert "select" not in files["image.h"] + files["image_selftest.c"] + files["CMakeLists.txt"]
