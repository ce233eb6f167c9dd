from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.build.stack import (
    ASSUMED_LEAF_BYTES,
    StackUsage,
    pushed_bytes,
    read_call_graph,
    stack_usage,
    worst_case,
)
from edgeq.targets import load_target
from tests.tools import need_target

GRAPH = """graph: { title: "a.c"
node: { title: "run" label: "run\\na.c:9:5\\n16 bytes (static)\\n0 dynamic objects" }
node: { title: "a.c:deep" label: "deep\\na.c:1:5\\n100 bytes (static)\\n0 dynamic objects" }
node: { title: "wide" label: "wide\\na.c:2:5\\n40 bytes (dynamic,bounded)\\n1 dynamic objects" }
node: { title: "memcpy" label: "memcpy\\n<built-in>" shape : ellipse }
edge: { sourcename: "run" targetname: "a.c:deep" label: "a.c:9:8" }
edge: { sourcename: "run" targetname: "wide" label: "a.c:9:9" }
edge: { sourcename: "wide" targetname: "memcpy" label: "a.c:2:9" }
}
"""


def test_the_deepest_path_counts() -> None:
    usage = worst_case(read_call_graph([GRAPH]), "run")
    assert ASSUMED_LEAF_BYTES == 64
    assert usage == StackUsage(16 + 40 + 64, ("run", "wide", "memcpy"), "", ("memcpy",))


def test_a_static_function_is_an_entry_too() -> None:
    assert worst_case(read_call_graph([GRAPH]), "deep").bytes == 100


ASSEMBLY = """
plain:
\tstr r4, [sp, #-8]!
\tbx lr
hidden.constprop.0:
\tpush {r4, lr}
\t.syntax unified
@ 7 "a.h" 1
\tstrd r1, r3, [sp, #-16]!
0:
\tstr r2, [sp, #-4]!
\tadd sp, sp, #20
@ 0 "" 2
\tstr r4, [sp, #-8]!
@ 9 "a.h" 1
\tstr r1, [sp, #-8]!
\tldr r1, [sp], #8
@ 0 "" 2
"""


def test_what_inline_assembly_pushes_counts() -> None:
    pushed = pushed_bytes(ASSEMBLY)
    assert pushed == {"hidden": 20}
    graph = read_call_graph([GRAPH.replace("a.c:deep", "a.c:hidden")], pushed)
    assert worst_case(graph, "hidden").bytes == 120


def test_assembly_of_a_kernel_pushes_sixteen_bytes(tmp_path: Path) -> None:
    target = load_target("cortex-m55")
    need_target(target)
    source = tmp_path / "pushes.c"
    source.write_text(PUSHES, encoding="ascii")
    assert stack_usage([source], "pushes", tmp_path, target=target).bytes == 16


PUSHES = """
int pushes(int x);
int pushes(int x)
{
    __asm__ volatile("strd %0, %0, [sp, #-16]!\\n\\tadd sp, sp, #16" : : "r"(x) : "memory");
    return x;
}
"""


def usage_of(text: str, entry: str, folder: Path, *more: str) -> StackUsage:
    target = load_target("cortex-m4")
    need_target(target)
    sources = []
    for index, each in enumerate((text, *more)):
        path = folder / f"s{index}.c"
        path.write_text(each, encoding="ascii")
        sources.append(path)
    return stack_usage(sources, entry, folder, target=target)


OUTER = """
#include <string.h>
void outer(char *y);
void inner(char *y);
void outer(char *y)
{
    char t[200];
    memset(t, *y, sizeof t);
    inner(t);
    *y = t[3];
}
"""
INNER = """
void inner(char *y);
void use(volatile char *y);
void use(volatile char *y) { y[0] = 1; }
void inner(char *y)
{
    volatile char t[400];
    t[*y] = 1;
    use(t);
    *y = t[5];
}
"""


def test_frames_are_added_across_files(tmp_path: Path) -> None:
    usage = usage_of(OUTER, "outer", tmp_path, INNER)
    assert usage.bytes is not None
    assert 600 <= usage.bytes <= 680
    assert usage.path[:2] == ("outer", "inner")
    assert usage.assumed == ("memset",)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("int f(int); int f(int x) { volatile int y = x; return x > 1 ? f(x - 1) * f(y) : 1; }",
         "f calls itself"),
        ("int f(int (*g)(int)); int f(int (*g)(int)) { return g(3) + 1; }",
         "f calls through a pointer"),
        ("int h(int); int f(int); int f(int x) { return h(x) + 1; }",
         "h is not among the compiled sources"),
        ("void g(char *); void f(int); void f(int n) { volatile char t[n]; t[n - 1] = 0; }",
         "f has a frame of variable size"),
        ("void g(void); void g(void) {}", "no function 'f' was compiled"),
    ],
)  # fmt: skip
def test_what_has_no_bound_says_why(tmp_path: Path, text: str, reason: str) -> None:
    usage = usage_of(text + "\n", "f", tmp_path)
    assert usage.bytes is None
    assert usage.reason == reason


def test_calls_through_pointers_cost_what_is_said_to_be_behind_them(tmp_path: Path) -> None:
    target = load_target("host")
    need_target(target)
    source = tmp_path / "a.c"
    source.write_text(
        "static int big(int x) { volatile char t[3000]; t[x] = 1; return t[x + 1]; }\n"
        "int (*const there[])(int) = { big };\nint f(int (*g)(int));\n"
        "int f(int (*g)(int)) { return g(3) + 1; }\n",
        encoding="utf-8",
    )
    found = stack_usage([source], "f", tmp_path, target=target, pointed={"f": ["big"]})
    assert found.bytes is not None
    assert found.bytes > 3000 - 128
    lost = stack_usage([source], "f", tmp_path, target=target, pointed={"f": ["gone"]})
    assert lost.reason == "gone is not among the compiled sources"


def test_the_worst_of_several_functions_counts(tmp_path: Path) -> None:
    target = load_target("host")
    need_target(target)
    source = tmp_path / "a.c"
    source.write_text(
        "int small(int x);\nint large(volatile char *y);\nint small(int x) { return x + 1; }\n"
        "int large(volatile char *y) { volatile char x[SIZE]; x[0] = *y; return x[0] + x[9]; }\n",
        encoding="utf-8",
    )
    found = [
        stack_usage([source], "small", tmp_path, target=target, others=others,
                    own_flags={source: ["-DSIZE=5000"]}).bytes
        for others in ([], ["large"])
    ]  # fmt: skip
    assert found[0] is not None
    assert found[1] is not None
    assert found[0] < 100
    assert found[1] > 5000 - 128  # below the stack pointer lie 128 bytes that no frame counts
