"""A table of measured costs, for people and for scripts."""

from __future__ import annotations

from edgeq.kernels.costs import CostTable
from edgeq.report.table import Table, table


def costs_rows(costs: CostTable) -> list[dict[str, object]]:
    """One entry for each kernel."""
    return [
        {"kernel": name, "shapes": row.shapes, "error": row.error, "cost": dict(row.factors)}
        for name, row in sorted(costs.rows.items())
    ]


def costs_table(costs: CostTable) -> Table:
    """One row for each kernel: how many layers, and how near its cost comes to what they took."""
    rows = [
        (name, row.shapes, f"{row.error:.0%}", len(row.factors))
        for name, row in sorted(costs.rows.items())
    ]
    title = f"kernels on {costs.made.get('machine', '?')}, peak {costs.made.get('peak_gmacs', '?')}"
    return table(f"{title} GMAC/s", ("kernel", ">layers", ">error", ">terms"), rows)
