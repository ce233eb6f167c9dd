"""Compiles a C file once in a test session, however many builds contain it.

Networks share kernels, and a network is built for several tests: what makes a build's objects is
remembered by content (the file, all it includes, compiler and options) in a folder that the
session's worker processes share.  Only silent successes are; a command that fails or warns runs
as it was given, so messages are the compiler's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Protocol

from edgeq.build.cc import ToolRun
from tests.precompiled import HEADERS, precompiled

COMPILER = re.compile(r"(gcc|cc|clang)(-\d+)?$")
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>|(.))', re.MULTILINE)
UNKNOWN = re.compile(r"-(E|S|M|x|include|isystem|iquote|flto|g|fdump|fplugin|fprofile|ftime)")
OBJECT = "unit.o"
LINKED = ("-Wl,", "-l")
INPUTS = (".o", ".S", ".a", ".so")
BESIDE = (".ci", ".s")  # what GRAPH asks for beside an object
GRAPH = ("-fcallgraph-info=su", "-save-temps=obj")  # which change no object


class Run(Protocol):
    """The type of `edgeq.build.cc.run_tool`."""

    def __call__(
        self, command: Sequence[str], *, timeout: float, cwd: Path | None = None
    ) -> ToolRun: ...


@dataclass(frozen=True, slots=True)
class Command:
    """A compiler's command, its words told apart.

    words     all, as given
    sources   C files, by position in `words`
    out       what it writes, and its position
    links     whether it does more than compile one file
    """

    words: tuple[str, ...]
    sources: dict[int, Path]
    out: Path
    out_at: int
    links: bool

    def flags(self) -> list[str]:
        """What matters to the compilation of a file, but for the folders of headers."""
        skipped = {0, self.out_at, self.out_at - 1, *self.sources}
        skipped |= {i for pair in self._scripts() for i in pair}
        words = [word for i, word in enumerate(self.words) if i not in skipped and word != "-c"]
        return [w for w in words if not w.startswith(LINKED) and not w.endswith(INPUTS)]

    def _scripts(self) -> Iterator[tuple[int, int]]:
        """Positions of -T and the linker script after it."""
        return ((i, j) for i, j in pairwise(range(len(self.words))) if self.words[i] == "-T")


def read_command(words: Sequence[str], base: Path) -> Command | None:
    """The command, or None for one that is left alone."""
    if not COMPILER.search(Path(words[0]).name) or any(map(UNKNOWN.match, words)):
        return None
    if words.count("-o") != 1 or words[-1] == "-o":
        return None
    at = words.index("-o") + 1
    sources = {
        i: base / w for i, w in enumerate(words)
        if w.endswith(".c") and not w.startswith("-") and i != at
    }  # fmt: skip
    if not sources or ("-c" in words and len(sources) != 1):
        return None
    return Command(tuple(words), sources, base / words[at], at, "-c" not in words)


@dataclass(frozen=True, slots=True)
class Objects:
    """Runs commands as `run` does, objects taken from `folder` where they are there."""

    folder: Path
    run: Run

    def run_tool(
        self, command: Sequence[str], *, timeout: float, cwd: Path | None = None
    ) -> ToolRun:
        """In the place of `edgeq.build.cc.run_tool`."""
        words = tuple(map(str, command))
        found = read_command(words, cwd or Path.cwd())
        made = None if found is None else self._made(found, timeout, cwd)
        return made or self.run(command, timeout=timeout, cwd=cwd)

    def _made(self, command: Command, timeout: float, cwd: Path | None) -> ToolRun | None:
        """What a command did whose files compile without a word, else None."""
        places: dict[int, Path] = {}
        for at, source in command.sources.items():
            place = self._object(command, source, timeout, cwd)
            if place is None:
                return None
            places[at] = place
        if command.links:
            words = list(command.words)
            for at, place in places.items():
                words[at] = str(place / OBJECT)
            return self.run(words, timeout=timeout, cwd=cwd)
        for path in (path for place in places.values() for path in place.iterdir()):
            shutil.copyfile(path, command.out.with_suffix(path.suffix))
        return ToolRun(command.words, 0, "", "")

    def _object(
        self, command: Command, source: Path, timeout: float, cwd: Path | None
    ) -> Path | None:
        """The folder of the object of one of the files, and of what was written beside it."""
        flags = command.flags()
        key = key_of(command.words[0], source, flags, cwd or Path.cwd())
        if key is None:
            return None
        place, with_graph = self.folder / key, self.folder / f"{key}-graph"
        if with_graph.exists() or set(GRAPH) <= set(flags):
            place = with_graph
        if not place.exists():
            partial = self.folder / f"{place.name}-{os.getpid()}"
            partial.mkdir()
            words = [command.words[0], *flags, *self._headers(command, source, timeout, cwd),
                     "-c", str(source), "-o", str(partial / OBJECT)]  # fmt: skip
            done = self.run(words, timeout=timeout, cwd=cwd)
            if done.exit_code or done.stdout or done.stderr:
                shutil.rmtree(partial)
                return None
            keep(partial, place)
        return place

    def _headers(
        self, command: Command, source: Path, timeout: float, cwd: Path | None
    ) -> list[str]:
        """Options that give a kernel's file its header of intrinsics precompiled."""
        flags = command.flags()
        parts = content(source, folders_of(flags, cwd or Path.cwd()), set()) or []
        found = next((h for h in HEADERS if f"{h}.h-".encode() in parts), "")
        if not found or source.parent.name != "kernels":
            return []
        plain = [f for f in flags if not f.startswith("-I") and f not in GRAPH]

        def run(words: list[str]) -> bool:
            done = self.run(words, timeout=timeout, cwd=cwd)
            return not (done.exit_code or done.stdout or done.stderr)

        return precompiled([command.words[0], *plain], found, self.folder, run)


