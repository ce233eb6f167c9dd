"""Fitting costs, and measuring kernels from the layer to the table that the plan reads."""

from __future__ import annotations

from errno import ENOSPC
from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline
from edgeq.build.host import HostModel
from edgeq.errors import KernelError, OutputError, UsageError
from edgeq.kernels.catalog import catalog
from edgeq.kernels.costs import CostTable, cached_table, read_costs
from edgeq.measure import tune as measured
from edgeq.measure.fit import fit, relative_error
from edgeq.measure.grid import calls, layers
from edgeq.numerics.profile import Profile
from edgeq.ops.base import all_ops, op_of_contract
from edgeq.passes import prepare
from edgeq.plan import Plan, make_plan
from edgeq.targets import load_target
from edgeq.verify.compare import random_samples
from tests.graphs import image

TINY = 1e-7  # seconds of a block: one run
KERNELS = "eq_fc_s8__"


def test_a_fit_finds_the_factors_that_made_the_times(rng: np.random.Generator) -> None:
    amounts = rng.integers(1, 1000, (30, 6))
    factors = np.array([0, 2.5, 0, 0.01, 0, 40])
    times = amounts @ factors
    np.testing.assert_allclose(fit(amounts, times), factors, rtol=1e-9)
    assert relative_error(amounts, times, factors) == 0


def test_factors_are_never_negative(rng: np.random.Generator) -> None:
    amounts = rng.integers(1, 1000, (30, 3))
    times = amounts @ np.array([5.0, -1.0, 5.0])
    found = fit(amounts, times)
    assert (found >= 0).all()
    assert found.any()


def test_relative_errors_count_small_shapes_as_much_as_large() -> None:
    found = fit(np.array([[1], [1000]]), np.array([2.0, 1000.0]))
    assert 1 < found[0] < 2  # plain least squares would say 1.000001


def test_equal_and_empty_amounts_do_not_confuse_a_fit() -> None:
    amounts = np.array([[1, 0, 1], [2, 0, 2], [5, 0, 5]])
    np.testing.assert_allclose(fit(amounts, np.array([3.0, 6.0, 15.0])), [3, 0, 0])


def test_the_layers_reach_their_contracts_and_nothing_else() -> None:
    found = {call.contract for graph in layers(all_ops()) for call in calls(graph)}
    assert found >= {"conv2d_s8", "conv2d_s8zw", "depthwise_s16s8", "fc_s8s4", "add_s8"}
    assert found <= op_of_contract().keys()


@pytest.fixture
def tuned(tmp_path: Path) -> Path:
    path = tmp_path / "costs.toml"
    pipeline.tune(out=path, kernels=KERNELS, seconds=TINY, command="edgeq tune")
    return path


