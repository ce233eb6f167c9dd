from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.build.cc import link_program
from edgeq.errors import ToolError
from edgeq.targets import Target, list_targets, load_target
from edgeq.verify.emulated import probe_program, run_emulated
from tests.tools import C_WARNINGS, need_target, need_tool

BOARDS = tuple(name for name in list_targets() if load_target(name).is_board)
EMULATED_BOARDS = tuple(n for n in BOARDS if (f := load_target(n).firmware) and f.emulator)
CORTEX_M = tuple(name for name in BOARDS if name.startswith("cortex-m"))

# Initialized, zeroed and constant memory, floating point, reading in two parts.
MIXER = """
#include "probe.h"
#include <stdint.h>
#include <string.h>
static uint8_t key[4] = {0x11, 0x22, 0x33, 0x44};
static uint8_t buffer[1024];
static const uint8_t table[4] = {1, 2, 3, 4};
int main(void)
{
    uint8_t copy[64];
    size_t n = eq_probe_read(buffer, 100);
    n += eq_probe_read(buffer + n, sizeof buffer - n);
    const float half = (float)n * 0.5f;
    for (size_t i = 0; i < n; ++i)
        buffer[i] = (uint8_t)(buffer[i] ^ key[i % 4] ^ table[(i / 4) % 4]);
    memcpy(copy, buffer, sizeof copy);
    memmove(copy + 1, copy, 10);
    memset(copy + 20, (int)half & 255, 4);
    eq_probe_write(copy, sizeof copy);
    eq_probe_write(buffer, n);
    return 0;
}
"""


def mixed(data: bytes) -> bytes:
    key, table = (0x11, 0x22, 0x33, 0x44), (1, 2, 3, 4)
    out = bytes(b ^ key[i % 4] ^ table[(i // 4) % 4] for i, b in enumerate(data))
    copy = bytearray(out[:64])
    copy[1:11] = copy[0:10]
    copy[20:24] = bytes([len(data) // 2 & 255]) * 4
    return bytes(copy) + out


def source(folder: Path, text: str) -> Path:
    path = folder / "program.c"
    path.write_text(text, encoding="ascii")
    return path


def built(name: str, folder: Path, text: str) -> tuple[Path, Target]:
    target = load_target(name)
    need_target(target)
    return link_program([source(folder, text)], folder / "program.elf", target), target


@pytest.mark.parametrize("name", list_targets())
def test_a_probe_turns_bytes_into_bytes(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    need_target(target)
    data = bytes((7 * i + 3) & 255 for i in range(777))
    assert probe_program(target, [source(tmp_path, MIXER)], data, extra=C_WARNINGS) == mixed(data)


@pytest.mark.parametrize("name", list_targets())
def test_output_and_exit_code_come_through(name: str, tmp_path: Path) -> None:
    body = 'eq_probe_print("one\\n"); printf("two %d\\n", 2); return 7;'
    text = f'#include "probe.h"\n#include <stdio.h>\nint main(void) {{ {body} }}\n'
    elf, target = built(name, tmp_path, text)
    run = run_emulated(elf, target, tmp_path)
    assert (run.exit_code, run.stdout) == (7, "one\ntwo 2\n")
    with pytest.raises(ToolError, match="exit code 7") as caught:
        run.require_success()
    assert "two 2" in caught.value.why
    assert str(elf) in caught.value.fix


@pytest.mark.parametrize("name", list_targets())
def test_an_empty_input_is_read_as_nothing(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    need_target(target)
    text = ('#include "probe.h"\nint main(void)\n{\n    char c;\n'
            "    return eq_probe_read(&c, 1) == 0 ? 0 : 1;\n}\n")  # fmt: skip
    assert probe_program(target, [source(tmp_path, text)], b"") == b""


@pytest.mark.parametrize("name", EMULATED_BOARDS)
def test_all_memory_that_a_board_states_is_there(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    text = """
#include "probe.h"
#include <stdint.h>
static uint8_t ram[RAM];
static const uint8_t constants[FLASH] = {[0] = 3, [FLASH - 1] = 5};
int main(void)
{
    volatile uint8_t *const p = ram;
    const volatile uint8_t *const flash = constants;
    for (uint32_t i = 0; i < RAM; ++i)
        p[i] = (uint8_t)(i ^ (i >> 8) ^ (i >> 16));
    for (uint32_t i = 0; i < RAM; ++i)
        if (p[i] != (uint8_t)(i ^ (i >> 8) ^ (i >> 16)))
            return 1;
    return flash[0] == 3 && flash[FLASH / 2] == 0 && flash[FLASH - 1] == 5 ? 0 : 2;
}
"""
    flash = max(m.bytes for m in target.memory if m.kind == "flash") - 32_768
    sizes = f"#define RAM {target.ram_bytes - 2048}u\n#define FLASH {flash}\n"
    elf, target = built(name, tmp_path, sizes + text)
    assert run_emulated(elf, target, tmp_path).exit_code == 0


@pytest.mark.parametrize("name", CORTEX_M)
def test_a_fault_prints_its_registers(name: str, tmp_path: Path) -> None:
    text = "int main(void) { return *(volatile int *)0xF0000000u; }\n"
    if name == "cortex-m0":  # this board answers at every address, and has no fault registers
        text = 'int main(void) { __asm__("udf #1"); return 0; }\n'
    elf, target = built(name, tmp_path, text)
    run = run_emulated(elf, target, tmp_path)
    assert run.exit_code == 99
    assert run.stdout.startswith("FAULT CFSR 0x")
    assert "BFAR 0xf0000000" in run.stdout or name == "cortex-m0"
    with pytest.raises(ToolError, match="a processor fault"):
        run.require_success()


def test_a_trap_of_riscv_prints_its_registers(tmp_path: Path) -> None:
    text = "int main(void) { return *(volatile int *)0xF0000000u; }\n"
    elf, target = built("riscv32", tmp_path, text)
    run = run_emulated(elf, target, tmp_path)
    assert run.exit_code == 99
    assert run.stdout.startswith("FAULT mcause 0x00000005 mtval 0xf0000000 mepc 0x80")


def test_a_program_that_never_ends_is_ended(tmp_path: Path) -> None:
    elf, target = built("cortex-m4", tmp_path, "int main(void) { for (;;) {} }\n")
    with pytest.raises(ToolError, match="was not done after 1 s"):
        run_emulated(elf, target, tmp_path, timeout=1)


def test_a_missing_emulator_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError) as caught:
        run_emulated(tmp_path / "a.elf", load_target("cortex-m4"), tmp_path)
    assert "the emulator 'qemu-system-arm' is not installed" in caught.value.text()
    assert caught.value.fix == "apt-get install qemu-system-arm"


def test_old_output_is_not_taken_for_new(tmp_path: Path) -> None:
    need_tool("gcc")
    (tmp_path / "probe.out").write_bytes(b"stale")
    program = source(tmp_path, "int main(void) { return 0; }\n")
    assert probe_program(load_target("host"), [program], b"", workdir=tmp_path) == b""


def test_a_folder_without_a_program_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be started"):
        run_emulated(tmp_path / "none", load_target("host"), tmp_path)
