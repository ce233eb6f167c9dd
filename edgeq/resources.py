"""Where kernels/, templates/ and targets/ are: in a checkout or in an installed wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from edgeq.errors import ToolError

FOLDERS = ("kernels", "templates", "targets")


@cache
def data_root() -> Path:
    """The folder that holds kernels/, templates/ and targets/.

    Raises:
        ToolError: neither the wheel's data folder nor a checkout has all three.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_data", package.parent):
        if all((root / folder).is_dir() for folder in FOLDERS):
            return root
    raise ToolError(
        "edgeq's own data folders are missing",
        why=f"looked for {', '.join(FOLDERS)} in {package / '_data'} and beside the package",
        fix="install edgeq again: pip install --force-reinstall edgeq",
    )
