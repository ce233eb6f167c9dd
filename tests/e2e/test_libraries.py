"""Compiled models on x86 are hardly larger than their files, and allocate nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.libraries import LEVELS, measure
from edgeq.targets import load_target
from tests.tools import need_target

LARGE = "xtensa_mobilenet_v2_224_int8"
LARGEST = 1.3  # times the model's file, of models above a megabyte
ALLOWED = {"memcpy", "memmove", "memset"}


@pytest.mark.slow  # compiles a large network
@pytest.mark.parametrize("level", LEVELS)
def test_of_a_large_model(level: str, shared_file: Callable[[str], Path]) -> None:
    need_target(load_target(level))
    library = measure(shared_file(f"models/{LARGE}.tflite"), level)
    assert library.file_bytes > 1_000_000
    assert 0 < library.ratio <= LARGEST
    assert set(library.outside) <= ALLOWED
