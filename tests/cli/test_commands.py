"""Every command does its work, and its JSON has the keys that scripts rely on."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from edgeq._version import __version__
from edgeq.demo import test_data as demo_data
from edgeq.kernels.catalog import Kernel
from edgeq.ops.base import all_ops
from edgeq.targets import list_targets, load_target
from tests.cli.conftest import Run
from tests.tools import need_target, need_tool


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"edgeq {__version__}\n"
    commands = ("demo", "analyze", "quantize", "compile", "verify", "evaluate", "bench",
                "tune", "targets", "ops")  # fmt: skip
    said = run("--help")
    assert said.code == 0
    assert all(name in said.out for name in commands)
    assert all("--json" in run(name, "--help").out for name in commands)


def test_a_bare_command_shows_the_help(run: Run) -> None:
    assert run().out == run("--help").out


def test_analyze_shows_layers_and_totals(run: Run, digits: Path) -> None:
    need_target(load_target("cortex-m4"))
    said = run("analyze", digits, "--target", "cortex-m4")
    assert said.code == 0
    for word in ("conv_2d_0", "1x8x8x12", "eq_conv2d_s8", "MACs", "arena", "stack", "flash", "yes"):
        assert word in said.out


def test_analyze_json(run: Run, digits: Path) -> None:
    need_target(load_target("cortex-m4"))
    found = run("analyze", digits, "-t", "cortex-m4", "--json").json
    assert found["problems"] == []
    assert found["macs"] == sum(layer["macs"] for layer in found["layers"]) > 0
    assert 0 < found["arena_lower_bound"] <= found["arena_bytes"]
    assert found["scratch_bytes"] <= found["arena_bytes"]
    assert found["constant_bytes"] > 0 < found["code_bytes"]
    assert found["stack_bytes"] > 0
    assert found["layers"][0]["op"] == "conv_2d"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A target with 1 KB of RAM."""
    text = (Path(__file__).parents[2] / "targets" / "cortex-m0.toml").read_text(encoding="utf-8")
    assert load_target("cortex-m0").ram_bytes == 16_384
    path = tmp_path / "tiny.toml"
    path.write_text(text.replace("bytes = 16_384", "bytes = 1_024"), encoding="utf-8")
    assert load_target(str(path)).ram_bytes == 1_024
    return path


def test_analyze_finds_what_does_not_fit(run: Run, digits: Path, tiny: Path) -> None:
    said = run("analyze", digits, "-t", tiny, "--json")
    assert said.code == 1
    assert said.json["arena_bytes"] > 1_024
    assert "bytes of RAM" in said.json["problems"][0]
    assert "conv_2d" in said.json["problems"][0]


def test_analyze_shows_by_how_much_it_does_not_fit(run: Run, digits: Path, tiny: Path) -> None:
    said = run("analyze", digits, "-t", tiny)
    assert re.search(r"RAM +1,024 +[\d,]+ +\d{3} % +no", said.out)


@pytest.mark.parametrize("command", ["verify", "bench"])
def test_what_does_not_fit_is_not_run(run: Run, digits: Path, tiny: Path, command: str) -> None:
    said = run(command, digits, "-t", tiny)
    assert said.code == 1
    assert "more than the 1,024 of tiny" in said.err
    assert "conv_2d" in said.err


