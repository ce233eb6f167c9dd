"""What is imported when: `import edgeq` needs numpy alone, and help needs not even that."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LIMIT_SECONDS = 0.4
TRIALS = 5  # the best of them counts: other work on the machine only ever adds

HEAVY = ("cffi", "jinja2", "tflite", "flatbuffers", "typer", "rich", "ai_edge_litert", "torch")


def loaded_by(code: str) -> set[str]:
    """Top-level modules after `code` ran in a fresh interpreter."""
    names = "{m.split('.')[0] for m in sys.modules}"
    script = f"import sys\n{code}\nprint(*{names}, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


def test_import_edgeq_needs_numpy_alone() -> None:
    assert loaded_by("import edgeq").isdisjoint(HEAVY)


def test_import_edgeq_is_quick() -> None:
    bare, whole = (
        min(seconds([sys.executable, "-c", code]) for _ in range(TRIALS))
        for code in ("pass", "import edgeq")
    )
    assert whole - bare < LIMIT_SECONDS


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)
    return time.perf_counter() - start


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["analyze", "--help"]])
def test_help_and_version_load_no_stage(words: list[str]) -> None:
    found = loaded_by(f"from edgeq.cli import main\nassert main({words!r}) == 0")
    assert found.isdisjoint({"numpy", "cffi", "jinja2", "tflite", "flatbuffers"})


def test_listing_targets_loads_no_schema() -> None:
    found = loaded_by("from edgeq.cli import main\nassert main(['targets', '--json']) == 0")
    assert found.isdisjoint({"cffi", "jinja2", "tflite", "flatbuffers", "onnx"})


@pytest.mark.parametrize(
    "name",
    ["load", "analyze", "quantize", "compile", "build", "verify", "evaluate", "from_torch"],
)
def test_public_functions_are_there_when_asked_for(name: str) -> None:
    import edgeq

    assert callable(getattr(edgeq, name))
    assert name in dir(edgeq)


def test_unknown_attributes_are_none() -> None:
    import edgeq

    with pytest.raises(AttributeError, match="nonsense"):
        _ = edgeq.nonsense
