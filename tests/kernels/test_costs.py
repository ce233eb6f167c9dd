"""Tables of costs: written and read, refused when malformed, and whose table counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq.errors import KernelError
from edgeq.kernels.catalog import catalog
from edgeq.kernels.contract import contracts
from edgeq.kernels.costs import (
    FILE,
    NO_TABLE,
    CostTable,
    Row,
    cached_table,
    costs_for,
    read_costs,
)
from edgeq.kernels.expr import evaluate
from edgeq.kernels.isa import isas
from edgeq.resources import data_root

ROWS = {
    "eq_fc_s8__ref": Row({"1": 2.5, "batch * in_dim": 0.125}, 0.1, 20),
    "eq_fc_s8__avx2_any": Row({"batch": 3.0}, 0.0, 4),
}
TABLE = CostTable(ROWS, {"machine": 'a "quoted" name', "date": "2026-01-02"})
GOOD = TABLE.text()


def written(path: Path, text: str = GOOD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read_costs(written(tmp_path / FILE), "here")
    assert found.rows == ROWS
    assert found.made == TABLE.made
    assert found.origin == "here"
    assert found.label == f"here {found.sha256[:16]}"
    assert len(found.sha256) == 64
    assert NO_TABLE.label == ""


def test_a_cost_is_the_sum_over_the_amounts() -> None:
    assert ROWS["eq_fc_s8__ref"].cost({"batch": 4, "in_dim": 10}) == 2.5 + 0.125 * 40


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[made]", "[made", "TOML"),
        ("[made]", "[other]", "no table [made]"),
        ("2.5]", '"2.5x"]', "2.5x"),
        ("2.5]", "-1]", "a number >= 0"),
        ("2.5]", "nan]", "a number >= 0"),
        ("2.5]", "inf]", "a number >= 0"),
        ('["1", 2.5], ["batch * in_dim", 0.125]', "", "needs factors"),
        ("batch * in_dim", "batch * height", "batch * height"),
        ("batch * in_dim", "__import__('os')", "__import__"),
        ("batch * in_dim", "batch **", "batch **"),
        ("shapes = 20", "", "shapes"),
        ("cost = [[", "costs = [[", "cost"),
        ("[kernels.eq_fc_s8__ref]", "[kernels]\neq_fc_s8__ref = 3\n[rest]", "table"),
    ],
)
def test_a_malformed_table_is_refused_with_what_to_do(
    old: str, new: str, why: str, tmp_path: Path
) -> None:
    assert old in GOOD
    path = written(tmp_path / FILE, GOOD.replace(old, new))
    with pytest.raises(KernelError) as caught:
        read_costs(path, "here")
    text = caught.value.text()
    assert text.startswith(f"{path}: is no table of costs\n")
    assert f"run edgeq tune --target host --out {path} again, or remove the file" in text
    assert caught.value.exit_code == 2
    if why != "TOML":
        assert why in text


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(KernelError, match="is no table of costs"):
        read_costs(path, "here")


def test_the_users_table_is_of_this_machine_alone() -> None:
    path = written(cached_table())
    assert costs_for(("ref",), own=True) == read_costs(path, "the user's cache")
    assert costs_for(("ref",), own=False) == NO_TABLE


def test_contracts_that_the_users_table_lacks_have_the_costs_of_the_best_set() -> None:
    own = read_costs(written(cached_table()), "the user's cache")
    shipped = costs_for(("avx2", "ref"), own=False)
    both = costs_for(("avx2", "ref"), own=True)
    measured = {name for name in shipped.rows if name.startswith("eq_fc_s8__")}
    assert len(measured) > len(own.rows)  # and yet none of them is taken
    others = {name: row for name, row in shipped.rows.items() if name not in measured}
    assert both.rows == {**others, **own.rows}
    assert both.origin == "the user's cache, else avx2/costs.toml"
    assert both.sha256 not in (own.sha256, shipped.sha256)


def test_without_a_table_of_its_own_a_machine_has_that_of_its_best_set() -> None:
    path = data_root() / "kernels" / "avx2" / FILE
    assert not cached_table().exists()
    assert costs_for(("avx2", "ref"), own=True) == read_costs(path, f"avx2/{FILE}")
    assert costs_for(("avx2", "ref"), own=False).origin == f"avx2/{FILE}"
    assert costs_for(("ref",), own=True) == NO_TABLE


def tables() -> list[Path]:
    return sorted((data_root() / "kernels").glob(f"*/{FILE}"))


@pytest.mark.parametrize("path", tables(), ids=lambda path: path.parent.name)
def test_tables_of_the_repository_tell_how_they_were_made(path: Path) -> None:
    found = read_costs(path, "x")
    assert found.made.keys() >= {"machine", "date", "command", "compiler", "isa", "peak_gmacs"}
    assert found.made["isa"].split()[0] == path.parent.name
    assert set(found.made["isa"].split()) <= isas().keys()
    assert found.rows
    assert all(row.shapes >= 4 and 0 <= row.error < 1 for row in found.rows.values())


def test_amounts_of_work_are_of_the_contracts_fields() -> None:
    with_work = [c for c in contracts().values() if c.work]
    assert with_work
    for contract in with_work:
        for amount in contract.work:
            assert evaluate(amount, {**dict.fromkeys(contract.fields, 3), "row0": 2}) > 0
        assert any(k.contract.name == contract.name for k in catalog())
