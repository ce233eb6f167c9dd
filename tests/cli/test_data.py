from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq.cli.data import MAX_ARRAYS, MAX_BYTES, read_data
from edgeq.errors import UsageError


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.npz"


def test_x_serves_the_only_input(file: Path) -> None:
    data = read_data(saved(file, x=np.arange(6).reshape(3, 2), y=[1, 0, 1]), ["image"])
    assert data.inputs["x"].tolist() == [[0, 1], [2, 3], [4, 5]]
    assert data.labels is not None
    assert data.labels.tolist() == [1, 0, 1]


def test_a_key_for_each_input(file: Path) -> None:
    data = read_data(saved(file, **{"a:0": [[1]], "b/c": [[2]]}), ["a:0", "b/c"])
    assert sorted(data.inputs) == ["a:0", "b/c"]
    assert data.labels is None


def test_compressed_files_are_read(file: Path) -> None:
    np.savez_compressed(file, x=np.zeros((4, 4), np.int8))
    assert read_data(file, ["x"]).inputs["x"].shape == (4, 4)


@pytest.mark.parametrize(
    ("arrays", "names", "said"),
    [
        ({"z": [1]}, ["x"], "lacks the key x"),
        ({"x": [1]}, ["a", "b"], "one array for each input"),
        ({"a": [1]}, ["a", "b"], "one array for each input"),
        ({"x": 3}, ["x"], "no samples"),
        ({"x": np.zeros((0, 4))}, ["x"], "no samples"),
        ({"x": [1, 2], "y": [1]}, ["x"], "different numbers of samples"),
        ({"a": [1, 2], "b": [1]}, ["a", "b"], "different numbers of samples"),
        ({"x": [1.0, np.nan]}, ["x"], "not finite"),
        ({"x": [1.0, np.inf]}, ["x"], "not finite"),
        ({"x": np.array(["a", "b"])}, ["x"], "not a plain array"),
        ({"x": np.array([{}, []], object)}, ["x"], "not a plain array"),
        ({"x": [1j]}, ["x"], "not a plain array"),
    ],
)
def test_data_that_makes_no_sense_is_refused(
    file: Path, arrays: dict[str, Any], names: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        read_data(saved(file, **arrays), names)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip" * 100, b"\x93NUMPY\x01\x00"])
def test_other_files_are_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"not a sound \.npz"):
        read_data(file, ["x"])


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.npz", tmp_path):
        with pytest.raises(UsageError, match="cannot read the data"):
            read_data(path, ["x"])


def test_damaged_archives_are_refused(file: Path, rng: np.random.Generator) -> None:
    np.savez_compressed(file, x=rng.integers(0, 99, (50, 4)), y=np.arange(50))
    whole = file.read_bytes()
    for _ in range(300):
        broken = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        file.write_bytes(broken)
        try:
            read_data(file, ["x"])
        except UsageError:
            continue


def npy(shape: tuple[int, ...], data: bytes, dtype: str = "|i1") -> bytes:
    stream = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + data


def test_a_header_that_promises_more_than_there_is_allocates_nothing(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy((1 << 40,), b"\0" * 16))
    with pytest.raises(UsageError, match="not a plain array"):
        read_data(file, ["x"])


def test_a_zip_bomb_is_refused_before_it_is_opened(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy((16,), b"\0" * 16))
    raw = bytearray(file.read_bytes())
    entry = raw.index(b"PK\x01\x02")  # the central directory's word for the unpacked size
    raw[entry + 24 : entry + 28] = struct.pack("<I", MAX_BYTES + 1)
    file.write_bytes(raw)
    with pytest.raises(UsageError, match="fewer samples"):
        read_data(file, ["x"])


def test_more_arrays_than_anybody_needs_are_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for index in range(MAX_ARRAYS + 1):
            archive.writestr(f"{index}.npy", b"")
    with pytest.raises(UsageError, match="fewer samples"):
        read_data(file, ["x"])
