"""Writes files into a folder: all or nothing, and never over what somebody else made.

Everything is first written beside its place, on the same file system, so that a full disk
shows before anything changes; then it is moved, and moved back when that fails.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from edgeq.errors import OutputError

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 24
SHOWN = 3


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files`, path -> text, and remove what an earlier manifest lists beyond them.

    Args:
        folder: does not exist, is empty, or holds a manifest of edgeq.
        files: relative paths with `/`; one of them is the manifest.

    Raises:
        OutputError: a senseless path, a folder that holds something else, or one that
            cannot be written; nothing has changed then.
    """
    for path in files:
        if not is_safe(path):
            raise OutputError(f"{path!r} is not a path inside a folder")
    try:
        if os.path.lexists(folder):
            _rewrite(folder, files, _earlier_files(folder))
        else:
            _create(folder, files)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(
            "cannot be written", where=str(folder), why=why,
            fix="free some space there, or choose another folder",
        ) from None  # fmt: skip


def is_safe(path: str) -> bool:
    """True for a relative path of plain names: no `..`, no backslash, nothing empty."""
    parts = path.split("/")
    plain = all(part not in ("", ".", "..") for part in parts)
    return plain and not set(path) & {"\\", "\0", ":"}


def _create(folder: Path, files: Mapping[str, str]) -> None:
    """A new folder: written as a sibling, then renamed."""
    missing = [p for p in folder.parents if not os.path.lexists(p)]
    stage = folder.with_name(f".{folder.name[:64]}.{secrets.token_hex(4)}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _fill(stage, files)
        stage.rename(folder)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        _remove_empty(missing)
        raise


def _rewrite(folder: Path, files: Mapping[str, str], earlier: frozenset[str]) -> None:
    """A folder that is empty or ours: written inside it, then moved file by file."""
    _check_room(folder, files, earlier)
    stage = folder / f".edgeq-{secrets.token_hex(4)}"
    moves = _Moves(folder, stage)
    try:
        _fill(stage / "new", files)
        (stage / "old").mkdir()
        for path in sorted(earlier - set(files)):
            moves.remove(path)
        for path in sorted(files, key=lambda p: (p == MANIFEST, p)):
            moves.replace(path)
    except BaseException:
        moves.undo()  # should this fail too, the stage keeps what was there
        shutil.rmtree(stage, ignore_errors=True)
        raise
    shutil.rmtree(stage, ignore_errors=True)
    _remove_empty(folder / p for p in _folders_of(earlier - set(files)))


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(parents=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode("utf-8"))


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove those that are empty, deepest first as given."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            continue


@dataclass(slots=True)
class _Moves:
    """What has been moved so far, so that it can be undone."""

    folder: Path
    stage: Path
    done: list[tuple[Path, Path | None]] = field(default_factory=list)
    made: list[Path] = field(default_factory=list)

    def remove(self, path: str) -> None:
        """Put an earlier file aside; one that is not there, or not ours to reach, is left."""
        place = self.folder / path
        if not is_safe(path) or _in_the_way(self.folder, path) or not os.path.lexists(place):
            return
        if not stat.S_ISDIR(place.lstat().st_mode):
            self._aside(place)

    def replace(self, path: str) -> None:
        """Move a new file to its place, and aside what stands there."""
        place = self.folder / path
        missing = [p for p in place.parents if not os.path.lexists(p)]
        place.parent.mkdir(parents=True, exist_ok=True)
        self.made += reversed(missing)
        if os.path.lexists(place):
            self._aside(place)
        (self.stage / "new" / path).rename(place)
        self.done.append((place, None))

    def _aside(self, place: Path) -> None:
        kept = self.stage / "old" / str(len(self.done))
        place.rename(kept)
        self.done.append((place, kept))

    def undo(self) -> None:
        """Everything back, newest move first."""
        for place, kept in reversed(self.done):
            if kept is None:
                place.unlink(missing_ok=True)
            else:
                kept.rename(place)
        _remove_empty(reversed(self.made))


def _folders_of(paths: Iterable[str]) -> list[str]:
    """The folders of these files, deepest first."""
    found = {str(parent) for p in paths if is_safe(p) for parent in PurePosixPath(p).parents}
    return sorted(found - {"."}, key=lambda p: (-p.count("/"), p))


def _earlier_files(folder: Path) -> frozenset[str]:
    """What the manifest in an existing folder lists, itself included; empty for an empty one.

    Raises:
        OutputError: it is no folder, a link, or was not made by edgeq.
    """
    if folder.is_symlink():
        raise OutputError("is a symbolic link", where=str(folder),
                          fix=f"name the folder itself: {folder.resolve()}")  # fmt: skip
    if not folder.is_dir():
        raise OutputError("is a file, not a folder", where=str(folder), fix="choose another name")
    names = sorted(os.listdir(folder))  # noqa: PTH208 (an iterator would hide a late error)
    if not names:
        return frozenset()
    listed = _read_manifest(folder / MANIFEST)
    if listed is None:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        raise OutputError(
            "holds something that edgeq did not make", where=str(folder),
            why=f"found {', '.join(names[:SHOWN])}{more}, and no {MANIFEST} of edgeq",
            fix="choose another folder, or empty this one",
        )  # fmt: skip
    return listed | {MANIFEST}


def _read_manifest(path: Path) -> frozenset[str] | None:
    """The files that a manifest of edgeq lists; None when it is none."""
    if not os.path.lexists(path) or not stat.S_ISREG(path.lstat().st_mode):
        return None
    if path.stat().st_size > LARGEST_MANIFEST:
        return None
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    files = record.get("files") if isinstance(record, dict) and "edgeq" in record else None
    return frozenset(map(str, files)) if isinstance(files, dict) else None


def _check_room(folder: Path, files: Mapping[str, str], earlier: frozenset[str]) -> None:
    """Refuse when a new file's place is taken by what edgeq did not put there."""
    taken = [p for p in files if _in_the_way(folder, p) or _foreign(folder / p, p in earlier)]
    if taken:
        more = f" and {len(taken) - SHOWN} more" if len(taken) > SHOWN else ""
        raise OutputError(
            "has something of yours where a generated file belongs", where=str(folder),
            why=f"{', '.join(taken[:SHOWN])}{more}",
            fix="move it, or choose another folder",
        )  # fmt: skip


def _foreign(place: Path, ours: bool) -> bool:
    return os.path.lexists(place) and not (ours and stat.S_ISREG(place.lstat().st_mode))


def _in_the_way(folder: Path, path: str) -> bool:
    """True when a parent of `path` inside `folder` is a link or a file: not to be followed."""
    parents = [folder / p for p in PurePosixPath(path).parents if str(p) != "."]
    return any(os.path.lexists(p) and not stat.S_ISDIR(p.lstat().st_mode) for p in parents)
