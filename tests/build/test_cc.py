from __future__ import annotations

import ctypes
import platform
from pathlib import Path

import pytest

from edgeq.build.cc import (
    PACKAGES,
    binutil,
    compile_and_link,
    find_compiler,
    link_program,
    run_tool,
)
from edgeq.build.sizes import section_sizes
from edgeq.errors import ToolError
from edgeq.targets import list_targets, load_target
from edgeq.targets.target import target_folder
from tests.tools import C_WARNINGS, need_target, need_tool


def c_file(folder: Path, text: str, name: str = "a.c") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_missing_compiler_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError) as caught:
        find_compiler("arm-none-eabi-gcc")
    assert "the compiler 'arm-none-eabi-gcc' is not installed" in caught.value.text()
    assert "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi" in caught.value.fix


def test_another_local_compiler_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "clang"
    fake.write_text("#!/bin/sh\n", encoding="ascii")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_compiler("gcc") == fake
    assert find_compiler(f"{platform.machine()}-linux-gnu-gcc") == fake
    with pytest.raises(ToolError, match="is not installed"):
        find_compiler("arm-none-eabi-gcc")


@pytest.mark.parametrize("name", list_targets())
def test_the_package_of_every_targets_tools_is_known(name: str) -> None:
    target = load_target(name)
    assert target.cc in PACKAGES
    assert target.firmware is not None
    assert all(tool in PACKAGES for tool in target.firmware.emulator[:1])


def test_a_failing_compiler_shows_command_and_reason(tmp_path: Path) -> None:
    need_tool("gcc")
    source = c_file(tmp_path, "int main(void) { return missing; }\n")
    with pytest.raises(ToolError) as caught:
        compile_and_link([source], tmp_path / "a.out", cflags=["-std=c11"])
    assert "failed with exit code 1" in caught.value.text()
    assert "missing" in caught.value.why
    assert f"-std=c11 -o {tmp_path / 'a.out'} {source}" in caught.value.fix


def test_a_path_with_spaces_and_shell_characters_is_only_a_path(tmp_path: Path) -> None:
    need_tool("gcc")
    folder = tmp_path / "a b; $(touch x) 'q'"
    folder.mkdir()
    source = c_file(folder, "int main(void) { return 0; }\n")
    assert compile_and_link([source], folder / "out").is_file()
    assert not (tmp_path / "x").exists()


def test_a_shared_library_can_be_called(tmp_path: Path) -> None:
    need_tool("gcc")
    source = c_file(tmp_path, '#include "three.h"\nint add3(int x) { return x + THREE; }\n')
    (tmp_path / "inc").mkdir()
    c_file(tmp_path / "inc", "#define THREE 3\nint add3(int x);\n", "three.h")
    library = compile_and_link(
        [source], tmp_path / "liba.so", target=load_target("host"), shared=True,
        include=[tmp_path / "inc"], extra=C_WARNINGS,
    )  # fmt: skip
    assert ctypes.CDLL(str(library)).add3(4) == 7


def test_files_may_have_flags_of_their_own(tmp_path: Path) -> None:
    need_tool("gcc")
    text = "int NAME(void);\nint NAME(void) { return VALUE; }\n"
    first, second = (c_file(tmp_path, text, f"{name}.c") for name in "ab")
    library = compile_and_link(
        [first, second], tmp_path / "liba.so", shared=True, cflags=["-DVALUE=1", "-DNAME=one"],
        own_flags={second: ["-UVALUE", "-DVALUE=2", "-UNAME", "-DNAME=two"]}, extra=C_WARNINGS,
    )  # fmt: skip
    loaded = ctypes.CDLL(str(library))
    assert (loaded.one(), loaded.two()) == (1, 2)


def test_a_tool_that_hangs_is_ended() -> None:
    with pytest.raises(ToolError, match=r"sleep was not done after 0\.2 s"):
        run_tool(["sleep", "30"], timeout=0.2)


def test_a_tool_that_cannot_start_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be started"):
        run_tool([str(tmp_path)], timeout=1)


@pytest.mark.parametrize("name", list_targets())
def test_board_sources_compile_without_a_warning(name: str, tmp_path: Path) -> None:
    target = load_target(name)
    need_target(target)
    source = c_file(tmp_path, "int main(void)\n{\n    return 0;\n}\n")
    assert link_program([source], tmp_path / "a.elf", target, extra=C_WARNINGS).is_file()


@pytest.mark.parametrize("cc", ["gcc", "clang-19"])
@pytest.mark.parametrize("path", ["boards/linux_io.c", "qemu/insn_count.c"])
def test_host_sources_compile_without_a_warning(cc: str, path: str, tmp_path: Path) -> None:
    need_tool(cc)
    flags = ["-O2", "-std=c11", "-c", *C_WARNINGS]
    source = target_folder() / path
    assert compile_and_link([source], tmp_path / "a.o", cc=cc, cflags=flags).is_file()


def test_a_program_too_large_for_ram_does_not_link(tmp_path: Path) -> None:
    target = load_target("cortex-m0")
    need_target(target)
    text = "static volatile char big[15700];\nint main(void) { return big[0]; }\n"
    with pytest.raises(ToolError, match="less than 1 KB of RAM is left for the stack"):
        link_program([c_file(tmp_path, text)], tmp_path / "a.elf", target)


def test_sizes_are_told_apart_by_kind(tmp_path: Path) -> None:
    target = load_target("cortex-m4")
    need_target(target)
    text = ("extern const char constants[1000];\nconst char constants[1000] = {1};\n"
            "extern char zeroed[300];\nchar zeroed[300];\n"
            "extern char filled[20];\nchar filled[20] = {1};\n"
            'int code(void);\nint code(void) { __asm__(".space 400"); return 1; }\n')  # fmt: skip
    out = compile_and_link([c_file(tmp_path, text)], tmp_path / "a.o", target=target,
                           extra=["-c"])  # fmt: skip
    sizes = section_sizes([out], target.cc)
    assert 400 < sizes.pop("text") < 420
    assert sizes == {"rodata": 1000, "data": 20, "bss": 300}
    assert section_sizes([out, out], target.cc)["rodata"] == 2000


def test_the_toolchain_has_its_own_binutils() -> None:
    need_tool("arm-none-eabi-gcc")
    assert binutil("arm-none-eabi-gcc", "objdump").name.endswith("objdump")
    assert "arm-none-eabi" in str(binutil("arm-none-eabi-gcc", "objdump"))
