"""The session's store of objects gives what the compiler would, and notices every change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeq.build.cc import ToolRun, run_tool
from tests.objects import Objects
from tests.tools import need_tool

MAIN = '#include "value.h"\nint main(void)\n{\n    return VALUE + more();\n}\n'
MORE = "int more(void);\nint more(void)\n{\n    return 1;\n}\n"


class Counted:
    """`run_tool` that keeps the commands."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, ...]] = []

    def __call__(self, command: object, *, timeout: float, cwd: Path | None = None) -> ToolRun:
        assert isinstance(command, list | tuple)
        self.commands.append(tuple(map(str, command)))
        return run_tool(command, timeout=timeout, cwd=cwd)


@pytest.fixture
def counted() -> Counted:
    need_tool("gcc")
    return Counted()


@pytest.fixture
def objects(counted: Counted, tmp_path: Path) -> Objects:
    (tmp_path / "objects").mkdir()
    return Objects(tmp_path / "objects", counted)


def project(folder: Path, value: int = 4, main: str = MAIN) -> list[str]:
    """A program of two files and a header: the command that builds it."""
    (folder / "include").mkdir(parents=True, exist_ok=True)
    header = f"#define VALUE {value}\nint more(void);\n"
    texts = {"main.c": main, "more.c": MORE, "include/value.h": header}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="ascii")
    return ["gcc", "-Wall", f"-I{folder / 'include'}", "-o", str(folder / "program"),
            str(folder / "main.c"), str(folder / "more.c"), "-lm"]  # fmt: skip


def compiled(counted: Counted) -> int:
    return sum("-c" in command for command in counted.commands)


def exit_code(folder: Path) -> int:
    return subprocess.run([folder / "program"], check=False).returncode


def test_an_equal_file_elsewhere_is_compiled_once(
    objects: Objects, counted: Counted, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        done = objects.run_tool(project(tmp_path / name), timeout=60)
        assert (done.exit_code, done.stderr) == (0, "")
        assert exit_code(tmp_path / name) == 5
    assert compiled(counted) == 2
    assert len(counted.commands) == 4


def test_a_changed_header_or_option_is_noticed(
    objects: Objects, counted: Counted, tmp_path: Path
) -> None:
    objects.run_tool(project(tmp_path), timeout=60)
    objects.run_tool(project(tmp_path, value=7), timeout=60)
    assert exit_code(tmp_path) == 8
    assert compiled(counted) == 3
    objects.run_tool([*project(tmp_path), "-O1"], timeout=60)
    assert compiled(counted) == 5


@pytest.mark.parametrize("body", ["int unused;", "return missing;"])
def test_warnings_and_errors_are_the_compilers_own_each_time(
    objects: Objects, tmp_path: Path, body: str
) -> None:
    command = project(tmp_path, main=f"int main(void)\n{{\n    {body}\n}}\n")
    alone = run_tool(command, timeout=60)
    assert alone.stderr
    for _ in range(2):
        done = objects.run_tool(command, timeout=60)
        assert done.command == alone.command
        assert done.exit_code == alone.exit_code
        assert ("unused" in done.stderr) == ("unused" in body)
        assert ("missing" in done.stderr) == ("missing" in body)


def test_what_is_written_beside_an_object_is_there(
    objects: Objects, counted: Counted, tmp_path: Path
) -> None:
    project(tmp_path)
    for name in ("x.o", "y.o"):
        command = ["gcc", "-fcallgraph-info=su", "-save-temps=obj", "-c", str(tmp_path / "more.c"),
                   "-o", str(tmp_path / name)]  # fmt: skip
        assert objects.run_tool(command, timeout=60).exit_code == 0
    plain = ["gcc", "-c", str(tmp_path / "more.c"), "-o", str(tmp_path / "z.o")]
    assert objects.run_tool(plain, timeout=60).exit_code == 0
    assert (tmp_path / "z.o").read_bytes() == (tmp_path / "x.o").read_bytes()
    assert compiled(counted) == 1
    for suffix in (".o", ".ci", ".s"):
        first, second = (tmp_path / f"{name}{suffix}" for name in "xy")
        assert first.read_bytes() == second.read_bytes()


def test_other_commands_run_as_they_are(objects: Objects, counted: Counted, tmp_path: Path) -> None:
    words = project(tmp_path)
    for command in (["gcc", "--version"], [*words, "-g"]):
        assert objects.run_tool(command, timeout=60).exit_code == 0
        assert counted.commands[-1] == tuple(command)
