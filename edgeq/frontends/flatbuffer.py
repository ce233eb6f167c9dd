"""Bounds-checked reading of an untrusted flatbuffer.

The generated accessors follow every offset that the file gives.  All reads go through a
`Reader`, which turns a wild offset into a ModelError, and pays for what it reads out of a
budget proportional to the file's size: a file whose tables share one big vector a million
times runs out of budget instead of memory or time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from flatbuffers.table import Table
from numpy.typing import NDArray

from edgeq.errors import ModelError

Record: TypeAlias = Any
"""An object of the schema's generated classes, which have no types."""

DAMAGE = (struct.error, TypeError, ValueError, IndexError, OverflowError)
"""What the accessors raise on offsets outside the file: struct and numpy, range and type checks."""

READS_PER_BYTE = 16
"""An honest file shares few vectors; constants count again when float32 is made of int8."""

SMALL_FILE = 65536
TABLE_COST = 256
"""A table's price: what the Python objects made of it take, so that memory is bounded too."""

INTEGER_COST = 16
"""What a number costs that becomes a Python object, and is looked at one by one."""

EMPTY = struct.pack("<HHi", 4, 4, 4)
"""A table without fields, at position 4: every accessor gives its default."""


class Reader:
    """The only way to the bytes of one file.

    data   the whole file
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._left = READS_PER_BYTE * len(data) + SMALL_FILE

    def charge(self, amount: int) -> None:
        """Pay for `amount` bytes read or made of them.

        Raises:
            ModelError: the file was read several times over.
        """
        self._left -= amount
        if self._left < 0:
            raise ModelError(
                "the file refers to the same bytes again and again",
                why=f"reading it takes more than {READS_PER_BYTE} times its {len(self.data)} bytes",
            )

    def get(self, table: Record, field: str, *arguments: int | bytes) -> Record:
        """The field of a generated table; ModelError when its offset leaves the file."""
        try:
            return getattr(table, field)(*arguments)
        except DAMAGE:
            raise ModelError(
                "the file is damaged",
                why=f"an offset to '{field}' leaves its {len(self.data)} bytes",
                fix="fetch or convert the model again",
            ) from None

    def root(self, kind: type[Record]) -> Record:
        """The table `kind` that the file's first offset names."""
        found = kind()
        self.get(found, "Init", self.data, int.from_bytes(self.data[:4], "little"))
        return found

    def number(self, table: Record, field: str) -> int:
        return int(self.get(table, field))

    def length(self, table: Record, field: str, item: int) -> int:
        """The length of a vector of `item` bytes each, which fits into the file."""
        count = self.number(table, f"{field}Length")
        if not 0 <= count * item <= len(self.data):
            raise ModelError(
                "the file is damaged",
                why=f"'{field}' counts {count} elements in a file of {len(self.data)} bytes",
            )
        self.charge(count * item)
        return count

    def vector(self, table: Record, field: str, dtype: type[np.generic]) -> NDArray[Any]:
        """A vector of numbers, as a read-only view into the file; empty when absent."""
        if not self.length(table, field, np.dtype(dtype).itemsize):
            return np.empty(0, dtype)
        values: NDArray[Any] = self.get(table, f"{field}AsNumpy")
        return values

    def integers(self, table: Record, field: str) -> tuple[int, ...]:
        """A vector of int32, as Python integers."""
        values = self.vector(table, field, np.int32)
        self.charge(INTEGER_COST * len(values))
        return tuple(values.tolist())

    def tables(self, table: Record, field: str) -> Iterator[Record]:
        """The tables of a vector, one at a time."""
        for i in range(self.length(table, field, 4)):
            self.charge(TABLE_COST)
            yield self.get(table, field, i)

    def text(self, table: Record, field: str) -> str:
        """A string; bytes that are not UTF-8 become U+FFFD."""
        raw: bytes | None = self.get(table, field)
        self.charge(len(raw or b""))
        return (raw or b"").decode("utf-8", "replace")

    def member(self, table: Record, field: str, kind: type[Record]) -> Record:
        """The table `kind` behind a union field; one of defaults only when absent."""
        raw = self.get(table, field)
        found = kind()
        self.get(found, "Init", *((raw.Bytes, raw.Pos) if isinstance(raw, Table) else (EMPTY, 4)))
        return found
