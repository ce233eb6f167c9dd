from __future__ import annotations

import platform
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from edgeq.errors import TargetError
from edgeq.kernels import isa
from edgeq.targets import linker_script, list_targets, load_target
from edgeq.targets.target import emulated, own_target, target_folder

GOOD = """
isa = ["ref"]
cc = "gcc"
cflags = []
align = 16
[[memory]]
name = "ram"
kind = "ram"
origin = 0
bytes = 1024
rank = 0
"""


@pytest.fixture(autouse=True)
def _fresh_targets() -> Iterator[None]:
    own_target.cache_clear()
    yield
    own_target.cache_clear()


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("name", list_targets())
def test_every_target_loads_and_names_files_that_exist(name: str) -> None:
    target = load_target(name)
    assert target.name == name
    assert target.isa[-1] == "ref"
    assert target.ram_bytes > 0
    assert target.firmware is not None
    assert all(path.is_file() for path in target.firmware.startup)


@pytest.mark.parametrize("name", list_targets())
def test_memories_of_a_target_do_not_overlap(name: str) -> None:
    spans = sorted((m.origin, m.origin + m.bytes) for m in load_target(name).memory)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_a_target_without_an_emulator_runs_on_one_of_its_instruction_sets() -> None:
    stand_ins = {t.name: emulated(t) for t in map(load_target, list_targets()) if t.firmware
                 and t.firmware.stand_in}  # fmt: skip
    assert {"stm32f4", "rp2040", "ra8m1"} <= set(stand_ins)
    for name, machine in stand_ins.items():
        assert machine.name == name
        assert machine.isa == load_target(name).isa
        assert machine.firmware is not None
        assert machine.firmware.emulator
        assert machine.memory == load_target(machine.firmware.cpu).memory


def test_boards_state_the_memory_of_the_emulated_board() -> None:
    sizes = {name: (load_target(name).flash_bytes, load_target(name).ram_bytes)
             for name in ("cortex-m0", "cortex-m4", "cortex-m55")}  # fmt: skip
    assert sizes == {
        "cortex-m0": (262_144, 16_384),
        "cortex-m4": (4_194_304, 4_194_304),
        "cortex-m55": (524_288 + 2_097_152, 2_097_152),
    }


def test_a_target_under_linux_has_no_flash_and_no_linker_script() -> None:
    target = load_target("raspberry-pi-4")
    assert target.flash_bytes is None
    assert not target.is_board
    with pytest.raises(TargetError, match="raspberry-pi-4: has no linker script"):
        linker_script(target)


def test_an_unknown_target_lists_the_nearest_and_all() -> None:
    with pytest.raises(TargetError) as caught:
        load_target("cortex-m44")
    text = caught.value.text()
    assert "there is no target 'cortex-m44'" in text
    assert "did you mean cortex-m4" in text
    assert all(name in text for name in list_targets())


@pytest.mark.parametrize("name", ["", "../kernels/ref/isa", "cortex-m4\0", "/etc/passwd"])
def test_a_strange_name_is_no_target(name: str) -> None:
    with pytest.raises(TargetError, match="there is no target"):
        load_target(name)


def test_a_file_of_the_users_own_is_a_target(tmp_path: Path) -> None:
    target = load_target(written(tmp_path, GOOD))
    assert (target.name, target.isa, target.align) == ("mine", ("ref",), 16)
    assert target.firmware is None


def test_a_file_of_the_users_own_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    assert load_target(written(tmp_path, GOOD)).align == 16
    assert load_target(written(tmp_path, GOOD.replace("align = 16", "align = 4"))).align == 4


def test_an_unknown_instruction_set_lists_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        TargetError, match=r"mine\.toml: no instruction set is called avx9"
    ) as caught:
        load_target(written(tmp_path, GOOD.replace('["ref"]', '["avx9", "neon", "ref"]')))
    assert all(name in caught.value.fix for name in ("avx2", "neon", "ref"))


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"none\.toml: cannot be read"):
        load_target(str(tmp_path / "none.toml"))


def test_a_file_that_is_not_toml_says_so(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"mine\.toml: is not TOML"):
        load_target(written(tmp_path, "isa = ["))


