"""Where kernels/, templates/ and targets/ are: in a checkout or in an installed wheel."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path

from edgeq.errors import ToolError

FOLDERS = ("kernels", "templates", "targets")
CACHE_VARIABLE = "EDGEQ_CACHE"


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


def cache_folder() -> Path:
    """Where edgeq keeps what it measured for this user; it need not exist.

    The environment's EDGEQ_CACHE, else `edgeq` in the system's place for such files.
    """
    if given := os.environ.get(CACHE_VARIABLE):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "edgeq"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "edgeq"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeq"
