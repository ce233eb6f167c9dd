"""Tests that need a compiler or an emulator: skipped without it, but failed in CI."""

from __future__ import annotations

import os
import shutil

import pytest

from edgeq.build.cc import find_compiler
from edgeq.errors import ToolError
from edgeq.targets import Target

C_WARNINGS = (
    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wmissing-prototypes",
    "-Werror",
)  # fmt: skip


def need_tool(name: str) -> None:
    """Stop the test when the program `name` is not installed."""
    if shutil.which(name) is None:
        _lacks(f"{name} is not installed")


def need_target(target: Target) -> None:
    """Stop the test when programs of `target` cannot be built or run here."""
    try:
        find_compiler(target.cc)
    except ToolError as error:
        _lacks(error.text())
    for name in target.firmware.emulator[:1] if target.firmware else ():
        need_tool(name)


def _lacks(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"CI lacks a tool: {what}", pytrace=False)
    pytest.skip(what)
