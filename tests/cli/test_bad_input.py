"""Bad input: one clear message, the right exit code, and never a traceback.

Commands run in this process, so that whatever is not an EdgeqError escapes and fails here.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline
from edgeq.targets import load_target
from tests.cli.conftest import Run, Said
from tests.tools import need_target, need_tool

COMMANDS = ("analyze", "compile", "verify", "bench")


def refused(said: Said, *words: str, code: int = 2) -> None:
    """One message on stderr that holds the words, nothing on stdout."""
    assert said.code == code
    assert said.out == ""
    assert said.err.count("error: ") == 1
    for word in words:
        assert word in said.err


def line(command: str, model: object, tmp_path: Path) -> tuple[object, ...]:
    return (command, model, *(("-o", tmp_path / "out") if command == "compile" else ()))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_model_that_does_not_exist(run: Run, tmp_path: Path, command: str) -> None:
    refused(run(*line(command, tmp_path / "no.tflite", tmp_path)), "no.tflite", "No such file")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_an_empty_model(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "m.tflite").touch()
    refused(run(*line(command, tmp_path / "m.tflite", tmp_path)), "not a TensorFlow Lite model")


def test_a_folder_as_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").mkdir()
    refused(run("analyze", tmp_path / "m.tflite"), "m.tflite")
    refused(run("analyze", tmp_path), str(tmp_path))


def test_another_kind_of_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "m.h5").write_bytes(b"TFL3")
    refused(run("analyze", tmp_path / "m.h5"), "m.h5", ".tflite")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_target_lists_the_targets(
    run: Run, digits: Path, tmp_path: Path, command: str
) -> None:
    refused(run(*line(command, digits, tmp_path), "-t", "cortex-m5"), "did you mean", "cortex-m4")


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_profile_lists_the_profiles(
    run: Run, digits: Path, tmp_path: Path, command: str
) -> None:
    words = (*line(command, digits, tmp_path), "--numerics", "tflite")
    refused(run(*words), "tflite", "tflm, litert, edgeq")


def test_unknown_names_list_what_there_is(run: Run, digits: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "out")
    refused(run("verify", digits, "--against", "onnx"), "tflm, litert, litert-default")
    refused(run("bench", digits, "--against", "onnx"), "litert, tflm")
    refused(run("compile", digits, *out, "--package", "bazel"), "bazel", "cmake")
    refused(run("compile", digits, *out, "--io", "stack"), "stack", "arena", "pointers")
    refused(run("compile", digits, *out, "--io-dtype", "float16"), "float16", "float32")
    assert not (tmp_path / "out").exists()


def test_an_oracle_and_another_profile(run: Run, digits: Path) -> None:
    said = run("verify", digits, "--against", "tflm", "--numerics", "litert")
    refused(said, "--against tflm means --numerics tflm")


def test_arguments_that_make_no_sense(run: Run, digits: Path, tmp_path: Path) -> None:
    refused(run("nonsense"), "nonsense")
    refused(run("analyze"), "MODEL")
    refused(run("analyze", digits, "--nonsense"), "--nonsense")
    refused(run("compile", digits), "--output")
    refused(run("verify", digits, "--samples", "0"), "--samples")
    refused(run("verify", digits, "--samples", "many"), "--samples")
    refused(run("compile", digits, "-o", tmp_path / "o", "--max-ram", "64Q"), "64Q")
    refused(run("analyze", digits, "--batch", "0"), "--batch")


def test_a_batch_where_none_is_open(run: Run, digits: Path) -> None:
    refused(run("analyze", digits, "--batch", "3"), "batch")


def test_json_reports_problems_too(run: Run, tmp_path: Path) -> None:
    for command in COMMANDS:
        said = run(*line(command, tmp_path / "no.tflite", tmp_path), "--json")
        assert said.code == 2
        assert "No such file" in said.json["error"]
        assert len(said.json["problems"]) == 1
        assert "error: " in said.err
    analysis = run("analyze", tmp_path / "no.tflite", "--json").json
    assert (analysis["arena_bytes"], analysis["layers"]) == (None, [])
    assert run("nonsense", "--json").json["problems"]


def test_every_reason_at_once(run: Run, shared_file: object) -> None:
    assert callable(shared_file)
    said = run("analyze", shared_file("models/microwakeword_okay_nabu_v2_int8.tflite"), "--json")
    assert said.code == 2
    assert len(said.json["problems"]) == 20
    assert sum("is not supported" in problem for problem in said.json["problems"]) == 19


def test_a_float_model_says_what_to_do(run: Run, shared_file: object, tmp_path: Path) -> None:
    assert callable(shared_file)
    model = shared_file("models/mlperf_tiny_ad_float.tflite")
    said = run("analyze", model, "--json")
    assert said.code == 2
    assert said.json["macs"] > 0
    assert "quantize" in said.json["problems"][0]
    refused(run("compile", model, "-o", tmp_path / "out"), "quantize")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["analyze", "verify", "bench"])
def test_no_compiler(
    run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = run(command, digits)
    if command == "analyze":  # all but two figures are known without one
        assert said.code == 0
        assert "code and stack are unknown" in said.err
    else:
        refused(said)
    assert "the compiler 'gcc' is not installed" in said.err
    assert "apt-get install gcc" in said.err


def test_compile_needs_no_compiler(
    run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("compile", digits, "-t", "cortex-m4", "-o", tmp_path / "out").code == 0


def test_no_cross_compiler(
    run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(
        run("verify", digits, "-t", "cortex-m4"), "arm-none-eabi-gcc", "apt-get install gcc-arm"
    )


@pytest.mark.parametrize("command", ["verify", "bench"])
def test_no_emulator(run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    need_target(load_target("cortex-m4"))
    real = shutil.which

    def which(name: str) -> str | None:
        return None if "qemu" in name else real(name)

    monkeypatch.setattr(shutil, "which", which)
    refused(run(command, digits, "-t", "cortex-m4"), "'qemu-system-arm' is not installed",
            "apt-get install qemu-system-arm")  # fmt: skip


@pytest.mark.parametrize(
    ("name", "module"), [("tflm", "tflite_micro"), ("litert", "ai_edge_litert")]
)
def test_no_oracle(
    run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, module: str
) -> None:
    need_tool("gcc")
    (tmp_path / f"{module}.py").write_text(f"raise ImportError('No module named {module}')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    refused(run("verify", digits, "--against", name), f"oracle '{name}' is not installed",
            "pip install edgeq[verify]")  # fmt: skip


def test_a_peer_cannot_be_measured_under_emulation(run: Run, digits: Path) -> None:
    refused(run("bench", digits, "-t", "cortex-m4", "--against", "litert"), "host")


def test_a_folder_of_somebody_else(run: Run, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    refused(run("compile", digits, "-o", tmp_path), "thesis.tex", "choose another folder")
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_as_folder(run: Run, digits: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    refused(run("compile", digits, "-o", tmp_path / "out"), "is a file")
    refused(run("compile", digits, "-o", tmp_path / "out" / "below"), "cannot be written")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_that_cannot_be_written(run: Run, digits: Path) -> None:
    refused(run("compile", digits, "-o", "/proc/edgeq"), "/proc/edgeq", "cannot be written")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_budget_that_is_exceeded_names_the_layers(
    run: Run, digits: Path, tmp_path: Path, as_json: bool
) -> None:
    words = ["compile", digits, "-o", tmp_path / "out", "--max-ram", "1K", "--max-flash", "2KB"]
    said = run(*words, *(["--json"] if as_json else []))
    assert said.code == 1
    assert not (tmp_path / "out").exists()
    for word in ("conv_2d_", "fully_connected_10", "1,000 of max_ram", "2,000 of max_flash"):
        assert word in (said.json["error"] if as_json else said.err)
    if as_json:
        assert said.json["files"] == []


def test_a_budget_that_is_met(run: Run, digits: Path, tmp_path: Path) -> None:
    words = ("--max-ram", "64K", "--max-flash", "1M")
    assert run("compile", digits, "-o", tmp_path / "out", *words).code == 0


def test_data_that_does_not_fit_the_model(run: Run, digits: Path, tmp_path: Path) -> None:
    need_tool("gcc")
    file = tmp_path / "d.npz"
    np.savez(file, x=np.zeros((2, 9, 9)))
    refused(run("verify", digits, "--data", file), "(9, 9)", "(1, 8, 8, 1)")
    np.savez(file, x=np.full((2, 8, 8), 300))
    refused(run("verify", digits, "--data", file), "int8")
    refused(run("verify", digits, "--data", tmp_path / "none.npz"), "none.npz")


def test_interruption_ends_quietly(run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "load", interrupted)
    said = run("analyze", digits)
    assert (said.code, said.out, said.err) == (130, "", "")


# What a shell starts behind itself ignores Ctrl-C, and so does all that it starts in turn.
WITH_INTERRUPTS = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


def has_ended(pid: int) -> bool:
    """Gone, or waits to be buried by whoever does that here."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(") ")[2].startswith("Z")


@pytest.mark.skipif(sys.platform == "win32", reason="signals end programs otherwise there")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_end_from_outside_leaves_no_process_and_no_file(
    number: signal.Signals, code: int, digits: Path, tmp_path: Path
) -> None:
    temporary, pid = tmp_path / "temporary", tmp_path / "pid"
    temporary.mkdir()
    for name in ("gcc", "cc", "clang"):
        slow = tmp_path / name
        slow.write_text(f"#!/bin/sh\necho $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60\n")
        slow.chmod(0o755)
    command = [sys.executable, "-c", WITH_INTERRUPTS, "-m", "edgeq", "bench", str(digits)]
    more = {"TMPDIR": str(temporary), "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen(command, env=os.environ | more, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while not pid.exists() and time.monotonic() < until:
            time.sleep(0.05)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, said) == (code, b"")
    assert not list(temporary.iterdir())
    assert has_ended(int(pid.read_text()))


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_a_machine_at_its_end_is_no_traceback(
    run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, "load", fails)
    words = ("memory",) if isinstance(error, MemoryError) else ("No space", "TMPDIR")
    refused(run("analyze", digits), *words)