def test_every_wrong_key_is_listed_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('cc = "gcc"', 'compiler = "gcc"').replace("rank = 0", "speed = 0")
    with pytest.raises(TargetError) as caught:
        load_target(written(tmp_path, text.replace('kind = "ram"', 'kind = "rom"')))
    message = caught.value.text()
    for part in ("missing cc", "unknown compiler", "missing memory[0].rank",
                 "unknown memory[0].speed", 'memory[0].kind must be "ram" or "flash"',
                 "keys are isa, cc, cflags, align, memory, description, firmware"):  # fmt: skip
        assert part in message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('["ref"]', "[]", 'isa must name each instruction set once and end with "ref"'),
        ('["ref"]', '["ref", "neon"]', "isa must name"),
        ('["ref"]', '"ref"', "isa must be a list of strings"),
        ("cflags = []", "cflags = [1]", "cflags must be a list of strings"),
        ("align = 16", "align = 24", "align must be a power of two"),
        ("align = 16", "align = true", "align must be a power of two"),
        ("bytes = 1024", "bytes = 0", r"memory\[0\].bytes must be a whole number, 1 or more"),
        ("origin = 0", "origin = -1", r"memory\[0\].origin must be a whole number, 0 or more"),
        ('name = "ram"', 'name = "} EVIL"', r"memory\[0\].name must be a name"),
        ("[[memory]]", "[[memory]]\n[[memory]]", "memory must have distinct names|missing"),
        ("[[memory]]", "firmware = 3\n[[memory]]", "firmware must be a table"),
    ],
)
def test_a_senseless_value_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(TargetError, match=reason):
        load_target(written(tmp_path, GOOD.replace(old, new, 1)))


def test_a_target_without_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="missing memory"):
        load_target(written(tmp_path, GOOD.partition("[[memory]]")[0]))


def test_a_firmware_file_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    firmware = '[firmware]\nstartup = ["no.c"]\nldflags = []\nemulator = []\ncpu = "x"\n'
    with pytest.raises(TargetError, match=r"names the file 'no\.c', which does not exist"):
        load_target(written(tmp_path, GOOD + firmware))


def test_a_users_board_may_use_its_own_files_and_edgeqs(tmp_path: Path) -> None:
    (tmp_path / "start.c").write_text("", encoding="ascii")
    firmware = ('[firmware]\nstartup = ["start.c", "boards/linux_io.c"]\nldflags = []\n'
                'emulator = []\ncpu = "x"\n')  # fmt: skip
    target = load_target(written(tmp_path, GOOD + firmware))
    assert target.firmware is not None
    assert target.firmware.startup == (
        tmp_path / "start.c",
        target_folder() / "boards" / "linux_io.c",
    )


@pytest.mark.parametrize(
    ("machine", "flags", "expected"),
    [
        ("x86_64", frozenset({"sse2", "avx2", "fma"}), ("avx2", "ref")),
        ("x86_64", frozenset({"sse2", "avx2"}), ("ref",)),
        ("x86_64", frozenset({"sse2"}), ("ref",)),
        ("aarch64", frozenset({"asimd"}), ("neon", "ref")),
        ("riscv64", frozenset[str](), ("ref",)),
    ],
)
def test_the_host_has_the_instruction_sets_of_its_cpu(
    monkeypatch: pytest.MonkeyPatch,
    machine: str,
    flags: frozenset[str],
    expected: tuple[str, ...],
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(isa, "cpu_flags", lambda: flags)
    target = load_target("host")
    assert target.isa == expected
    assert ("-mavx2" in target.cflags) == ("avx2" in expected)
    assert "-static" not in target.cflags


def test_the_linker_script_places_code_in_fast_flash_and_constants_in_slow() -> None:
    script = linker_script(load_target("cortex-m55"))
    assert "itcm (rx) : ORIGIN = 0x10000000, LENGTH = 524288" in script
    assert 'REGION_ALIAS("CODE", itcm)' in script
    assert 'REGION_ALIAS("CONSTANTS", ssram)' in script
    assert 'REGION_ALIAS("DATA", ram)' in script
