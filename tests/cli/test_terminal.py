"""On a terminal progress is shown on stderr; hostile names cannot steer it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from edgeq.cli.screen import show_json, show_table, show_text
from edgeq.errors import ModelError
from edgeq.report.table import Table, cell, printable, short, table
from tests.tools import need_tool

CHECKOUT = Path(__file__).parents[2]
HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\x00[red]x[/red]\u202e"


def read_all(terminal: int) -> bytes:
    """Everything until the other side is closed, which Linux reports as an error."""
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            return shown
        if not part:
            return shown
        shown += part


def test_progress_goes_to_a_terminal_and_not_into_results(digits: Path, tmp_path: Path) -> None:
    need_tool("gcc")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "tests.with_objects", "verify", str(digits), "--samples", "2",
               "--json"]  # fmt: skip
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, stdout=out, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        )
    os.close(theirs)
    shown = read_all(ours).decode()
    os.close(ours)
    assert process.wait() == 0
    assert "verifying digits_int8.tflite" in shown
    assert json.loads((tmp_path / "out").read_bytes())["ok"] is True


def test_nothing_is_shown_on_stderr_without_a_terminal(digits: Path) -> None:
    need_tool("gcc")
    command = [sys.executable, "-m", "tests.with_objects", "verify", str(digits), "--samples", "2"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True)
    assert done.stderr == b""


def test_a_reader_that_leaves_is_no_traceback() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "edgeq", "ops"], cwd=CHECKOUT, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def test_a_poor_encoding_is_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edgeq", "ops"], cwd=CHECKOUT, capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.stdout.isascii()


def test_names_of_a_model_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(table(HOSTILE, ("name",), [(HOSTILE,)]))
    show_text(HOSTILE)
    said = capsys.readouterr().out
    assert all(c.isprintable() or c == "\n" for c in said)
    assert "[red]x[/red]" in said


def test_an_errors_text_cannot_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, digits: Path
) -> None:
    from edgeq import pipeline
    from edgeq.cli import main

    def fails(*_: object, **__: object) -> None:
        raise ModelError(HOSTILE, why=HOSTILE)

    monkeypatch.setattr(pipeline, "load", fails)
    assert main(["analyze", str(digits)]) == 2
    assert all(c.isprintable() or c == "\n" for c in capsys.readouterr().err)


def test_json_holds_no_number_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"a": float("nan"), "b": (1, float("inf")), "c": {"d": 0.5}})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [1, None], "c": {"d": 0.5}}


def test_cells_say_numbers_as_people_read_them() -> None:
    values = (None, True, 1234567, 0.05391, 12.345, 1234.56, "a\x07b")
    shown = ("-", "yes", "1,234,567", "0.0539", "12.3", "1,234.6", "a\\x07b")
    assert tuple(map(cell, values)) == shown


def test_long_names_keep_both_ends() -> None:
    name = "model/layer_17/" + "x" * 10_000 + "/output"
    assert len(short(name)) == 40
    assert short(name).startswith("model/layer_17/")
    assert short(name).endswith("/output")
    assert short("brief") == "brief"


def test_lines_stay_lines() -> None:
    assert printable("a\nb\tc") == "a\nb\\tc"
    assert isinstance(table("t", ("a",), []), Table)
