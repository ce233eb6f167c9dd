"""Generated projects take exactly the headers that a kernel includes, however it says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeq.errors import KernelError
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.contract import includes
from edgeq.resources import data_root
from tests.kernels.ahead import intrinsics

HEADERS = data_root() / "kernels" / "include" / "edgeq"
INCLUDED = re.compile(r'^#include ["<]edgeq/(\w+\.h)[">]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
USED = {
    "immintrin": re.compile(r"\b_mm\d*_|\b__m(128|256|512|mask)"),
    "arm_neon": re.compile(r"\b(u?int|float)\d+x\d+(x\d)?_t\b"),
}


def headers(folder: Path, text: str) -> list[str]:
    source = folder / "a.c"
    source.write_text(text, encoding="ascii")
    return [path.name for path in includes(source)]


@pytest.mark.parametrize(
    "line",
    ['#include "edgeq/window.h"', '  #  include\t"edgeq/window.h"', "#include <edgeq/window.h>",
     '#include"edgeq/window.h" /* why */', '#include <stdint.h>\n#include "edgeq/window.h"'],
)  # fmt: skip
def test_every_style_is_read(line: str, tmp_path: Path) -> None:
    assert headers(tmp_path, f"{line}\nint a;\n") == ["window.h"]


def test_what_a_header_includes_is_taken_too(tmp_path: Path) -> None:
    assert headers(tmp_path, '#include "edgeq/elementwise.h"\n') == [
        "elementwise.h", "fixed_point.h",
    ]  # fmt: skip


def test_headers_of_the_system_are_not_taken(tmp_path: Path) -> None:
    assert headers(tmp_path, "#include <string.h>\n#include <immintrin.h>\n") == []


@pytest.mark.parametrize("name", ["mine.h", "edgeq/mine.h", "../window.h", "edgeq/../edgeq.h"])
def test_a_header_from_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine.h").write_text("", encoding="ascii")
    with pytest.raises(KernelError, match="put shared code there"):
        headers(tmp_path, f'#include "{name}"\n')


@pytest.mark.parametrize("kernel", catalog(), ids=lambda k: k.base_symbol)
def test_every_kernel_is_complete_with_its_headers(kernel: Kernel) -> None:
    found = includes(kernel.path)
    assert HEADERS / f"{kernel.contract.name}.h" in found
    assert all(path.parent == HEADERS for path in found)


def text_of(path: Path, seen: set[Path]) -> str:
    """A file with each header of edgeq in the place where it is first included."""

    def header(match: re.Match[str]) -> str:
        found = HEADERS / match[1]
        new = found not in seen
        seen.add(found)
        return text_of(found, seen) if new else ""

    return INCLUDED.sub(header, COMMENT.sub("", path.read_text(encoding="utf-8")))


def is_used_first(header: str, text: str) -> bool:
    """Whether `text` uses the intrinsics of `header` before, or without, its inclusion."""
    use = USED[header].search(text)
    return use is not None and f"#include <{header}.h>" not in text[: use.start()]


@pytest.mark.parametrize(
    "kernel", [k for k in catalog() if intrinsics(k)], ids=lambda k: k.base_symbol
)
def test_intrinsics_are_declared_before_their_first_use(kernel: Kernel) -> None:
    """The tester gives them to every kernel that includes them at all, see `ahead.py`."""
    assert not is_used_first(intrinsics(kernel), text_of(kernel.path, set()))


def test_a_use_before_its_header_is_seen() -> None:
    include, use = "#include <immintrin.h>\n", "__m256i a;\n"
    assert not is_used_first("immintrin", include + use)
    assert is_used_first("immintrin", use + include)
    assert is_used_first("immintrin", use)
