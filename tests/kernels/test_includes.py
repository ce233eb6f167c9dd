"""Generated projects take exactly the headers that a kernel includes, however it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.errors import KernelError
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.contract import includes
from edgeq.resources import data_root

HEADERS = data_root() / "kernels" / "include" / "edgeq"


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