@pytest.mark.skipif(
    len(load_target("host").isa) == 1, reason="this CPU has the portable kernels alone"
)
class TestOnThisMachine:
    def test_a_table_holds_every_variant_that_runs_here(self, tuned: Path) -> None:
        table = read_costs(tuned, "")
        host = load_target("host")
        competing = {k.base_symbol for k in catalog()
                     if k.contract.name == "fc_s8" and k.isa.name in host.isa}  # fmt: skip
        assert table.rows.keys() == competing
        assert table.made["command"] == "edgeq tune"
        assert float(table.made["peak_gmacs"]) > 0

    def test_rows_of_other_kernels_stay(self, tuned: Path) -> None:
        before = read_costs(tuned, "").rows
        for _ in range(2):
            pipeline.tune(out=tuned, kernels="eq_add_s8__", seconds=TINY, command="edgeq tune b")
        table = read_costs(tuned, "")
        assert table.rows.keys() > before.keys()
        assert all(table.rows[name] == row for name, row in before.items())
        assert table.made["command"] == "edgeq tune; edgeq tune b"

    def test_rows_of_another_machine_do_not(self, tuned: Path) -> None:
        text = tuned.read_text(encoding="utf-8")
        tuned.write_text(text.replace('machine = "', 'machine = "another '), encoding="utf-8")
        pipeline.tune(out=tuned, kernels="eq_add_s8__", seconds=TINY)
        assert not any(name.startswith(KERNELS) for name in read_costs(tuned, "").rows)

    def test_the_host_reads_the_cache_and_others_do_not(self) -> None:
        pipeline.tune(kernels=KERNELS, seconds=TINY)
        assert cached_table().is_file()
        costs = plan_for("host").costs
        assert costs.origin.startswith("the user's cache")
        assert costs.rows.items() >= read_costs(cached_table(), "").rows.items()
        for name in ("x86-64-avx2", "x86-64", "cortex-m4", "raspberry-pi-4"):
            origins = {plan.costs.origin for plan in plan_for(name).each}
            assert not any("the user's cache" in origin for origin in origins)

    def test_each_level_of_a_fat_target_has_the_table_of_its_best_set(self) -> None:
        origins = [plan.costs.origin for plan in plan_for("x86-64").each]
        assert origins[-2:] == ["avx2/costs.toml", ""]

    def test_a_malformed_cache_is_one_clear_error_for_the_host_alone(self) -> None:
        cached_table().parent.mkdir(parents=True)
        cached_table().write_text("kernels = 3\n", encoding="utf-8")
        with pytest.raises(KernelError, match="is no table of costs"):
            plan_for("host")
        assert plan_for("x86-64-avx2").steps

    def test_other_kernels_give_the_same_bytes(self) -> None:
        by_order = plan_for("host")
        text = [f"[kernels.{k.base_symbol}]\nshapes = 4\nerror = 0.0\n"
                f'cost = [["1", {1 if k.isa.name == "ref" else 2}.0]]'
                for k in catalog() if k.isa.name in by_order.target.isa]  # fmt: skip
        cached_table().parent.mkdir(parents=True)
        cached_table().write_text("\n".join(["[made]", *text]), encoding="utf-8")
        by_table = plan_for("host")
        assert {s.kernel.isa.name for s in by_table.steps} == {"ref"}
        assert {s.kernel.isa.name for s in by_order.steps} > {"ref"}
        assert {s.chosen for s in by_table.steps} == {"table", "only one"}
        models = [HostModel(plan) for plan in (by_order, by_table)]
        for sample in random_samples(by_order.graph, 8):
            first, second = (model.run(sample) for model in models)
            assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def plan_for(name: str) -> Plan:
    return make_plan(prepare(image()), load_target(name), Profile.TFLM)


def test_nothing_but_this_machine_is_measured() -> None:
    with pytest.raises(UsageError, match="cortex-m4 cannot be measured here"):
        pipeline.tune("cortex-m4")


@pytest.mark.parametrize("pattern", ["nothing_is_called_so", "eq_[", "fc_s8__dsp"])
def test_a_pattern_without_a_choice_is_refused(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        pipeline.tune(out=tmp_path / "x", kernels=pattern)
    assert pattern in caught.value.text()
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("out", ["taken/x", "folder"])
def test_a_file_that_cannot_be_written_is_an_error_before_anything_is_measured(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("")
    (tmp_path / "folder").mkdir()
    monkeypatch.setattr(measured, "tune", lambda *_, **__: pytest.fail("it was measured"))
    with pytest.raises(OutputError, match="cannot be written"):
        pipeline.tune(out=tmp_path / out, kernels="eq_add_s8__", seconds=TINY)


def test_a_disk_that_is_full_leaves_the_earlier_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_written(path: Path, data: bytes | str, *_: object, **__: object) -> int:
        with path.open("wb") as file:
            file.write(data[:9].encode() if isinstance(data, str) else data[:9])
        raise OSError(ENOSPC, "No space left on device")

    place = tmp_path / "costs.toml"
    place.write_bytes(b"what was there")
    monkeypatch.setattr(measured, "tune", lambda *_, **__: CostTable({}, {"machine": "this"}))
    monkeypatch.setattr(Path, "write_bytes", half_written)
    monkeypatch.setattr(Path, "write_text", half_written)
    with pytest.raises(OutputError, match="cannot be written"):
        pipeline.tune(out=place)
    assert [path.name for path in tmp_path.iterdir()] == ["costs.toml"]
    assert place.read_bytes() == b"what was there"