def test_compile_writes_a_folder_and_lists_it(run: Run, digits: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    found = run("compile", digits, "-t", "cortex-m4", "-o", folder, "--name", "net", "--json").json
    written = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert found["files"] == written
    assert {"net.h", "net.c", "net_selftest.c", "manifest.json"} <= set(written)
    assert found["arena_bytes"] > 0 < found["constant_bytes"]
    assert f"#define NET_ARENA_BYTES {found['arena_bytes']}\n" in (folder / "net.h").read_text()


def test_compile_prints_what_it_wrote(run: Run, digits: Path, tmp_path: Path) -> None:
    said = run("compile", digits, "-o", tmp_path / "out", "--io", "pointers")
    assert said.code == 0
    assert "digits_int8.h" in said.out
    assert "arena" in said.out
    assert "digits_int8_io" in (tmp_path / "out" / "digits_int8.h").read_text()


def test_compile_takes_float_inputs(run: Run, digits: Path, tmp_path: Path) -> None:
    assert run("compile", digits, "-o", tmp_path / "out", "--io-dtype", "float32").code == 0
    assert "float *" in (tmp_path / "out" / "digits_int8.h").read_text()


def test_compile_twice_into_its_own_folder(run: Run, digits: Path, tmp_path: Path) -> None:
    words = ("compile", digits, "-o", tmp_path / "out")
    assert run(*words).code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert run(*words).code == 0
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_verify_numpy_and_c(run: Run, digits: Path) -> None:
    need_tool("gcc")
    found = run("verify", digits, "--samples", 4, "--json")
    assert found.code == 0
    assert found.json["ok"] is True
    assert (found.json["samples"], found.json["differing_bytes"]) == (4, 0)
    assert found.json["first_difference"] is None
    assert (found.json["against"], found.json["target"]) == ("", "host")


@pytest.mark.parametrize("against", ["tflm", "litert"])
def test_verify_against_an_oracle_on_the_users_data(
    run: Run, digits: Path, tmp_path: Path, against: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(against)
    x, y = demo_data()
    np.savez(tmp_path / "digits.npz", x=x[:7], y=y[:7])
    data = tmp_path / "digits.npz"
    found = run("verify", digits, "--against", against, "--data", data, "--json").json
    assert found["ok"] is True
    assert (found["samples"], found["numerics"]) == (7, against)
    assert found["oracle_tensors"] == found["computed_tensors"] == 12


def test_verify_against_litert_default_promises_nothing(
    run: Run, digits: Path, litert: object
) -> None:
    del litert
    words = ("verify", digits, "--against", "litert-default", "--samples", 20)
    found = run(*words, "--json")
    assert found.code == 0
    far = found.json["distance"]
    assert far["samples"] == 20
    assert 0 < far["equal"] < far["elements"] == 200  # XNNPACK rounds in float
    assert far["largest"] >= 1
    assert "no bytes are promised" in run(*words).out


def plant_fault(monkeypatch: pytest.MonkeyPatch, contract: str) -> None:
    """Let kernels of a contract, which end with the function they are for, spoil a byte."""
    emit = importlib.import_module("edgeq.codegen.emit")
    real = emit.kernel_text

    def faulty(kernel: Kernel, form: str) -> str:
        text: str = real(kernel, form)
        if kernel.contract.name != contract:
            return text
        body, brace, rest = text.rpartition("}")
        assert rest.strip() == ""
        return f"{body}    y[0] = (int8_t)(y[0] ^ 64);\n{brace}{rest}"

    monkeypatch.setattr(emit, "kernel_text", faulty)


@pytest.mark.parametrize("target", ["host", "cortex-m4"])
def test_verify_names_the_first_node_that_differs(
    run: Run, digits: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    need_target(load_target(target))
    plant_fault(monkeypatch, "maxpool_s8")
    words = ("verify", digits, "--samples", 2, "-t", target)
    found = run(*words, "--json")
    assert found.code == 1
    assert found.json["ok"] is False
    assert found.json["differing_bytes"] > 0
    first = found.json["first_difference"]
    assert (first["op"], first["sides"]) == ("max_pool_2d", "numpy, C")
    assert first["kernel"].startswith("eq_maxpool_s8__")
    said = run(*words)
    assert said.code == 1
    assert "max_pool_2d_3" in said.out
    assert "eq_maxpool_s8__" in said.out


def test_bench_on_this_machine(run: Run, digits: Path) -> None:
    need_tool("gcc")
    found = run("bench", digits, "--json").json
    assert found["target"] == "host"
    assert 0 < found["low_us"] <= found["median_us"] <= found["high_us"]
    assert found["instructions"] is None
    assert all(layer["median_us"] > 0 for layer in found["layers"])
    assert found["peers"] == {}


def test_bench_in_turns_with_litert(run: Run, digits: Path, litert: object) -> None:
    del litert
    need_tool("gcc")
    said = run("bench", digits, "--against", "litert")
    assert said.code == 0
    assert "ours / theirs" in said.out


def test_bench_counts_under_emulation(run: Run, digits: Path) -> None:
    need_target(load_target("cortex-m4"))
    found = run("bench", digits, "-t", "cortex-m4", "--json").json
    assert found["instructions"] > 100_000
    assert found["median_us"] is None
    assert sum(found["classes"].values()) == found["instructions"]


def test_targets_are_those_of_the_files(run: Run) -> None:
    found = run("targets", "--json").json["targets"]
    assert [row["name"] for row in found] == list(list_targets())
    assert all(row["isa"][-1] == "ref" and row["ram_bytes"] > 0 for row in found)
    said = run("targets").out
    assert all(name in said for name in list_targets())


def test_ops_are_those_of_the_files(run: Run) -> None:
    found = run("ops", "--json").json
    assert [row["name"] for row in found["ops"]] == sorted(all_ops())
    assert all(row["means"] for row in found["ops"])
    assert "CONV_2D" in found["reads"][".tflite"]
    if importlib.util.find_spec("onnx"):
        assert {"Conv", "com.microsoft.QLinearAdd"} <= set(found["reads"][".onnx"])
    assert all(sentence.endswith(".") for rule in found["rules"].values() for sentence in rule)
    assert "Every tensor that something names exists." in run("ops").out


def test_json_is_all_that_is_on_stdout(run: Run, digits: Path, tmp_path: Path) -> None:
    need_tool("gcc")
    for words in (
        ("analyze", digits), ("compile", digits, "-o", tmp_path / "out"), ("targets",), ("ops",),
        ("verify", digits, "--samples", 1), ("analyze", "missing.tflite"), ("nonsense",),
    ):  # fmt: skip
        said = run(*words, "--json")
        assert isinstance(json.loads(said.out), dict)


@pytest.fixture
def fat(tmp_path: Path) -> Path:
    """A fat target of the user's own, of two levels."""
    text = (Path(__file__).parents[2] / "targets" / "x86-64.toml").read_text(encoding="utf-8")
    path = tmp_path / "fat.toml"
    path.write_text(re.sub("levels = .*", 'levels = ["x86-64-avx2"]', text), encoding="utf-8")
    return path


def test_a_fat_target_tells_the_budget_of_each_level(run: Run, digits: Path, fat: Path) -> None:
    said = run("analyze", digits, "--target", fat)
    assert "levels, of which" in said.out
    assert re.search(r" avx2 +[\d,]+ .* ref +[\d,]+ ", said.out, re.DOTALL)


def test_every_level_is_verified_and_timed(run: Run, digits: Path, fat: Path) -> None:
    need_tool("gcc")
    verified = run("verify", digits, "--target", fat, "--samples", 2, "--json").json
    assert verified["ok"]
    assert verified["levels"][-1] == "ref"
    benched = run("bench", digits, "--target", fat, "--json").json
    assert list(benched["levels"]) == verified["levels"]
    assert all(took > 0 for took in benched["levels"].values())


def test_targets_tells_the_levels(run: Run) -> None:
    rows = {row["name"]: row for row in run("targets", "--json").json["targets"]}
    assert rows["x86-64"]["levels"][-1] == "x86-64-avx2"
    assert "avx2 or ref" in run("targets").out


def test_tune_measures_and_writes_a_table(run: Run, tmp_path: Path) -> None:
    if len(load_target("host").isa) == 1:
        pytest.skip("this CPU has the portable kernels alone")
    path = tmp_path / "costs.toml"
    words = ("tune", "--kernels", "eq_add_s8__", "--seconds", "0.0000001", "--out", path)
    found = run(*words, "--json").json
    assert found["file"] == str(path)
    assert len(found["sha256"]) == 64
    assert {"machine", "date", "command"} <= found["made"].keys()
    assert "eq_add_s8__ref" in {row["kernel"] for row in found["kernels"]}
    assert "eq_add_s8__ref" in run(*words).out


def test_tune_refuses_other_machines(run: Run) -> None:
    said = run("tune", "--target", "cortex-m4", "--json")
    assert said.code == 2
    assert said.json["kernels"] == []
    assert "cortex-m4 cannot be measured here" in said.err
    assert "Traceback" not in said.err


def test_analyze_says_what_decided_for_a_kernel(run: Run, digits: Path) -> None:
    found = run("analyze", digits, "--target", "x86-64-avx2", "--json").json
    assert found["costs"].startswith("avx2/costs.toml ")
    reasons = {layer["chosen_by"] for layer in found["layers"] if layer["kernel"] != "none"}
    assert "table" in reasons
    assert "chosen by" in run("analyze", digits, "--target", "x86-64-avx2").out


def test_a_malformed_table_of_costs_is_one_error(run: Run, digits: Path) -> None:
    from edgeq.kernels.costs import cached_table

    cached_table().parent.mkdir(parents=True)
    cached_table().write_text("[made]\n", encoding="utf-8")
    said = run("compile", digits, "--target", "host", "-o", "out")
    assert said.code == 2
    assert said.err.count("error:") == 1
    assert "is no table of costs" in said.err
