"""Worst-case stack of a function, from gcc's own figures and call graph.

gcc writes one .ci file per C file (-fcallgraph-info=su): a node per function with its
frame, an edge per call.  The worst case is the most expensive path from the entry.

gcc does not look into inline assembly: what that pushes is read from the .s file and added to the
frame of its function.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

from edgeq.build.cc import COMPILE_SECONDS, NO_OWN_FLAGS, checked, find_compiler, run_tool
from edgeq.targets import Target

NODE = re.compile(r'node: \{ title: "([^"]*)" label: "([^"]*)"')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"')
FRAME = re.compile(r"(\d+) bytes \(([a-z, ]+)\)")
INDIRECT = "__indirect_call"
NONE_POINTED: Mapping[str, Sequence[str]] = {}
LABEL = re.compile(r"([A-Za-z_][\w.$]*):")
ASSEMBLY = re.compile(r'\S+ \d+ "[^"]*" ([12])$')  # inline assembly begins, 1, or ends, 2
STACK = "[sp, #-"  # without it a file, long as it may be, pushes nothing
PUSH = re.compile(r"\[sp, #-(\d+)\]!")

# Functions that come with the compiler or libc and call nothing: no .ci file describes them.
# 64 bytes are 16 saved registers of a 32-bit core, more than any of them may save there.
ASSUMED_LEAF_BYTES = 64
LIBRARY_LEAVES = re.compile(
    r"memcpy|memmove|memset|__aeabi_\w+|__udivmoddi4|__(u|)(div|mod)[sd]i3|__(mul|ashl|ashr|lshr)di3"
    r"|__clz[sd]i2|__gnu_thumb1_case_\w+"
)


@dataclass(frozen=True, slots=True)
class StackUsage:
    """The worst-case stack of one entry function.

    bytes     frames along the deepest path, the entry's own included; None when unbounded
    path      functions of that path, entry first; those without a figure when bytes is None
    reason    why there is no bound, "" when there is one
    assumed   library functions that were taken to need ASSUMED_LEAF_BYTES each
    """

    bytes: int | None
    path: tuple[str, ...]
    reason: str = ""
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CallGraph:
    """What the .ci files of a program say: frames in bytes by function, and who calls whom."""

    frames: Mapping[str, int]
    dynamic: frozenset[str]
    calls: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class _Search:
    """The state of one depth-first walk."""

    graph: CallGraph
    depth: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    assumed: set[str] = field(default_factory=set)


class _UnboundedError(Exception):
    """There is no bound; the message is the reason, `path` leads there."""

    def __init__(self, reason: str, path: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.path = path


def stack_usage(
    sources: Sequence[Path],
    entry: str,
    folder: Path,
    *,
    target: Target | None = None,
    cc: str = "gcc",
    cflags: Sequence[str] = (),
    include: Sequence[Path] = (),
    own_flags: Mapping[Path, Sequence[str]] = NO_OWN_FLAGS,
    others: Sequence[str] = (),
    pointed: Mapping[str, Sequence[str]] = NONE_POINTED,
) -> StackUsage:
    """Worst-case stack of `entry`, or of one of `others` if that needs more.

    Objects are written to `folder`; `own_flags` are what some files are compiled with besides,
    `pointed` has by caller the functions that its calls through pointers reach.
    Interrupts and the caller's frame are not included.

    Raises:
        ToolError: no compiler, or it failed.
    """
    flags = [*(target.cflags if target else ()), *cflags, *(f"-I{path}" for path in include)]
    compiler = str(find_compiler(target.cc if target else cc))
    if "clang" in Path(compiler).resolve().name:
        return StackUsage(None, (entry,), "clang writes no call graph; gcc does")
    texts, pushed = [], dict[str, int]()
    for index, source in enumerate(sources):
        out = folder / f"{index}_{source.stem}.o"
        command = [
            compiler,
            *flags,
            *own_flags.get(source, ()),
            "-fcallgraph-info=su",
            "-save-temps=obj",
        ]
        command += ["-c", str(source), "-o", str(out)]
        checked(run_tool(command, timeout=COMPILE_SECONDS))
        texts.append(out.with_suffix(".ci").read_text(encoding="utf-8", errors="replace"))
        pushed |= pushed_bytes(out.with_suffix(".s").read_text(encoding="utf-8", errors="replace"))
    graph = resolved(read_call_graph(texts, pushed), pointed)
    found = [worst_case(graph, name) for name in (entry, *others)]
    return max(found, key=lambda usage: inf if usage.bytes is None else usage.bytes)


def pushed_bytes(text: str) -> dict[str, int]:
    """By function of a .s file, the most that one piece of its inline assembly pushes."""
    most: dict[str, int] = {}
    function, inside, pushed = "", False, 0
    for line in text.splitlines() if STACK in text else ():
        if label := LABEL.match(line):
            function = label[1].split(".")[0]
        elif mark := ASSEMBLY.match(line):
            inside, pushed = mark[1] == "1", 0
        elif inside:
            pushed += sum(int(size) for size in PUSH.findall(line))
        if pushed:
            most[function] = max(most.get(function, 0), pushed)
    return most


def read_call_graph(texts: Sequence[str], pushed: Mapping[str, int] = {}) -> CallGraph:
    """Join the .ci files of a program; static functions keep the file in their names.

    `pushed` has bytes by function that are no part of its frame.
    """
    frames: dict[str, int] = {}
    dynamic: set[str] = set()
    calls: dict[str, set[str]] = {}
    for text in texts:
        for title, label in NODE.findall(text):
            found = FRAME.search(label)
            if found is None:
                continue
            frames[title] = int(found[1]) + pushed.get(title.split(":")[-1].split(".")[0], 0)
            if "dynamic" in found[2] and "bounded" not in found[2]:
                dynamic.add(title)
        for caller, callee in EDGE.findall(text):
            calls.setdefault(caller, set()).add(callee)
    return CallGraph(frames, frozenset(dynamic), {k: frozenset(v) for k, v in calls.items()})


def resolved(graph: CallGraph, pointed: Mapping[str, Sequence[str]]) -> CallGraph:
    """The graph with calls through pointers as calls of what `pointed` has for their caller."""
    titles = {title.split(":")[-1]: title for title in graph.frames}
    calls = dict(graph.calls)
    for caller, callees in pointed.items():
        known = calls.get(titles.get(caller, caller), frozenset())
        if INDIRECT in known:
            reached = {titles.get(callee, callee) for callee in callees}
            calls[titles.get(caller, caller)] = (known - {INDIRECT}) | reached
    return replace(graph, calls=calls)


def worst_case(graph: CallGraph, entry: str) -> StackUsage:
    """The most expensive path from `entry`, a function's name without its file."""
    start = next((name for name in graph.frames if name.split(":")[-1] == entry), None)
    if start is None:
        return StackUsage(None, (entry,), f"no function {entry!r} was compiled")
    search = _Search(graph)
    try:
        total, path = _deepest(search, start, ())
    except _UnboundedError as unbounded:
        return StackUsage(None, unbounded.path, str(unbounded))
    return StackUsage(total, path, assumed=tuple(sorted(search.assumed)))


def _deepest(search: _Search, name: str, above: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """Bytes from `name` downward, and the path that needs them."""
    if name in search.depth:
        return search.depth[name]
    path = (*above, name)
    if name in above:
        raise _UnboundedError(f"{name} calls itself", path)
    if name not in search.graph.frames:
        return _external(search, name, path)
    if name in search.graph.dynamic:
        raise _UnboundedError(f"{name} has a frame of variable size", path)
    below = [_deepest(search, callee, path) for callee in sorted(search.graph.calls.get(name, ()))]
    most, tail = max(below, default=(0, ()))
    search.depth[name] = (search.graph.frames[name] + most, (name, *tail))
    return search.depth[name]


def _external(search: _Search, name: str, path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """A function that no .ci file describes."""
    if name == INDIRECT:
        raise _UnboundedError(f"{path[-2]} calls through a pointer", path)
    if not LIBRARY_LEAVES.fullmatch(name):
        raise _UnboundedError(f"{name} is not among the compiled sources", path)
    search.assumed.add(name)
    return ASSUMED_LEAF_BYTES, (name,)
