"""The generated project builds and runs as its user builds it, from its folder alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from edgeq.codegen import emit
from edgeq.codegen.names import c_identifier
from tests.codegen.project import (
    build,
    plan_of,
    project,
    run,
    run_well,
    selftest,
    sources,
)
from tests.graphs import GRAPHS, Builder, X, dense
from tests.tools import need_tool

SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
CASES = [(name, io) for name in GRAPHS for io in ("arena", "pointers")]


@pytest.mark.parametrize(("name", "io"), CASES)
@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
def test_it_compiles_without_a_warning_and_passes(
    cc: str, name: str, io: str, tmp_path: Path
) -> None:
    need_tool(cc)
    folder = project(GRAPHS[name](), tmp_path, io=io)
    assert selftest(folder, "-O2", cc=cc) == "PASS\n"


@pytest.mark.parametrize(("name", "io"), CASES)
def test_it_passes_under_sanitizers(name: str, io: str, tmp_path: Path) -> None:
    need_tool("gcc")
    assert selftest(project(GRAPHS[name](), tmp_path, io=io), *SANITIZED) == "PASS\n"


@pytest.mark.parametrize("io", ["arena", "pointers"])
@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
def test_a_model_without_inputs_compiles_and_passes(cc: str, io: str, tmp_path: Path) -> None:
    need_tool(cc)
    b = Builder()
    c, y = b.weights("c", (3, 4)), b.tensor("y", (4, 3))
    b.tensor(c, (3, 4), X, data=b.tensors[c].data)
    b.node("transpose", (c,), (y,), perm=(1, 0))
    folder = project(b.graph("fixed", (), (y,)), tmp_path, io=io)
    assert selftest(folder, "-O2", cc=cc) == "PASS\n"


@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_the_header_is_cpp(io: str, tmp_path: Path) -> None:
    need_tool("g++")
    folder = project(GRAPHS["ports"](), tmp_path, io=io)
    (folder / "main.cpp").write_text(
        """#include "ports.h"
#include "ports.h"
#include <cstdio>

static uint8_t arena[PORTS_ARENA_BYTES];
PORTS_CHECK_ARENA(arena);

int main()
{
    const int32_t shape[PORTS_INPUT1_RANK] = PORTS_INPUT1_SHAPE;
    ports_reset(arena);
    std::printf("%d %d %d %d\\n", ports_input0_quantize(0.3f), shape[1], PORTS_INPUT2_SIZE,
                ports_output1_quantize(0.001f));
    return ports_output0_dequantize(-5) != 0.0f || PORTS_STATE_BYTES != 0;
}
""",
        encoding="ascii",
    )
    flags = ["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
    run_well(["g++", *flags, "main.cpp", "-o", "main"], folder)
    assert run_well(["./main"], folder) == "-4 5 7 1\n"


def test_cpp_links_with_the_c_model(tmp_path: Path) -> None:
    need_tool("g++")
    folder = project(dense(), tmp_path)
    (folder / "main.cpp").write_text(
        """#include "dense.h"
alignas(DENSE_ARENA_ALIGN) static uint8_t arena[DENSE_ARENA_BYTES];
int main()
{
    dense_input0(arena)[0] = 1;
    dense_run(arena);
    return dense_output0(arena)[0] == 127;
}
""",
        encoding="ascii",
    )
    run_well(["gcc", "-std=c11", "-c", "-I.", "-Iinclude", *sources(folder)], folder)
    objects = sorted(str(path) for path in folder.glob("*.o"))
    run_well(["g++", "-std=c++17", "main.cpp", *objects, "-o", "main"], folder)
    run_well(["./main"], folder)


STEPPED = """#include "{name}.h"
#include <stdio.h>
#include <string.h>

static _Alignas({macro}_ARENA_ALIGN) uint8_t a[{macro}_ARENA_BYTES], b[{macro}_ARENA_BYTES];

