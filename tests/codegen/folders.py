"""What tests of written folders share: small projects, and what a folder holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeq.codegen.folder import MANIFEST, write_folder
from edgeq.errors import OutputError

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
