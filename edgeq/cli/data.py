"""Reads .npz data that a user gives: an untrusted file, so sizes are checked before loading."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.quantize.npz import NUMBERS, keys_of, npy_header, reading

MAX_BYTES = 2 << 30
MAX_ARRAYS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Samples by input name (or "x"), all of the same length, and labels where there are some."""

    inputs: dict[str, NDArray[Any]]
    labels: NDArray[Any] | None


def read_data(path: Path, names: Sequence[str]) -> Data:
    """The arrays of a .npz that a model with inputs `names` takes.

    Args:
        path: key `x` (N, ...) for a model of one input, or one key for each input; labels `y`.
        names: the model's inputs.

    Raises:
        UsageError: not a .npz, too large, of objects, keys missing, or lengths that differ.
    """
    with reading(path), zipfile.ZipFile(path) as archive:
        members = _members(path, archive)
        keys = keys_of(str(path), names, list(members))
        arrays = {key: _array(path, archive, members[key]) for key in keys}
        labels = _array(path, archive, members["y"]) if "y" in members else None
    _check(path, arrays, labels)
    return Data(arrays, labels)


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's arrays by key, when all of them together are of a bearable size."""
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ARRAYS or total > MAX_BYTES:
        raise UsageError(
            f"holds {len(entries)} arrays of {total:,} bytes", where=str(path),
            why=f"at most {MAX_ARRAYS} arrays of {MAX_BYTES:,} bytes in all are read",
            fix="give fewer samples",
        )  # fmt: skip
    return {entry.filename.removesuffix(".npy"): entry for entry in entries}


def _array(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """One array, whose header is believed only as far as the bytes are there."""
    try:
        with archive.open(entry) as stream:
            shape, dtype, header, _ = npy_header(stream)
        if dtype.kind not in NUMBERS or prod(shape) * dtype.itemsize + header != entry.file_size:
            raise ValueError(f"{dtype} {shape} in {entry.file_size} bytes")
        with archive.open(entry) as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))
    except ValueError as error:
        raise UsageError(f"array {entry.filename!r} is not a plain array of numbers",
                         where=str(path), why=str(error)) from None  # fmt: skip


def _check(path: Path, arrays: dict[str, NDArray[Any]], labels: NDArray[Any] | None) -> None:
    for key, array in [*arrays.items(), *([("y", labels)] if labels is not None else [])]:
        if array.ndim == 0 or not len(array):
            raise UsageError(f"{key!r} holds no samples", where=str(path),
                             why=f"its shape is {array.shape}, not (N, ...)")  # fmt: skip
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise UsageError(f"{key!r} holds values that are not finite", where=str(path))
    lengths = {key: len(array) for key, array in arrays.items()}
    lengths |= {"y": len(labels)} if labels is not None else {}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{key!r} has {n}" for key, n in lengths.items())
        raise UsageError("arrays have different numbers of samples", where=str(path), why=said)