int main(void)
{{
    for (uint32_t i = 0; i < {macro}_ARENA_BYTES; ++i)
        a[i] = b[i] = (uint8_t)(i * 37u % 251u);
    {name}_run(a);
    {name}_step(b, -1);
    for (int32_t step = 0; step < {macro}_STEPS; ++step)
        {name}_step(b, step);
    {name}_step(b, {macro}_STEPS);
    puts(memcmp(a, b, sizeof a) ? "differ" : "same");
    return 0;
}}
"""


@pytest.mark.parametrize("name", GRAPHS)
def test_steps_do_what_a_run_does(name: str, tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(GRAPHS[name](), tmp_path)
    text = STEPPED.format(name=name, macro=name.upper())
    (tmp_path / "stepped").mkdir()
    main = tmp_path / "stepped" / "main.c"
    main.write_text(text, encoding="ascii")
    assert run_well([str(build(folder, [str(main)]))], folder) == "same\n"


INPUTS_KEPT = """#include "image.h"
#include <stdio.h>
#include <string.h>

static _Alignas(IMAGE_ARENA_ALIGN) uint8_t arena[IMAGE_ARENA_BYTES];

int main(void)
{
    int8_t x[IMAGE_INPUT0_SIZE], copy[IMAGE_INPUT0_SIZE], y[3][IMAGE_OUTPUT0_SIZE + 1];
    for (int32_t i = 0; i < IMAGE_INPUT0_SIZE; ++i)
        x[i] = copy[i] = (int8_t)(i * 7 % 100);
    memset(y, 77, sizeof y);
    for (int32_t i = 0; i < 3; ++i) {
        const image_io io = {x, y[i]};
        memset(arena, 50 * i, sizeof arena);
        image_run(arena, &io);
    }
    printf("%d %d %d\\n", memcmp(x, copy, sizeof x), memcmp(y[0], y[1], sizeof y[0]),
           memcmp(y[1], y[2], sizeof y[0]));
    return y[0][IMAGE_OUTPUT0_SIZE] != 77;
}
"""


def test_callers_inputs_are_not_written_and_the_arena_may_hold_anything(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(GRAPHS["image"](), tmp_path, io="pointers")
    (tmp_path / "kept").mkdir()
    main = tmp_path / "kept" / "main.c"
    main.write_text(INPUTS_KEPT, encoding="ascii")
    assert run_well([str(build(folder, [str(main)], *SANITIZED))], folder) == "0 0 0\n"


@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_the_header_says_whether_an_input_is_overwritten(io: str) -> None:
    header = emit(plan_of(GRAPHS["ports"](), io=io))["ports.h"]
    notes = re.findall(r"/\* ([pqrs]): (.*) \*/", header)
    kept, lost = "kept as it was given.", "overwritten by the run: fill it again before the next."
    never = "read only, never written."
    arena = {"p": lost, "q": kept, "r": lost, "s": kept}
    assert dict(notes) == (arena if io == "arena" else dict.fromkeys("pqrs", never))


def test_inputs_that_are_said_to_be_kept_are_kept(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(GRAPHS["ports"](), tmp_path)
    (tmp_path / "kept").mkdir()
    main = tmp_path / "kept" / "main.c"
    main.write_text(
        """#include "ports.h"
