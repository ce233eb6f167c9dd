"""Contracts are read from headers, kernels found by path; what breaks a rule is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq.errors import KernelError, TargetError
from edgeq.kernels.catalog import Kernel, catalog, read_kernel
from edgeq.kernels.contract import contracts, directives, is_contract, read_contract
from edgeq.kernels.isa import isas, read_isa
from edgeq.resources import data_root

INCLUDE = data_root() / "kernels" / "include" / "edgeq"
HEADER = """/* toy_s8 -- a contract.
 *
 * @forms double single
 */
#include <stdint.h>

typedef struct {
    int32_t count; /* N >= 1 */
} eq_toy_s8_params;

typedef void eq_toy_s8_fn(const int8_t *x,         /* (N) */
                          const int8_t *restrict w, /* (O, I) */
                          int16_t *y,              /* (N) in [-128, 127] */
                          int32_t *restrict scratch, /* what @scratch asks for */
                          const eq_toy_s8_params *restrict p);
"""
DECLARED = "eq_toy_s8_fn EQ_SYM(eq_toy_s8__ref);\n"


@pytest.fixture
def header(tmp_path: Path) -> Path:
    path = tmp_path / "toy_s8.h"
    path.write_text(HEADER)
    return path


def toy_kernel(header: Path, head: str, rest: str = DECLARED, name: str = "toy_s8.c") -> Kernel:
    source = header.with_name(name)
    source.write_text(f"/* A kernel.\n{head} */\n{rest}")
    return read_kernel(source, isas()["ref"], {"toy_s8": read_contract(header)})


def test_a_header_is_read(header: Path) -> None:
    contract = read_contract(header)
    assert contract.forms == ("double", "single")
    assert contract.fields == ("count",)
    assert [q.name for q in contract.parameters] == ["x", "w", "y", "scratch", "p"]
    assert [q.name for q in contract.pointers] == ["x", "w", "y"]
    assert contract.parameter("w").dims == ("O", "I")
    assert contract.parameter("y").dtype == np.int16
    assert [q.name for q in contract.parameters if q.is_output] == ["y"]
    assert [q.name for q in contract.parameters if not q.const] == ["y", "scratch"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("int32_t count", "float count", "must be int32_t"),
        ("eq_toy_s8_fn", "eq_other_fn", "does not declare"),
        ("eq_toy_s8_params;", "eq_other_params;", "does not declare|is not a contract"),
        ("int16_t *y", "int16_t y", "must be a pointer"),
        ("int16_t *y", "double *y", "not allowed"),
        ("eq_toy_s8_fn(", "eq_toy_s8_fn((", "not a contract header"),
    ],
)
def test_a_broken_header_is_refused(header: Path, old: str, new: str, message: str) -> None:
    header.write_text(HEADER.replace(old, new))
    with pytest.raises(KernelError, match=message):
        read_contract(header)


def test_shared_headers_are_no_contracts() -> None:
    assert not is_contract(INCLUDE / "fixed_point.h")
    assert is_contract(INCLUDE / "fc_s8.h")
    assert "fixed_point" not in contracts()


def test_directives_are_those_of_the_head_comment() -> None:
    text = "/* head\n * @align 16\n * @packs w (o, i)\n * @packs v (o)\n */\n/* @scratch 1 */"
    assert directives(text) == {"align": ["16"], "packs": ["w (o, i)", "v (o)"]}
    assert directives("int x; /* @align 16 */") == {}


def test_a_kernel_is_read(header: Path) -> None:
    head = (
        " * @requires count % 4 == 0\n * @requires acc_bits <= 16\n * @packs w (o/4, i, o%4)\n"
        " * @scratch 4 * count\n * @align 8\n * @inplace x\n"
    )
    kernel = toy_kernel(header, head)
    assert kernel.accepts({"count": 8, "acc_bits": 16})
    assert not kernel.accepts({"count": 7, "acc_bits": 16})
    assert not kernel.accepts({"count": 8, "acc_bits": 17})
    assert kernel.scratch_bytes({"count": 8}) == 32
    assert kernel.packs == (("w", ("o/4", "i", "o%4")),)
    assert (kernel.align, kernel.inplace) == (8, ("x",))
    assert kernel.symbol("double") == "eq_toy_s8__ref_double"


def test_a_tile_is_part_of_the_symbol(header: Path) -> None:
    declared = "eq_toy_s8_fn EQ_SYM(eq_toy_s8__ref_4x8);\n"
    kernel = toy_kernel(header, "", declared, "toy_s8__4x8.c")
    assert kernel.symbol("single") == "eq_toy_s8__ref_4x8_single"


@pytest.mark.parametrize(
    ("head", "rest", "message"),
    [
        ("", "eq_toy_s8_fn eq_toy_s8__ref;\n", "does not declare"),
        ("", "", "does not declare"),
        (" * @fast yes\n", DECLARED, "unknown directive fast"),
        (" * @packs w o, i\n", DECLARED, "is not PARAM"),
        (" * @packs v (o)\n", DECLARED, "no input of toy_s8"),
        (" * @packs y (n)\n", DECLARED, "no input of toy_s8"),
        (" * @inplace y\n", DECLARED, "no input of toy_s8"),
        (" * @rescale fsued\n", DECLARED, "is not fused or odd"),
        (" * @rescale fused\n * @rescale odd\n", DECLARED, "is not fused or odd"),
        (" * @rescale fused\n", DECLARED, "names bias, which is no input of toy_s8"),
    ],
)
def test_a_kernel_that_breaks_a_rule_is_refused(
    header: Path, head: str, rest: str, message: str
) -> None:
    with pytest.raises(KernelError, match=message):
        toy_kernel(header, head, rest)


def test_scratch_needs_a_parameter(header: Path) -> None:
    lines = [line for line in HEADER.splitlines() if "restrict scratch" not in line]
    header.write_text("\n".join(lines))
    with pytest.raises(KernelError, match="no parameter scratch"):
        toy_kernel(header, " * @scratch 16\n")


def test_a_kernel_without_contract_is_refused(header: Path) -> None:
    with pytest.raises(KernelError, match="no contract is called other_s8"):
        toy_kernel(header, "", DECLARED, "other_s8.c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cc = ", "not TOML"),
        ('cc = "gcc"', "missing cflags; missing machine; missing cpuinfo; missing emulator"),
        ('cc = 1\ncflags = []\nmachine = ""\ncpuinfo = []\nemulator = []', "cc must be a str"),
        ('speed = 1\ncc = ""\ncflags = []\nmachine = ""\ncpuinfo = []\nemulator = []', "unknown"),
    ],
)
def test_a_broken_isa_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "isa.toml"
    path.write_text(text)
    with pytest.raises(TargetError, match=message):
        read_isa(path)


def test_every_kernel_file_is_in_the_catalog() -> None:
    files = set((data_root() / "kernels").glob("*/*.c"))
    assert files == {kernel.path for kernel in catalog()}


def test_symbols_are_unique() -> None:
    symbols = [k.symbol(f) for k in catalog() for f in k.contract.forms or ("",)]
    assert len(symbols) == len(set(symbols))


def test_the_portable_set_runs_anywhere() -> None:
    assert isas()["ref"].runs_here()
