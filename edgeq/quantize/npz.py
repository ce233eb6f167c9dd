"""Samples in a .npz file, read as a stream: a batch at a time, however many there are.

A file is untrusted: what its headers claim is checked against what the archive says before
anything is allocated, nothing is unpickled, and a batch allocates no more than the rows that
it is asked for.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError

NUMBERS = "iufb"
SHOWN = 5
MAX_MEMBERS = 1024
LARGE = 1 << 30
EXPANSION = 200
"""A member of more than LARGE bytes that is EXPANSION times its compressed size is a bomb."""

HEAD_BYTES = 1 << 14
"""Bytes in which a .npy header must end; numpy refuses longer ones than 10,000 characters."""

PIECE = 4096  # bytes of a file that are expanded at once

_VERSIONS = {(1, 0): "read_array_header_1_0", (2, 0): "read_array_header_2_0"}
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, RuntimeError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """One array of an archive.

    file    the member's name
    shape   (N, ...)
    offset  bytes of its header
    """

    file: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one sample."""
        return prod(self.shape[1:]) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class NpzSamples:
    """The samples of a .npz file: input name -> array (N, ...); opened anew for each reading."""

    path: str
    members: Mapping[str, Member]

    def __len__(self) -> int:
        return min((m.shape[0] for m in self.members.values()), default=0)

    def batches(self, start: int, stop: int, size: int) -> Iterator[dict[str, NDArray[Any]]]:
        """Samples [start, stop) in order, at most `size` at a time, in the file's dtypes."""
        with reading(self.path), zipfile.ZipFile(self.path) as archive:
            streams = {n: archive.open(m.file) for n, m in self.members.items()}
            for name, stream in streams.items():
                member = self.members[name]
                _skip(stream, member.offset + start * member.row_bytes)
            for first in range(start, stop, size):
                rows = min(size, stop - first)
                yield {n: self._rows(n, stream, rows) for n, stream in streams.items()}

    def _rows(self, name: str, stream: IO[bytes], rows: int) -> NDArray[Any]:
        member = self.members[name]
        raw = _read(stream, rows * member.row_bytes)
        if len(raw) != rows * member.row_bytes:
            raise UsageError(f"array {member.file!r} ends early", where=self.path)
        return np.frombuffer(raw, member.dtype).reshape(rows, *member.shape[1:])


def npz_samples(path: str | Path, inputs: Sequence[str]) -> NpzSamples:
    """The samples of a .npz file for a graph's inputs.

    Args:
        path: with one key for each input, or `x` for an only one; other keys are left alone.
        inputs: names of the graph's inputs.

    Raises:
        UsageError: no sound .npz, keys that match no input, arrays that are not numbers, or
            numbers of samples that differ.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        found = members_of(str(path), archive)
        keys = keys_of(str(path), inputs, list(found))
        members = {
            name: member_of(str(path), archive, found[key])
            for name, key in zip(inputs, keys, strict=True)
        }
    samples = NpzSamples(str(path), members)
    if len({m.shape[0] for m in members.values()}) > 1:
        said = ", ".join(f"{key!r} has {members[n].shape[0]}"
                         for n, key in zip(inputs, keys, strict=True))  # fmt: skip
        raise UsageError("arrays have different numbers of samples", where=str(path), why=said)
    return samples


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turns what a damaged file raises into one clear error."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot read the data: {error.strerror or error}",
                         where=str(path)) from None  # fmt: skip
    except _DAMAGE:
        raise UsageError("is not a sound .npz file", where=str(path),
                         fix="write it with numpy.savez(path, x=samples)") from None  # fmt: skip


def members_of(path: str, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's entries by key."""
    entries = archive.infolist()
    if len(entries) > MAX_MEMBERS:
        raise UsageError(f"holds {len(entries)} arrays", where=path,
                         why=f"at most {MAX_MEMBERS} are read")  # fmt: skip
    return {entry.filename.removesuffix(".npy"): entry for entry in entries}


def keys_of(path: str, inputs: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The keys that hold the inputs, in their order: their names, or x for a single one."""
    if set(inputs) <= set(keys):
        return list(inputs)
    if len(inputs) == 1 and "x" in keys:
        return ["x"]
    wanted = "x" if len(inputs) == 1 else "one array for each input"
    listed = ", ".join(map(repr, inputs[:SHOWN])) + (", ..." if len(inputs) > SHOWN else "")
    raise UsageError(
        f"lacks the key {wanted}", where=path, why=f"the inputs are {listed}; "
        f"the keys are {', '.join(map(repr, keys[:SHOWN])) or 'none'}",
        fix="write it with numpy.savez(path, x=samples)",
    )  # fmt: skip


def member_of(path: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    """What an array's header says, once it agrees with the archive.

    Raises:
        UsageError: it is no plain array of numbers (N, ...), or expands like a zip bomb.
    """
    if entry.file_size > LARGE and entry.file_size > EXPANSION * entry.compress_size:
        raise UsageError(
            f"array {entry.filename!r} would expand from {entry.compress_size:,} to "
            f"{entry.file_size:,} bytes", where=path, why="data of samples do not compress so well",
            fix="write it with numpy.savez, without compression",
        )  # fmt: skip
    try:
        with archive.open(entry) as stream:
            shape, dtype, offset, columns = npy_header(stream)
        if dtype.kind not in NUMBERS or prod(shape) * dtype.itemsize + offset != entry.file_size:
            raise ValueError(f"{dtype} {shape} in {entry.file_size} bytes")
        if columns and len(shape) > 1:
            raise ValueError("it is stored by columns: save numpy.ascontiguousarray(...) of it")
    except ValueError as error:
        raise UsageError(f"array {entry.filename!r} is not a plain array of numbers",
                         where=path, why=str(error)) from None  # fmt: skip
    if not shape:
        raise UsageError(f"array {entry.filename!r} holds no samples", where=path,
                         why="its shape is (), not (N, ...)")  # fmt: skip
    return Member(entry.filename, shape, dtype, offset)


def npy_header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], int, bool]:
    """Shape, dtype, bytes of the header, and whether columns come first.

    Raises:
        ValueError: it is none, or too long.
    """
    head = io.BytesIO(stream.read(HEAD_BYTES))
    reader = _VERSIONS.get(np.lib.format.read_magic(head))
    if reader is None:
        raise ValueError("its .npy version is not 1.0 or 2.0")
    shape, columns, dtype = getattr(np.lib.format, reader)(head)
    if any(d < 0 for d in shape):
        raise ValueError(f"its shape is {shape}")
    return shape, dtype, head.tell(), columns


def _pieces(stream: IO[bytes], count: int) -> Iterator[bytes]:
    """The next `count` bytes, fewer at the end.

    zipfile takes as many compressed bytes as it is asked for and expands LZMA and bzip2 without
    a limit, so that small pieces bound the memory.
    """
    while count > 0 and (piece := stream.read(min(PIECE, count))):
        count -= len(piece)
        yield piece


def _read(stream: IO[bytes], count: int) -> bytes:
    return b"".join(_pieces(stream, count))


def _skip(stream: IO[bytes], count: int) -> None:
    for _ in _pieces(stream, count):
        pass
