from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.build.stack import (
    ASSUMED_LEAF_BYTES,
    StackUsage,
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
