"""On a Cortex-M4 a model costs less than with TensorFlow Lite Micro, in counts and in bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.cortex_m import baselines, measure
from edgeq.targets import load_target
from tests.tools import need_target

MODELS = (
    "mlperf_tiny_kws_int8", "mlperf_tiny_ic_int8", "mlperf_tiny_vww_int8", "mlperf_tiny_ad_int8",
    "mlperf_tiny_sww_int8", "tflm_person_detect_int8", "tflm_micro_speech_int8",
    "tflm_hello_world_int8",
)  # fmt: skip


def test_every_recorded_model_is_measured(shared_file: Callable[[str], Path]) -> None:
    shared_file("baselines/cortex_m.json")
    assert set(baselines()) == set(MODELS)


@pytest.mark.parametrize("stem", MODELS)
def test_model_needs_less_than_tflm(stem: str, shared_file: Callable[[str], Path]) -> None:
    need_target(load_target("cortex-m4"))
    shared_file("baselines/cortex_m.json")
    row = measure(stem)
    assert row.tflm_instructions is not None
    assert row.tflm_flash_bytes is not None
    assert 0 < row.instructions <= row.tflm_instructions
    assert 0 < row.arena_bytes < row.tflm_arena_bytes
    assert 0 < row.flash_bytes < row.tflm_flash_bytes
    assert 0 < row.stack_bytes < row.tflm_stack_bytes
