"""Samples from .npz files: the same numbers as numpy loads, in batches, and nothing hostile."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import UsageError
from edgeq.quantize.npz import EXPANSION, LARGE, npz_samples
from tests.quantize_data.networks import npy, save

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.npz"


@pytest.mark.parametrize("compression", COMPRESSIONS)
@given(
    dtype=st.sampled_from(["<f4", ">f4", "<f8", "<f2", "|u1", "|i1", "<i8", "|b1"]),
    count=st.integers(1, 40), rest=st.lists(st.integers(0, 5), max_size=3),
    bounds=st.tuples(st.integers(0, 40), st.integers(0, 40)), size=st.integers(1, 50),
)  # fmt: skip
@settings(max_examples=25)
def test_batches_are_the_rows_that_numpy_loads(
    file: Path, compression: int, dtype: str, count: int, rest: list[int],
    bounds: tuple[int, int], size: int,
) -> None:  # fmt: skip
    rng = np.random.default_rng(count)
    array = rng.integers(0, 2, (count, *rest)).astype(dtype)
    save(file, compression=compression, x=array, y=np.zeros(3))
    samples = npz_samples(file, ["image"])
    start, stop = (min(b, count) for b in sorted(bounds))
    batches = [batch["image"] for batch in samples.batches(start, stop, size)]
    assert len(samples) == count
    assert all(len(batch) <= size for batch in batches)
    assert all(batch.dtype == array.dtype for batch in batches)
    found = np.concatenate(batches) if batches else array[:0]
    assert np.array_equal(found, array[start:stop])


def test_a_key_for_each_input(file: Path) -> None:
    save(file, a=np.arange(4), b=-np.arange(4), y=np.zeros(9))
    (batch,) = npz_samples(file, ["b", "a"]).batches(1, 3, 9)
    assert {name: values.tolist() for name, values in batch.items()} == {"b": [-1, -2], "a": [1, 2]}


def test_samples_go_to_other_processes(file: Path) -> None:
    samples = pickle.loads(pickle.dumps(npz_samples(save(file, x=np.arange(5)), ["x"])))
    assert [b["x"].tolist() for b in samples.batches(0, 5, 3)] == [[0, 1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("arrays", "names", "said"),
    [
        ({"z": [1]}, ["x"], "lacks the key x"),
        ({"x": [1]}, ["a", "b"], "one array for each input"),
        ({"a": [1, 2], "b": [1]}, ["a", "b"], "different numbers of samples"),
        ({"x": 3}, ["x"], "'x.npy' holds no samples"),
        ({"x": ["text"]}, ["x"], "'x.npy' is not a plain array of numbers"),
        ({"x": [1j]}, ["x"], "'x.npy' is not a plain array of numbers"),
        ({"x": np.array([{}, 1], object)}, ["x"], "'x.npy' is not a plain array of numbers"),
        ({"x": np.asfortranarray(np.ones((3, 4)))}, ["x"], "ascontiguousarray"),
    ],
)
def test_data_that_makes_no_sense_is_refused_by_its_key(
    file: Path, arrays: dict[str, Any], names: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        npz_samples(save(file, **arrays), names)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip" * 100, b"\x93NUMPY\x01\x00"])
def test_other_files_are_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"not a sound \.npz"):
        npz_samples(file, ["x"])


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.npz", tmp_path):
        with pytest.raises(UsageError, match="cannot read the data"):
            npz_samples(path, ["x"])


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_damaged_archives_are_refused(
    file: Path, compression: int, rng: np.random.Generator
) -> None:
    save(file, compression=compression, x=rng.integers(0, 99, (50, 4)))
    whole = file.read_bytes()
    refused = 0
    for _ in range(200):
        broken = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        file.write_bytes(broken)
        try:
            samples = npz_samples(file, ["x"])
            for _ in samples.batches(0, len(samples), 7):
                pass
        except UsageError:
            refused += 1
    assert refused > 150


def test_a_header_that_promises_more_than_there_is_allocates_nothing(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", npy((1 << 40,)) + b"\0" * 16)
    with pytest.raises(UsageError, match="not a plain array"):
        npz_samples(file, ["x"])


def test_a_header_without_end_allocates_nothing(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31) + b"{" * 99)
    with pytest.raises(UsageError, match="not a plain array"):
        npz_samples(file, ["x"])


def test_a_zip_bomb_is_refused_by_its_key(file: Path) -> None:
    rows = LARGE // 4 + 1
    head = npy((rows,))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", head + bytes(64))
    raw = bytearray(file.read_bytes())
    entry = raw.index(b"PK\x01\x02")  # the central directory's word for the unpacked size
    raw[entry + 24 : entry + 28] = struct.pack("<I", len(head) + 4 * rows)
    file.write_bytes(raw)
    assert len(raw) * EXPANSION < LARGE
    with pytest.raises(UsageError, match=r"'x\.npy' would expand"):
        npz_samples(file, ["x"])


def test_an_array_that_ends_early_is_refused(file: Path) -> None:
    """The archive says how much there is; what is really there may be less."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy((1000,)) + bytes(40))
    raw = bytearray(file.read_bytes())
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = struct.pack("<I", len(npy((1000,))) + 4000)
    file.write_bytes(raw)
    samples = npz_samples(file, ["x"])
    with pytest.raises(UsageError, match=r"ends early|not a sound"):
        list(samples.batches(0, 1000, 500))


def test_nothing_is_unpickled(file: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([print], object), allow_pickle=True)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
    with pytest.raises(UsageError, match="not a plain array"):
        npz_samples(file, ["x"])