def keep(partial: Path, place: Path) -> None:
    """Move a finished folder to its place, unless another worker was quicker."""
    for path in partial.iterdir():
        if path.suffix not in {".o", *BESIDE}:
            path.unlink()
    try:
        partial.rename(place)
    except OSError:
        shutil.rmtree(partial)


def key_of(compiler: str, source: Path, flags: Sequence[str], base: Path) -> str | None:
    """What names the object of a file; None where its text alone does not tell what it includes."""
    parts = content(source, folders_of(flags, base), set())
    if parts is None:
        return None
    graph = GRAPH if set(GRAPH) <= set(flags) else ()
    said = [compiler, *(f for f in flags if not f.startswith("-I") and f not in graph)]
    whole = hashlib.sha256("\0".join(said).encode())
    for part in parts:
        whole.update(b"\0" + part)
    return whole.hexdigest()[:32]


def folders_of(flags: Sequence[str], base: Path) -> list[Path]:
    """Where a compiler looks for headers."""
    return [base / flag[2:] for flag in flags if flag.startswith("-I")]


def content(path: Path, folders: Sequence[Path], seen: set[Path]) -> list[bytes] | None:
    """Names and digests of a file and all that it includes of the folders."""
    seen.add(path)
    status = path.stat()
    digest, included = read(path, status.st_mtime_ns, status.st_size, status.st_ino)
    parts = [digest]
    for quoted, angled, other in included:
        if other:
            return None
        name = (quoted or angled).decode()
        near = [path.parent] if quoted else []
        found = next((p for f in (*near, *folders) if (p := f / name).is_file()), None)
        parts.append(name.encode() + (b"+" if found else b"-"))
        if found is not None and found not in seen:
            inner = content(found, folders, seen)
            if inner is None:
                return None
            parts += inner
    return parts


@cache
def read(
    path: Path, changed: int, size: int, number: int
) -> tuple[bytes, list[tuple[bytes, bytes, bytes]]]:
    """Digest and include directives of a file, which is read once until it changes."""
    del changed, size, number
    data = path.read_bytes()
    return hashlib.sha256(data).digest(), INCLUDE.findall(data)
