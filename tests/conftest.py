"""What every test may ask for: random numbers, oracles, and the model collection.

The collection (trained networks with recorded outputs) is no part of this repository: the
environment variable EDGEQ_SHARED names its folder, by default `../shared` beside the
checkout.  Without it its tests are skipped and counted at the end; with it, a file that it
lacks is a failure.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from edgeq.verify.oracle import Oracle
from tests.precompiled import discard
from tests.with_objects import shared_objects

SHARED_VARIABLE = "EDGEQ_SHARED"
NAMED = os.environ.get(SHARED_VARIABLE)
SHARED = Path(NAMED) if NAMED else Path(__file__).parents[2] / "shared"

PACKAGES = {
    "tflm": ("tflite_micro", "tflite-micro"),
    "litert": ("ai_edge_litert", "ai-edge-litert"),
    "onnxruntime": ("onnxruntime", "onnxruntime"),
    "openvino": ("openvino", "openvino"),
}

# Emulators and oracles take what they take; CI repeats the same examples every time.
hypothesis.settings.register_profile(
    "edgeq",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("edgeq")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads what this machine's user measured, or leaves anything there."""
    monkeypatch.setenv("EDGEQ_CACHE", str(tmp_path / "edgeq-cache"))


@pytest.fixture(scope="session", autouse=True)
def _objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Every C file is compiled once in the session, see `tests/objects.py`."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "objects"
    folder.mkdir(exist_ok=True)
    with shared_objects(folder):
        yield
    discard(folder)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers that are the same in every run of a test, and others in another test."""
    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """`shared_file("models/NAME.tflite")` is its path in the model collection."""
    return _shared_file


def _shared_file(name: str) -> Path:
    path = SHARED / name
    if path.exists():
        return path
    if SHARED.is_dir() or NAMED:
        pytest.fail(f"the model collection at {SHARED} lacks {name}", pytrace=False)
    pytest.skip(f"needs {name} of the model collection ({SHARED_VARIABLE})")


@pytest.fixture(scope="session")
def tflm() -> Iterator[Oracle]:
    """TensorFlow Lite Micro, in one process for the whole session."""
    yield from _oracle("tflm")


@pytest.fixture(scope="session")
def litert() -> Iterator[Oracle]:
    """LiteRT's reference kernels, in one process for the whole session."""
    yield from _oracle("litert")


@pytest.fixture(scope="session")
def onnxruntime() -> Iterator[Oracle]:
    """ONNX Runtime, in one process for the whole session."""
    yield from _oracle("onnxruntime")


@pytest.fixture(scope="session")
def openvino() -> Iterator[Oracle]:
    """OpenVINO, in one process for the whole session."""
    yield from _oracle("openvino")


def _oracle(name: str) -> Iterator[Oracle]:
    module, package = PACKAGES[name]
    if find_spec(module) is None:
        pytest.skip(f"needs {package} (pip install edgeq[verify,peers])")
    with Oracle(name) as oracle:
        yield oracle


def pytest_configure() -> None:
    """Workers and oracles share the processors: each computes on one."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Neighbours stay in one worker, which has what they share; an idle one takes of the rest."""
    scheduler = import_module("xdist.scheduler").WorkStealingScheduling
    return scheduler(config, log) if config.getoption("dist") == "load" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the texts in tests/golden/"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("NAME/FILE", text)` compares with tests/golden/, or rewrites with --update-golden."""
    update = bool(request.config.getoption("--update-golden"))

    def compare(name: str, text: str) -> None:
        path = Path(__file__).parent / "golden" / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name}: see --update-golden"

    return compare


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests without the model collection would have needed."""
    reports = terminalreporter.getreports("skipped")
    lacking = [str(r.longrepr) for r in reports if SHARED_VARIABLE in str(r.longrepr)]
    if lacking:
        terminalreporter.section("model collection")
        terminalreporter.line(
            f"{len(lacking)} tests were skipped: there is no folder {SHARED}; "
            f"name it by the environment variable {SHARED_VARIABLE}"
        )
