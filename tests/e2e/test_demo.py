"""`edgeq demo` as a user runs it: a process of its own, in an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgeq.targets import load_target
from tests.tools import C_WARNINGS, need_target, need_tool

CHECKOUT = Path(__file__).parents[2]
FIGURES = ("accuracy", "flash", "arena", "latency", "instructions", "folder")
# Compiles a file once, edgeq itself as often as it builds.  A compiler of another path, as that of
# the test with gcc alone, shares nothing with this session's.
QUICKLY = "tests.with_objects"
GCC_AND_ITS_OWN = ("gcc", "as", "ld", "size", "nm", "objdump")


def run_demo(
    folder: Path, *words: str, module: str = "edgeq", **environment: str
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*environment.pop("PYTHONPATH", "").split(), str(CHECKOUT)])
    return subprocess.run(
        [sys.executable, "-m", module, "demo", *words], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": path, **environment}, check=False,
    )  # fmt: skip


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_demo_goes_the_whole_way(tmp_path: Path) -> None:
    need_target(load_target("host"))
    need_target(load_target("cortex-m4"))
    done = run_demo(tmp_path, module=QUICKLY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "left out" not in done.stdout
    assert "not measured" not in done.stdout
    table = done.stdout[done.stdout.rindex("edgeq demo") :]
    assert all(word in table for word in FIGURES)
    assert "98.00 %" in table
    assert "edgeq-demo" in table
    first = content(tmp_path / "edgeq-demo")
    assert {"digits.c", "digits.h", "digits_selftest.c", "manifest.json"} <= first.keys()
    assert run_demo(tmp_path, module=QUICKLY).returncode == 0
    assert content(tmp_path / "edgeq-demo") == first


@pytest.mark.slow
def test_demo_as_json(tmp_path: Path) -> None:
    need_target(load_target("cortex-m4"))
    done = run_demo(tmp_path, "--json", "-o", "firmware")
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"], found["notes"]) == (0, True, [])
    assert (found["target"], found["folder"], found["n"]) == ("cortex-m4", "firmware", 350)
    assert found["accuracy"] == found["accuracy_numpy"] == 343 / 350
    assert (found["verified"], found["against"]) == (True, "tflm")
    for key in ("flash_bytes", "arena_bytes", "median_us", "instructions"):
        assert found[key] > 0
    assert found["files"] == sorted(content(tmp_path / "firmware"))


@pytest.mark.slow
def test_the_folder_that_it_writes_passes_its_own_test(tmp_path: Path) -> None:
    need_tool("gcc")
    demo = run_demo(tmp_path, "--target", "host", "-o", "out")
    assert (demo.returncode, demo.stdout.count("us per inference")) == (0, 1)
    out = tmp_path / "out"
    sources = [str(p) for p in (*out.glob("*.c"), *out.glob("kernels/*.c"))]
    flags = list(load_target("host").cflags)
    command = ["gcc", *flags, *C_WARNINGS, f"-I{out}", f"-I{out / 'include'}", *sources]
    subprocess.run([*command, "-o", str(tmp_path / "test")], check=True)
    done = subprocess.run([tmp_path / "test"], capture_output=True, text=True, check=True)
    assert "PASS" in done.stdout


@pytest.fixture
def only_gcc(tmp_path: Path) -> str:
    """A PATH with this machine's compiler and nothing else."""
    need_tool("gcc")
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in GCC_AND_ITS_OWN:
        program = shutil.which(name)
        assert program is not None
        (folder / name).symlink_to(Path(program).resolve())
    return str(folder)


@pytest.fixture
def no_oracles(tmp_path: Path) -> str:
    """A PYTHONPATH on which TensorFlow Lite Micro is not installed."""
    folder = tmp_path / "shadow"
    folder.mkdir()
    text = "raise ImportError('No module named tflite_micro')\n"
    (folder / "tflite_micro.py").write_text(text, encoding="ascii")
    return str(folder)


def test_with_gcc_alone_it_says_what_is_missing(
    tmp_path: Path, only_gcc: str, no_oracles: str
) -> None:
    done = run_demo(tmp_path, module=QUICKLY, PATH=only_gcc, PYTHONPATH=no_oracles)
    assert (done.returncode, done.stderr) == (0, "")
    for sentence in (
        "verify against tflm: left out",
        "pip install edgeq[verify]",
        "verify: equal: numpy = C on host",
        "instructions on cortex-m4: left out",
        "apt-get install gcc-arm-none-eabi",
        "accuracy: 98.00 %",
        "us per inference",
    ):
        assert sentence in done.stdout
    assert (tmp_path / "edgeq-demo" / "digits.c").is_file()


@pytest.mark.slow
def test_without_an_emulator_it_names_the_package(tmp_path: Path, only_gcc: str) -> None:
    need_tool("arm-none-eabi-gcc")
    for name in ("gcc", "size", "objdump"):
        program = shutil.which(f"arm-none-eabi-{name}")
        assert program is not None
        Path(only_gcc, f"arm-none-eabi-{name}").symlink_to(Path(program).resolve())
    done = run_demo(tmp_path, "--json", PATH=only_gcc)
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"], found["instructions"]) == (0, True, None)
    assert found["flash_bytes"] > 0
    assert len(found["notes"]) == 1
    assert "apt-get install qemu-system-arm" in found["notes"][0]


def test_without_any_compiler_the_folder_is_written_all_the_same(tmp_path: Path) -> None:
    done = run_demo(tmp_path, PATH=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "apt-get install gcc libc6-dev" in done.stdout
    assert done.stdout.count("not measured") == 3
    assert (tmp_path / "edgeq-demo" / "digits.c").is_file()


def test_a_folder_of_somebody_else_stops_it(tmp_path: Path) -> None:
    (tmp_path / "edgeq-demo").mkdir()
    (tmp_path / "edgeq-demo" / "notes.txt").write_text("mine")
    done = run_demo(tmp_path)
    assert done.returncode == 2
    assert "notes.txt" in done.stderr
    assert "Traceback" not in done.stderr
    assert content(tmp_path / "edgeq-demo") == {"notes.txt": b"mine"}


def test_an_unknown_target_stops_it(tmp_path: Path) -> None:
    done = run_demo(tmp_path, "--target", "cortex-m99")
    assert done.returncode == 2
    assert "cortex-m4" in done.stderr
    assert list(tmp_path.iterdir()) == []