#include <string.h>
static _Alignas(PORTS_ARENA_ALIGN) uint8_t arena[PORTS_ARENA_BYTES];
int main(void)
{
    memset(arena, 7, sizeof arena);
    ports_run(arena);
    for (int32_t i = 0; i < PORTS_INPUT1_SIZE; ++i)
        if (ports_input1(arena)[i] != 7)
            return 1;
    for (int32_t i = 0; i < PORTS_INPUT3_SIZE; ++i)
        if (ports_input3(arena)[i] != 0x0707)
            return 1;
    return 0;
}
""",
        encoding="ascii",
    )
    run_well([str(build(folder, [str(main)]))], folder)


def test_weights_go_into_a_section_by_one_macro(tmp_path: Path) -> None:
    need_tool("gcc")
    need_tool("objdump")
    folder = project(dense(), tmp_path)
    flag = '-DDENSE_WEIGHTS=__attribute__((section(".slow_flash")))'
    assert selftest(folder, flag) == "PASS\n"
    run_well(["gcc", "-std=c11", "-I.", "-Iinclude", flag, "-c", "dense.c"], folder)
    headers = run_well(["objdump", "-h", "dense.o"], folder)
    (size,) = re.findall(r"\.slow_flash\s+([0-9a-f]+)", headers)
    assert int(size, 16) >= 8 * 16 + 4 * 8
    assert re.search(r"\.slow_flash.*\n.*READONLY", headers)


def test_an_arena_that_is_too_small_does_not_compile(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(dense(), tmp_path)
    text = '#include "dense.h"\nstatic uint8_t arena[8];\nDENSE_CHECK_ARENA(arena);\n'
    (folder / "small.c").write_text(text, encoding="ascii")
    done = run(["gcc", "-std=c11", "-c", "small.c"], folder)
    assert done.returncode != 0
    assert "the arena is too small" in done.stderr


@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_the_example_of_the_readme_compiles(io: str, tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(GRAPHS["ports"](), tmp_path, io=io)
    (text,) = re.findall(r"```c\n(.*?)```", (folder / "README.md").read_text("utf-8"), re.DOTALL)
    (folder / "example.c").write_text(text, encoding="ascii")
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wno-unused-variable", "-Werror"]
    run_well(["gcc", *flags, "-c", "example.c"], folder)


@pytest.mark.parametrize(("graph", "index"), [("dense", 0), ("dense", 3), ("dense", 14)])
def test_a_wrong_golden_value_fails_with_its_place(graph: str, index: int, tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(GRAPHS[graph](), tmp_path)
    path = folder / f"{graph}_selftest.c"
    head, values, tail = re.split(
        r"(?<=golden0\[VECTORS \* 4\] = \{\n)(.*?)(?=\n\};)", path.read_text("ascii"), flags=re.S
    )
    numbers = [int(v) for v in values.split(",")]
    numbers[index] ^= 1
    path.write_text(f"{head}{', '.join(map(str, numbers))}{tail}", encoding="ascii")
    done = run([str(build(folder, [str(path)]))], folder)
    assert done.returncode == 1
    where = f"vector {index // 4}, output 0, first difference at element {index % 4}"
    assert done.stdout == f"FAIL: {where}\n"


def test_a_wrong_int16_output_is_counted_in_elements(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(GRAPHS["ports"](), tmp_path)
    path = folder / "ports_selftest.c"
    text = path.read_text("ascii")
    at = text.index("= {\n", text.index("golden1")) + 4
    words = text[at:].split(",", 6)
    words[5] = f" {int(words[5]) ^ 0x100}"
    path.write_text(text[:at] + ",".join(words), encoding="ascii")
    done = run([str(build(folder, [str(path)]))], folder)
    assert done.stdout == "FAIL: vector 0, output 1, first difference at element 5\n"


def test_the_folder_is_all_that_is_needed(tmp_path: Path) -> None:
    need_tool("gcc")
    written = project(dense(), tmp_path / "first")
    moved = tmp_path / "elsewhere" / "with space"
    shutil.copytree(written, moved)
    shutil.rmtree(written)
    assert selftest(moved) == "PASS\n"
    for path in moved.rglob("*.[ch]"):
        for header in re.findall(r'#include "([^"]+)"', path.read_text("utf-8")):
            places = (path.parent, moved, moved / "include")
            assert any((place / header).exists() for place in places), (path, header)


def test_the_name_may_be_chosen(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = project(dense(), tmp_path, name="my net")
    assert c_identifier("my net") == "my_net"
    assert selftest(folder) == "PASS\n"
    assert (folder / "my_net.h").exists()
