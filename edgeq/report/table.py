"""A table as a value: text in rows, so that whoever prints it decides how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text below a title.

    columns   the headings; one that begins with ">" is set flush right
    rows      as many cells each as there are columns
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A table of anything: numbers get thousands separators, None becomes a dash."""
    return Table(printable(title), tuple(columns), tuple(tuple(map(cell, row)) for row in rows))


def cell(value: object) -> str:
    """The text of one cell."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < SMALL else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


SMALL = 10.0


def printable(text: str) -> str:
    """A model's text without what could steer a terminal; line breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode()
                   for c in text)  # fmt: skip


def short(text: str, most: int = 40) -> str:
    """A name for a table: its beginning and end when it is longer than `most`."""
    if len(text) <= most:
        return text
    tail = most // 2 - 1
    return f"{text[: most - tail - 1]}…{text[-tail:]}"


def shape_text(shape: Sequence[int]) -> str:
    """(1, 8, 8, 16) as 1x8x8x16."""
    return "x".join(map(str, shape)) or "scalar"
