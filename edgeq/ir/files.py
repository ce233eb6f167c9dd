"""Writes one file: complete under its name, or not there at all."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from errno import EEXIST
from pathlib import Path

from edgeq.errors import OutputError


def write_file(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then move it there; what stood there before is replaced.

    Raises:
        OutputError: it cannot be written, or `path` is no file; nothing has changed then.
    """
    try:
        _replace(Path(os.path.realpath(path)), data)  # a link stays a link
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(
            "cannot be written", where=str(path), why=why,
            fix="choose another place, or free some space there",
        ) from None  # fmt: skip


def check_place(path: Path) -> None:
    """Say now what `write_file` would say after minutes of work.

    Raises:
        OutputError: `path` is a folder, or its folder does not exist or cannot be written.
    """
    folder, why = path.parent, ""
    if path.is_dir():
        why = "it is a folder"
    elif not folder.is_dir():
        why = "its folder does not exist"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        why = "there is no permission to write there"
    if why:
        raise OutputError("cannot be written", where=str(path), why=why,
                          fix="give the path of a file to write")  # fmt: skip


def _replace(place: Path, data: bytes) -> None:
    if place.exists() and not place.is_file():
        raise FileExistsError(EEXIST, "it is no file that could be replaced")
    stage = place.with_name(f".{place.name[:64]}.{secrets.token_hex(4)}")
    try:
        stage.write_bytes(data)
        stage.replace(place)
    except BaseException:
        with suppress(OSError):  # a place that cannot be reached holds nothing
            stage.unlink(missing_ok=True)
        raise
