"""`python -m tests.with_objects WORDS...`: the command `edgeq` in a process of its own.

It compiles as the tests do, each file once in their session, see `objects.py`; a session puts
the folder of the objects into its environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from edgeq.build.cc import run_tool
from tests.objects import Objects

FOLDER = "EDGEQ_TEST_OBJECTS"
COMPILING = ("edgeq.build.cc", "edgeq.build.stack", "edgeq.verify.bochs")


@contextmanager
def shared_objects(folder: Path) -> Iterator[None]:
    """What edgeq compiles meanwhile, here and in processes of this module, is in `folder`."""
    objects = Objects(folder, run_tool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, str(folder))
        for user in COMPILING:
            patch.setattr(import_module(user), "run_tool", objects.run_tool)
        yield


def main() -> int:
    with shared_objects(Path(os.environ[FOLDER])):
        return import_module("edgeq.cli").main()  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main())
