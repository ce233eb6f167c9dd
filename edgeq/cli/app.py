"""Runs a command and turns whatever stops it into a message and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from edgeq._version import __version__
from edgeq.cli.analyze import analyze
from edgeq.cli.bench import bench
from edgeq.cli.compile import compile_
from edgeq.cli.demo import demo
from edgeq.cli.evaluate import evaluate
from edgeq.cli.ops import ops
from edgeq.cli.quantize import quantize
from edgeq.cli.screen import ReaderLeft, show_error, tolerate_encodings
from edgeq.cli.targets import targets
from edgeq.cli.tune import tune
from edgeq.cli.verify import verify
from edgeq.errors import EdgeqError, ToolError, UsageError

INTERRUPTED, READER_LEFT, TERMINATED = 130, 141, 143
INTRODUCTION = "Trained networks become plain C with the same bytes on every machine."

# What scripts read from a command's JSON, beside "error" and "problems" when it fails.
KEYS = {
    "analyze": ("arena_bytes", "arena_lower_bound", "scratch_bytes", "constant_bytes",
                "code_bytes", "stack_bytes", "macs"),
    "compile": ("arena_bytes", "constant_bytes"),
    "verify": ("ok", "samples", "differing_bytes", "first_difference", "against", "target"),
    "quantize": ("file", "scheme", "numerics", "constant_bytes"),
    "evaluate": ("n", "metric", "float", "fixed", "c"),
    "bench": ("target", "median_us", "instructions"),
    "tune": ("file", "sha256", "made"),
}  # fmt: skip
LISTS = {"analyze": ("layers",), "compile": ("files",), "bench": ("layers",), "tune": ("kernels",)}

# typer's own complaints about arguments; where their class lives depends on its version
ArgumentError = next(
    c for c in typer.BadParameter.__mro__
    if issubclass(c, Exception) and c.__name__ == "ClickException"
)  # fmt: skip


class Terminated(BaseException):
    """Somebody asks this process to end: compilers and emulators that it started end with it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (the process's own when None) and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    tolerate_encodings()
    try:
        with _ends_when_asked():
            return _run(words)
    except Terminated:
        return TERMINATED
    except ReaderLeft:  # what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT


@contextmanager
def _ends_when_asked() -> Iterator[None]:
    """SIGTERM raises `Terminated` meanwhile, where Python lets this thread say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier or signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Terminated


def _run(words: list[str]) -> int:
    absent = _without_result(words)
    try:
        code = app()(words or ["--help"], prog_name="edgeq", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except EdgeqError as error:
        return show_error(error, absent=absent)
    except ArgumentError as error:
        return show_error(_argument_problem(error), absent=absent)
    except MemoryError:
        return show_error(ToolError("there is not enough memory for this"), absent=absent)
    except OSError as error:
        return show_error(_system_problem(error), absent=absent)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED


def _without_result(words: Sequence[str]) -> dict[str, object] | None:
    """The JSON keys of the command when it fails; None where JSON is not wanted."""
    if "--json" not in words:
        return None
    name = next((word for word in words if not word.startswith("-")), "")
    return dict.fromkeys(KEYS.get(name, ())) | {key: [] for key in LISTS.get(name, ())}


def _system_problem(error: OSError) -> ToolError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    fix = "free some space for temporary files, or name a folder for them by TMPDIR" if full else ""
    return ToolError(error.strerror or str(error), where=str(error.filename or ""), fix=fix)


def _argument_problem(error: Exception) -> UsageError:
    said = getattr(error, "format_message", error.__str__)()
    return UsageError(str(said), fix="see edgeq --help, or edgeq COMMAND --help")


def app() -> typer.Typer:
    """All commands."""
    commands = typer.Typer(
        name="edgeq", help=INTRODUCTION, add_completion=False, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    commands.callback()(_options)
    work = (demo, analyze, quantize, compile_, verify, evaluate, bench, tune, targets, ops)
    for function in work:
        commands.command(function.__name__.rstrip("_"))(function)
    return commands


def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Show the version and exit.",
                           callback=lambda wanted: _version(wanted))
    ] = False,
) -> None:  # fmt: skip
    del version


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgeq {__version__}")
        raise typer.Exit
