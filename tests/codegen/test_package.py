"""Writing a project: all or nothing, and never over what somebody else made."""

from __future__ import annotations

import errno
import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

from edgeq.codegen import emit
from edgeq.codegen.folder import MANIFEST, is_safe, write_folder
from edgeq.codegen.package import Package
from edgeq.errors import OutputError
from tests.codegen.project import plan_of
from tests.graphs import dense, tiny

FILES = {
    "a.c": "int a;\n",
    "kernels/k.c": "int k;\n",
    MANIFEST: json.dumps({"edgeq": "0", "files": {"a.c": "", "kernels/k.c": ""}}),
}
FEWER = {"a.c": "int b;\n", MANIFEST: json.dumps({"edgeq": "0", "files": {"a.c": ""}})}


def content(folder: Path) -> dict[str, str]:
    """Every file below `folder`, links not followed."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(folder: Path, files: dict[str, str] = FILES) -> str:
    """The message when `folder` is refused; nothing in it or beside it may change."""
    before = content(folder.parent)
    with pytest.raises(OutputError) as caught:
        write_folder(folder, files)
    assert content(folder.parent) == before
    assert caught.value.exit_code == 2
    return caught.value.text()


def test_a_package_is_written_as_it_is(tmp_path: Path) -> None:
    plan = plan_of(dense())
    files = emit(plan)
    package = Package.of_plan(plan, files)
    package.write(tmp_path / "out")
    assert content(tmp_path / "out") == files
    assert package.name == "dense"
    assert (package.arena_bytes, package.arena_lower_bound) == (128, 128)
    assert package.constant_bytes == plan.constant_bytes > 8 * 16
    assert package.scratch_bytes == 0
    assert (package.target, package.profile) == ("x86-64", "tflm")


def test_folders_above_are_made(tmp_path: Path) -> None:
    write_folder(tmp_path / "a" / "b" / "out", FILES)
    assert content(tmp_path / "a" / "b" / "out") == FILES
    assert names(tmp_path / "a" / "b") == ["out"]


def test_text_is_utf8_and_line_ends_stay(tmp_path: Path) -> None:
    text = "é\n\r\n"
    write_folder(tmp_path / "out", {**FILES, "t": text})
    assert (tmp_path / "out" / "t").read_bytes() == text.encode()


def test_files_are_readable_as_the_umask_says(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", FILES)
    old = os.umask(0)
    os.umask(old)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~old
    assert (tmp_path / "out" / "a.c").stat().st_mode & 0o777 == 0o666 & ~old


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", FILES)
    assert content(tmp_path / "out") == FILES


def test_an_earlier_output_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES)
    write_folder(out, FEWER)
    assert content(out) == FEWER
    assert not (out / "kernels").exists()
    write_folder(out, FILES)
    assert content(out) == FILES
    assert names(out) == ["a.c", "kernels", MANIFEST]


def test_a_package_replaces_another_model(tmp_path: Path) -> None:
    for graph in (dense(), tiny()):
        plan = plan_of(graph)
        Package.of_plan(plan, emit(plan)).write(tmp_path / "out")
    assert content(tmp_path / "out") == emit(plan)


def test_what_the_user_put_beside_it_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FILES)
    (out / "main.c").write_text("mine", encoding="ascii")
    (out / "kernels" / "mine.c").write_text("mine", encoding="ascii")
    (out / "build").mkdir()
    write_folder(out, FEWER)
    assert content(out) == {**FEWER, "main.c": "mine", "kernels/mine.c": "mine"}
    assert (out / "build").is_dir()


def test_a_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in ("notes.txt", "b", "c", "d"):
        (out / name).write_text("mine", encoding="ascii")
    message = refused(out)
    assert "holds something that edgeq did not make" in message
    assert "found b, c, d and 1 more" in message
    assert "choose another folder" in message


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"files": {}}', '{"edgeq": "1"}', '{"edgeq": "1", "files": []}',
     "\udcff", "[" * 100_000, "nonsense"],
    ids=range(10),
)  # fmt: skip
def test_another_manifest_does_not_make_it_ours(text: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(OutputError, match="did not make"):
        write_folder(out, FILES)
    assert names(out) == [MANIFEST]


def test_a_manifest_that_is_a_link_does_not_make_it_ours(tmp_path: Path) -> None:
    write_folder(tmp_path / "real", FILES)
    out = tmp_path / "out"
    out.mkdir()
    (out / MANIFEST).symlink_to(tmp_path / "real" / MANIFEST)
    assert "did not make" in refused(out)


def test_a_file_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="ascii")
    assert "is a file, not a folder" in refused(tmp_path / "out")


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_refused_and_its_target_named(exists: bool, tmp_path: Path) -> None:
    if exists:
        write_folder(tmp_path / "real", FILES)
    (tmp_path / "out").symlink_to(tmp_path / "real")
    message = refused(tmp_path / "out", FEWER)
    assert "is a symbolic link" in message
    assert str(tmp_path / "real") in message
    assert (tmp_path / "out").is_symlink()


def test_a_file_of_the_user_is_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_folder(out, FEWER)
    (out / "kernels").mkdir()
    (out / "kernels" / "k.c").write_text("mine", encoding="ascii")
    message = refused(out)
    assert "has something of yours" in message
    assert "kernels/k.c" in message


@pytest.mark.parametrize("kind", ["folder", "link", "file"])
def test_something_else_in_a_files_place_is_refused(kind: str, tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    write_folder(out, FILES)
    elsewhere.mkdir()
    place = out / "a.c" if kind == "folder" else out / "kernels"
    place.unlink() if kind == "folder" else (out / "kernels" / "k.c").unlink()
    if kind == "folder":
        place.mkdir()
    else:
        place.rmdir()
        place.symlink_to(elsewhere) if kind == "link" else place.write_text("mine")
    assert "has something of yours" in refused(out)
    assert names(elsewhere) == []


def test_a_forged_manifest_leads_nowhere_outside(tmp_path: Path) -> None:
    out, victim, elsewhere = tmp_path / "out", tmp_path / "victim", tmp_path / "elsewhere"
    write_folder(out, FEWER)
    victim.write_text("mine", encoding="ascii")
    elsewhere.mkdir()
    (elsewhere / "x").write_text("mine", encoding="ascii")
    (out / "link").symlink_to(elsewhere)
    (out / "folder").mkdir()
    listed = ["../victim", str(victim), "link/x", "folder", "./a", "..", "", "gone", "a\0b"]
    record = {"edgeq": "0", "files": dict.fromkeys(listed, "")}
    (out / MANIFEST).write_text(json.dumps(record), encoding="ascii")
    (out / "a.c").unlink()
    write_folder(out, FEWER)
    assert victim.read_text(encoding="ascii") == "mine"
    assert (elsewhere / "x").read_text(encoding="ascii") == "mine"
    assert (out / "link").is_symlink()
    assert (out / "folder").is_dir()


@pytest.mark.parametrize(
    "path",
    ["../a", "/a", "a/../../b", "a//b", "", ".", "a/.", "a\\b", "c:a", "a\0b", "a/"],
)
def test_paths_that_leave_the_folder_are_refused(path: str, tmp_path: Path) -> None:
    assert not is_safe(path)
    with pytest.raises(OutputError, match="is not a path inside a folder"):
        write_folder(tmp_path / "out", {**FILES, path: "x"})
    assert names(tmp_path) == []


@pytest.mark.parametrize("path", ["a", "a/b.c", ".clang-format", "a..b/c"])
def test_plain_paths_are_taken(path: str) -> None:
    assert is_safe(path)


def test_a_name_with_nul_or_too_long_is_refused(tmp_path: Path) -> None:
    for name in ("a\0b", "x" * 300):
        with pytest.raises(OutputError, match="cannot be written"):
            write_folder(tmp_path / name, FILES)
    assert names(tmp_path) == []


class Failing:
    """Path.rename, which fails at the n-th call."""

    def __init__(self, after: int) -> None:
        self.after, self.real = after, Path.rename

    def __call__(self, source: Path, target: Path) -> Path:
        self.after -= 1
        if self.after == 0:
            raise OSError(errno.EIO, "Input/output error")
        return self.real(source, target)


@pytest.mark.parametrize("after", range(1, 7))
def test_a_failure_while_replacing_puts_everything_back(
    after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    write_folder(out, {**FEWER, "stale.c": "x", MANIFEST: json.dumps(
        {"edgeq": "0", "files": {"a.c": "", "stale.c": ""}})})  # fmt: skip
    before = content(out)
    failing = Failing(after)
    monkeypatch.setattr(Path, "rename", lambda self, target: failing(self, target))
    with pytest.raises(OutputError, match="Input/output error"):
        write_folder(out, FILES)
    assert content(out) == before
    assert names(out) == ["a.c", MANIFEST, "stale.c"]


def failing_with(number: int) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return fail


def test_a_failure_while_creating_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "rename", failing_with(errno.EIO))
    with pytest.raises(OutputError, match="Input/output error"):
        write_folder(tmp_path / "a" / "b" / "out", FILES)
    assert names(tmp_path) == []


def mounted(folder: Path, options: str) -> bool:
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class Disk:
    """A place where 64 KB do not fit, and what the system says then."""

    folder: Path
    message: str


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Disk]:
    """A small file system; where mounting is not allowed, a limit on the size of files."""
    folder = tmp_path / "disk"
    if mounted(folder, "size=64k"):
        yield Disk(folder, os.strerror(errno.ENOSPC))
        subprocess.run(["umount", str(folder)], check=True)
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    yield Disk(folder, os.strerror(errno.EFBIG))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


BIG = {**FILES, "weights.c": "0, " * 40_000}


@pytest.mark.parametrize("place", ["", "out", "a/out"])
def test_a_full_disk_changes_nothing(small_disk: Disk, place: str) -> None:
    folder = small_disk.folder
    with pytest.raises(OutputError) as caught:
        write_folder(folder / place, BIG)
    assert small_disk.message in caught.value.text()
    assert caught.value.exit_code == 2
    assert names(folder) == []
    write_folder(folder / place, FILES)
    assert content(folder / place) == FILES


def test_a_full_disk_keeps_an_earlier_output(small_disk: Disk) -> None:
    out = small_disk.folder / "out"
    write_folder(out, FILES)
    with pytest.raises(OutputError, match=small_disk.message):
        write_folder(out, BIG)
    assert content(out) == FILES
    assert names(out) == ["a.c", "kernels", MANIFEST]


@contextmanager
def read_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be written in `folder`: by its mode, for root by its mount or by force."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        yield
        folder.chmod(0o755)
    elif subprocess.run(
        ["mount", "-o", "remount,ro", str(folder)], capture_output=True, check=False
    ).returncode:
        monkeypatch.setattr(Path, "mkdir", failing_with(errno.EROFS))
        yield
    else:
        yield
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("ours", [True, False])
def test_a_read_only_folder_is_refused(
    ours: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "disk"
    mounted(folder, "size=64k")
    if ours:
        write_folder(folder, FILES)
    with read_only(folder, monkeypatch):
        message = refused(folder if ours else folder / "out", FEWER)
    assert "Read-only file system" in message or "Permission denied" in message
