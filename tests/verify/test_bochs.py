"""Programs under Bochs: they read, write, end and fail as under Linux, with AVX-512."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.build.cc import compile_and_link
from edgeq.errors import ToolError
from edgeq.verify.bochs import Ended, bundle, read_packets, run_under_bochs
from tests.tools import need_tool

CFLAGS = ["-O2", "-static", "-mavx512f", "-mavx512vnni"]

DOT = r"""
#include <immintrin.h>
#include <stdio.h>
int main(void)
{
    const __m512i x = _mm512_set1_epi32(0x80ff0201), w = _mm512_set1_epi32(0x807f01ff);
    int sums[16];
    _mm512_storeu_si512(sums, _mm512_dpbusd_epi32(_mm512_set1_epi32(1000), x, w));
    printf("%d %d\n", sums[0], sums[15]);
    return 7;
}
"""

COPY = r"""
#include <stdio.h>
#include <stdlib.h>
int main(void)
{
    FILE *from = fopen("in.bin", "rb"), *to = fopen("out.bin", "wb");
    if (from == NULL || to == NULL || fopen("secret", "rb") != NULL)
        return 1;
    for (int c; (c = fgetc(from)) != EOF;)
        fputc(c ^ 0xff, to);
    for (int c; (c = getchar()) != EOF;)
        putchar(c + 1);
    fprintf(stderr, "done\n");
    free(malloc(3 << 20));
    return fclose(to);
}
"""


@pytest.fixture(autouse=True)
def _bochs() -> None:
    need_tool("bochs")
    need_tool("x86_64-linux-gnu-gcc")


def ended(tmp_path: Path, text: str, given: bytes = b"", names: tuple[str, ...] = ()) -> Ended:
    source = tmp_path / "program.c"
    source.write_text(text, encoding="utf-8")
    program = compile_and_link([source], tmp_path / "program", cflags=CFLAGS)
    return run_under_bochs(program, given, {name: tmp_path / name for name in names})


def test_vnni_is_executed(tmp_path: Path) -> None:
    run = ended(tmp_path, DOT)
    want = 1000 + 0x01 * -1 + 0x02 * 1 + 0xFF * 127 + 0x80 * -128
    assert (run.code, run.written["1"]) == (7, f"{want} {want}\n".encode())
    assert run.instructions > 0


def test_files_go_in_and_out(tmp_path: Path) -> None:
    data = bytes(range(256)) * 700
    (tmp_path / "in.bin").write_bytes(data)
    (tmp_path / "secret").write_bytes(b"not named")
    run = ended(tmp_path, COPY, b"abc", ("in.bin", "not there"))
    assert run.code == 0
    assert run.written["out.bin"] == bytes(b ^ 0xFF for b in data)
    assert (run.written["1"], run.written["2"]) == (b"bcd", b"done\n")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("*(volatile int *)0 = 1;", 139),  # SIGSEGV: page 0
        (
            "volatile char *p = malloc(1 << 20); p[(1 << 20) + 8192] = *p;",
            139,
        ),  # behind what was mapped
        ("static const int a = 1; *(volatile int *)&a = 2;", 139),
        ("__builtin_trap();", 132),  # SIGILL
        ("abort();", 134),
        ("volatile int a = 5, zero = 0; return a / zero;", 136),  # SIGFPE
    ],
)
def test_faults_end_as_signals(tmp_path: Path, body: str, code: int) -> None:
    text = f"#include <stdlib.h>\nint main(void)\n{{\n    {body}\n    return 0;\n}}\n"
    assert ended(tmp_path, text).code == code


def test_what_is_no_program(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + bytes(200))
    run = run_under_bochs(program, b"")
    assert run.code == 126
    assert b"not a static program" in run.written["2"]


def test_there_is_as_much_memory_as_was_asked_for(tmp_path: Path) -> None:
    text = "#include <stdlib.h>\nint main(void) { return malloc(24 << 20) == NULL; }\n"
    source = tmp_path / "program.c"
    source.write_text(text, encoding="utf-8")
    program = compile_and_link([source], tmp_path / "program", cflags=["-O0", "-static"])
    assert [run_under_bochs(program, b"", room=n << 20).code for n in (40, 24)] == [0, 1]
    run = run_under_bochs(program, b"", room=4 << 20)
    assert run.code == 126
    assert b"not enough memory for the stack" in run.written["2"]


def test_a_machine_that_stops_is_an_error() -> None:
    with pytest.raises(ToolError, match="stopped"):
        read_packets(b"Bochs says this and that", "program", "===\n[CPU0] triple fault\n===")


def test_too_large_a_disk_is_an_error(tmp_path: Path) -> None:
    program = tmp_path / "program"
    with program.open("wb") as file:
        file.truncate(1 << 28)
    with pytest.raises(ToolError, match="too large"):
        bundle(program, b"", {})
