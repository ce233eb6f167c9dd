from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edgeq.build.cc import link_program
from edgeq.errors import ToolError
from edgeq.measure import instructions
from edgeq.measure.classes import classify
from edgeq.measure.instructions import Counts, count_instructions, count_plugin, machine_of
from edgeq.measure.trace import count_lines
from edgeq.targets import list_targets, load_target
from tests.tools import need_target, need_tool

COUNTABLE = tuple(
    name for name in list_targets()
    if (firmware := load_target(name).firmware) is not None and firmware.emulator
)  # fmt: skip
BOARDS = tuple(name for name in COUNTABLE if load_target(name).is_board)

# Two instructions per turn on every machine; n is already in the argument's register.
LOOP = """
#include "probe.h"
#include <stdint.h>
#if defined(__arm__)
#define TURN ".syntax unified\\n1: subs %0, #1\\nbne 1b"
#elif defined(__aarch64__)
#define TURN "1: subs %0, %0, #1\\nbne 1b"
#elif defined(__riscv)
#define TURN "1: addi %0, %0, -1\\nbnez %0, 1b"
#else
#define TURN "1: dec %0\\njnz 1b"
#endif
#if defined(__arm__)
#define LOW "+l"
#else
#define LOW "+r"
#endif
#if defined(__clang__)
__attribute__((noinline)) static void loop(uintptr_t n)
#else
__attribute__((noipa)) static void loop(uintptr_t n)
#endif
{
    EQ_MARK_BEGIN();
    __asm__ volatile(TURN : LOW(n) : : "cc");
    EQ_MARK_END();
}
"""


def counted(name: str, folder: Path, text: str) -> Counts:
    target = load_target(name)
    need_target(target)
    path = folder / "program.c"
    path.write_text(text, encoding="ascii")
    elf = link_program([path], folder / "program.elf", target)
    return count_instructions(elf, target, folder)


@pytest.mark.parametrize("name", COUNTABLE)
def test_a_loop_of_known_length_is_counted_exactly(name: str, tmp_path: Path) -> None:
    main = "int main(void)\n{\n    loop(1000);\n    loop(1);\n    loop(23456);\n    return 0;\n}\n"
    counts = counted(name, tmp_path, LOOP + main)
    assert counts.regions == (2000, 2, 46912)
    assert counts.total == 48914
    assert counts.classes["branch"] == counts.classes["other"] == 24457
    assert [sum(region.classes.values()) for region in counts.details] == [2000, 2, 46912]
    assert {name.split(".")[0] for name in counts.functions} == {"loop"}
    assert counts.executed > counts.total


@pytest.mark.parametrize("name", COUNTABLE)
def test_two_runs_count_the_same(name: str, tmp_path: Path) -> None:
    text = LOOP + "int main(void) { loop(77); return 0; }\n"
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (counted(name, tmp_path / each, text) for each in "ab")
    assert first == second or not load_target(name).is_board
    assert first.regions == second.regions == (154,)


def test_functions_and_classes_of_a_region_are_told_apart(tmp_path: Path) -> None:
    text = """
#include "probe.h"
#include <stdint.h>
#define ALONE __attribute__((noinline, naked)) static
ALONE void load_store(const int32_t *x)
{
    __asm__("ldr r1, [r0]\\n push {r1}\\n pop {r1}\\n bx lr");
}
ALONE void multiply(void) { __asm__("smlad r0, r1, r2, r3\\n mla r0, r1, r2, r3\\n bx lr"); }
static const int32_t data[1] = {3};
int main(void)
{
    EQ_MARK_BEGIN();
    load_store(data);
    multiply();
    EQ_MARK_END();
    return 0;
}
"""
    counts = counted("cortex-m4", tmp_path, text)
    assert counts.functions["load_store"] == 4
    assert counts.functions["multiply"] == 3
    assert counts.classes["mac"] == 2
    assert counts.classes["store"] == 1
    assert counts.classes["load"] >= 2
    assert counts.classes["branch"] == 4
    assert counts.classes["vector"] == 0


def test_helium_instructions_are_vector_ones(tmp_path: Path) -> None:
    text = """
#include "probe.h"
#include <stdint.h>
static const int8_t data[16] = {1};
__attribute__((noipa)) static int32_t dot(int32_t sum, const int8_t *x)
{
    EQ_MARK_BEGIN();
    __asm__ volatile("vldrb.u8 q0, [%1]\\n vmlava.s8 %0, q0, q0\\n"
                     : "+Te"(sum) : "l"(x) : "q0", "memory");
    EQ_MARK_END();
    return sum;
}
int main(void)
{
    return dot(0, data) == 1 ? 0 : 1;
}
"""
    counts = counted("cortex-m55", tmp_path, text)
    assert counts.classes["vector"] == 2
    assert counts.total == 2


@pytest.mark.parametrize(
    "body",
    ["EQ_MARK_BEGIN();", "EQ_MARK_END();", "EQ_MARK_BEGIN(); EQ_MARK_BEGIN(); EQ_MARK_END();"],
)
def test_markers_that_do_not_pair_are_an_error(body: str, tmp_path: Path) -> None:
    text = f'#include "probe.h"\nint main(void) {{ {body} return 0; }}\n'
    with pytest.raises(ToolError, match="1 of the program's region markers do not pair"):
        counted("cortex-m4", tmp_path, text)


def test_a_program_without_regions_counts_nothing(tmp_path: Path) -> None:
    counts = counted("cortex-m4", tmp_path, "int main(void) { return 0; }\n")
    assert (counts.total, counts.regions) == (0, ())
    assert counts.executed > 0


def test_a_program_that_fails_is_not_counted(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="exit code 3"):
        counted("cortex-m4", tmp_path, "int main(void) { return 3; }\n")


