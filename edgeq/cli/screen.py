"""Where output goes: results to stdout, everything else to stderr.

Text of a model never steers the terminal: tables and messages show control characters
as escapes.
"""

from __future__ import annotations

import io
import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from edgeq.errors import EdgeqError, Problems
from edgeq.report.table import Table, printable

WIDE = 200  # columns where no terminal limits them

Progress = Callable[[int, int], None]


class ReaderLeft(Exception):  # noqa: N818 (no error: whoever read has seen enough)
    """Nobody reads our output any more."""


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise ReaderLeft from None


def tolerate_encodings() -> None:
    """Escape what a terminal's encoding lacks, instead of failing on it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show_json(value: object) -> None:
    """One JSON document on stdout."""
    _write(sys.stdout, json.dumps(_plain(value), indent=2, allow_nan=False) + "\n")


def _plain(value: object) -> object:
    """`value` as JSON can hold it: numbers that are none become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def show_text(text: str) -> None:
    """Lines on stdout."""
    _write(sys.stdout, printable(text) + "\n")


def show_note(text: str) -> None:
    """Lines on stderr."""
    _write(sys.stderr, printable(text) + "\n")


def show_table(table: Table) -> None:
    """A table on stdout, as wide as the terminal, or as it needs."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else WIDE, highlight=False)
    headed = any(column.strip(">") for column in table.columns)
    drawn = RichTable(
        title=Text(table.title), title_justify="left", box=SIMPLE_HEAD, show_header=headed
    )
    for column in table.columns:
        right = column.startswith(">")
        drawn.add_column(Text(column.removeprefix(">")), justify="right" if right else "left",
                         no_wrap=right)  # fmt: skip
    for row in table.rows:
        drawn.add_row(*map(Text, row))
    with console.capture() as drawing:
        console.print(drawn)
    _write(sys.stdout, drawing.get())


def show_error(error: EdgeqError, *, absent: Mapping[str, object] | None = None) -> int:
    """An error's text on stderr; returns its exit code.

    absent   where JSON is wanted, the command's keys as they are when there is no result:
             they are printed on stdout with `error` and `problems`
    """
    if absent is not None:
        singles = error.problems if isinstance(error, Problems) else (error,)
        problems = [single.text() for single in singles]
        show_json({**absent, "error": error.text(), "problems": problems})
    show_note(f"error: {error.text()}")
    return error.exit_code


@contextmanager
def working(what: str) -> Iterator[Progress]:
    """Shows on a terminal that something is being done, and how far it is."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=False,
        redirect_stderr=False,
    ) as bars:  # fmt: skip
        bar = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(bar, completed=done, total=total)


def _silent(done: int, total: int) -> None:
    del done, total
