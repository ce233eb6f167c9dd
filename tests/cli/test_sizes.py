from __future__ import annotations

import pytest

from edgeq.cli.sizes import parse_size
from edgeq.errors import UsageError


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("65536", 65_536), ("0", 0), ("64K", 64_000), ("64KB", 64_000), ("64kb", 64_000),
        ("64KiB", 65_536), ("1M", 1_000_000), ("1 MB", 1_000_000), ("0.5M", 500_000),
        ("2MiB", 2_097_152), ("1.5K", 1_500), ("1_000", 1_000), ("1,000", 1_000), ("7B", 7),
        ("7 bytes", 7), ("1G", 10**9), ("1GiB", 2**30),
    ],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "K", "64Q", "-1", "1e3", "0x10", "64 K B", "nan", "inf", "1.0001K", "9" * 40, "٤K"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)
