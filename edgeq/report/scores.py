"""Tables of accuracy, side by side."""

from __future__ import annotations

from edgeq.measure.evaluate import Evaluation
from edgeq.report.table import Table, table

SIDES = {"float": "float reference", "fixed": "exact numpy", "c": "C on this machine"}
SHARES = ("top1",)


def score_table(found: Evaluation) -> Table:
    """One row for each side that exists."""
    values = {"float": found.float_, "fixed": found.fixed, "c": found.c}
    rows = [
        (SIDES[side], score(found.metric, value))
        for side, value in values.items() if value is not None
    ]  # fmt: skip
    return table(f"{found.metric} of {found.n:,} samples", ("", f">{found.metric}"), rows)


def class_table(found: Evaluation) -> Table:
    """One row for each class."""
    rows = [
        (name, *(score(found.metric, sides[s]) if s in sides else None for s in SIDES))
        for name, sides in (found.classes or {}).items()
    ]
    return table(f"{found.metric} by class", ("class", *(f">{s}" for s in SIDES)), rows)


def score_text(found: Evaluation) -> str:
    """What is known beside the metric."""
    if found.same_outputs is None:
        return "the model computes in floats: there is nothing to compare it with"
    lines = [f"exact numpy and C agree to the bit in {found.same_outputs:,} of {found.n:,} outputs"]
    if found.sqnr_db is not None:
        lines.append(f"signal to quantization noise of the outputs: {found.sqnr_db:.1f} dB")
    return "\n".join(lines)


def score(metric: str, value: float | None) -> str | None:
    """A value of a metric as text: shares in percent."""
    if value is None:
        return None
    return f"{100 * value:.2f} %" if metric in SHARES else f"{value:.6g}"