def test_the_host_cannot_be_counted_and_says_what_can(tmp_path: Path) -> None:
    need_tool("gcc")
    with pytest.raises(ToolError, match="host: has no emulator") as caught:
        counted("host", tmp_path, "int main(void) { return 0; }\n")
    assert "x86-64" in caught.value.fix


def test_a_file_that_is_no_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x7fELF")
    with pytest.raises(ToolError, match="is not a program"):
        machine_of(tmp_path / "x")


@pytest.mark.parametrize("name", COUNTABLE)
def test_without_a_plugin_the_trace_counts_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = LOOP + "int main(void) { loop(500); loop(33); return 0; }\n"
    with_plugin = counted(name, tmp_path, text)
    monkeypatch.setattr(instructions, "count_plugin", lambda: Path("/no/such/plugin.so"))
    traced = counted(name, tmp_path, text)
    assert traced.details == tuple(replace(r, cycles=None) for r in with_plugin.details)
    assert traced.regions == (1000, 66)
    if load_target(name).is_board:  # under Linux the run depends on the environment
        assert traced.executed == with_plugin.executed


def test_without_a_local_compiler_the_trace_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise ToolError("no compiler")

    monkeypatch.setattr(instructions, "count_plugin", missing)
    text = LOOP + "int main(void) { loop(500); return 0; }\n"
    assert counted("cortex-m0", tmp_path, text).regions == (1000,)


def test_a_failing_program_fails_under_the_trace_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instructions, "count_plugin", lambda: Path("/no/such/plugin.so"))
    with pytest.raises(ToolError, match="exit code 3"):
        counted("cortex-m4", tmp_path, "int main(void) { return 3; }\n")


def test_an_instruction_that_qemu_takes_back_counts_once() -> None:
    log = ["Trace 0: 0x7f [0/10/0/0] f\n", "Stopped execution of TB chain before 0x7f [10] f\n",
           "Trace 0: 0x7f [0/10/0/0] f\n", "Trace 0: 0x7f [0/14/0/0] f\n",
           "Trace 0: 0x7f [0/18/0/0] f\n"]  # fmt: skip
    kinds = {0x10: "begin", 0x18: "end"}
    text = count_lines(log, lambda address: kinds.get(address, ""))
    assert text.splitlines() == ["region 0 1", "at 14 1", "unbalanced 0", "executed 1"]


def test_the_plugin_is_built_once_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_tool("gcc")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    count_plugin.cache_clear()
    first = count_plugin()
    stamp = first.stat().st_mtime_ns
    count_plugin.cache_clear()
    assert first.parent == tmp_path / "edgeq"
    assert (count_plugin(), count_plugin().stat().st_mtime_ns) == (first, stamp)
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    count_plugin.cache_clear()


def test_a_cut_off_run_is_not_taken_for_a_count() -> None:
    with pytest.raises(ToolError, match="ended before the counts were written"):
        instructions._read_counts("region 0 5\nat 8000 5\n")


@pytest.mark.parametrize(
    ("machine", "mnemonic", "operands", "expected"),
    [
        ("arm", "ldr.w", "r0, [r1]", "load"), ("arm", "ldmia", "r0!, {r1}", "load"),
        ("arm", "strbne", "r0, [r1]", "store"), ("arm", "push", "{r4}", "store"),
        ("arm", "smlal", "r0, r1, r2, r3", "mac"), ("arm", "smlad", "r0, r1, r2, r3", "mac"),
        ("arm", "mul", "r0, r1", "other"), ("arm", "smull", "r0, r1, r2, r3", "other"),
        ("arm", "bls.n", "80", "branch"), ("arm", "bl", "80", "branch"),
        ("arm", "bic.w", "r0, r1", "other"), ("arm", "le", "lr, 80", "branch"),
        ("arm", "vldr", "s0, [r0]", "load"), ("arm", "vldrb.u8", "q0, [r0]", "vector"),
        ("arm", "vldr", "d0, [r0]", "load"), ("arm", "vadd.i16", "d0, d1, d2", "vector"),
        ("arm", "vadd.f64", "d0, d1, d2", "other"), ("arm", "vmla.f32", "s0, s1, s2", "mac"),
        ("arm", "vctp.8", "r0", "vector"), ("arm", "vpst", "", "vector"),
        ("aarch64", "ldr", "q0, [x0]", "vector"), ("aarch64", "ldrsb", "w0, [x0]", "load"),
        ("aarch64", "smlal", "v0.8h, v1.8b, v2.8b", "vector"),
        ("aarch64", "madd", "w0, w1, w2, w3", "mac"), ("aarch64", "b.ne", "80", "branch"),
        ("aarch64", "bfi", "x0, x1, #1, #2", "other"), ("aarch64", "stp", "x0, x1, [sp]", "store"),
        ("riscv", "lbu", "a0,0(a1)", "load"), ("riscv", "sw", "a0,0(a1)", "store"),
        ("riscv", "sll", "a0,a1,a2", "other"), ("riscv", "li", "a0,1", "other"),
        ("riscv", "beqz", "a0,80", "branch"), ("riscv", "vle8.v", "v0,(a0)", "vector"),
        ("x86_64", "movsbl", "(%rdi),%eax", "load"), ("x86_64", "mov", "%eax,(%rdi)", "store"),
        ("x86_64", "mov", "0x8(%rsp,%rax,4),%eax", "load"), ("x86_64", "jne", "80", "branch"),
        ("x86_64", "vpmaddwd", "%ymm0,%ymm1,%ymm2", "vector"),
        ("x86_64", "add", "$1,%eax", "other"),
    ],
)  # fmt: skip
def test_instructions_have_classes(
    machine: str, mnemonic: str, operands: str, expected: str
) -> None:
    assert classify(machine, mnemonic, operands) == expected
