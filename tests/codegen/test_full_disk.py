"""What is written when writing fails: nothing, and an earlier output stays as it was."""

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

from edgeq.codegen.folder import MANIFEST, write_folder
from edgeq.errors import OutputError
from tests.codegen.folders import FEWER, FILES, content, names, refused


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
