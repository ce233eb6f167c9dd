"""The measured rows as Markdown, and the rule by which the defaults are picked from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from pathlib import Path

from benchmarks.accuracy_rows import METHOD_SETS, NETWORKS, Found, Row
from edgeq.quantize.methods import DEFAULTS
from edgeq.quantize.observers import OBSERVERS

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
JUDGES = ("kws", "vww", "ic")
"""The networks whose rows pick the defaults."""
SCHEMES = ("int8", "int16x8", "int4")

Rows = dict[str, Found]
Choice = tuple[str, tuple[str, ...]]


def write_table(path: Path, rows: Rows, older: int) -> None:
    """Put the tables between the markers of a page; `older` rows are not of the current code."""
    head, rest = path.read_text(encoding="utf-8").split(BEGIN)
    tail = rest.split(END)[1]
    body = "\n\n".join("\n".join(part) for part in _parts(rows, older))
    path.write_text(f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}", encoding="utf-8")


def _parts(rows: Rows, older: int) -> Iterator[Sequence[str]]:
    if older:
        yield [f"{older} of {len(rows)} rows are older than the last change of a module that they "
               "depend on;", "the command measures these again."]  # fmt: skip
    yield ["### Defaults beside float"]
    yield _defaults(rows)
    yield ["### Networks without labels"]
    yield _unlabelled(rows)
    for scheme in SCHEMES:
        yield [f"### All rows of {scheme}"]
        yield _scheme(rows, scheme)


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    written = [head, ["---"] * len(head), *lines]
    return ["| " + " | ".join(cells) + " |" for cells in written]


def _labelled(rows: Rows) -> list[str]:
    return [name for name in NETWORKS if "right" in rows.get(f"{name}/float", {})]


def _defaults(rows: Rows) -> list[str]:
    """Float, the published integer model, and the default of every scheme, with chance."""
    head = ["network", "model", "right", "accuracy", "change", "gained", "lost", "others",
            "p", "output SQNR"]  # fmt: skip
    lines = []
    for name in _labelled(rows):
        keys = {"float": f"{name}/float", "published int8": f"{name}/official"}
        for scheme, default in DEFAULTS.items():
            keys[f"edgeq {scheme}"] = Row(name, scheme, default.observer, default.methods).key
        total = rows[f"{name}/float"]["samples"]
        for model, key in keys.items():
            if key in rows:
                lines.append([name, model, *_judged(rows[key], total)])
    return _table(head, lines)


def _judged(found: Found, total: int) -> list[str]:
    right = [f"{found['right']} / {total}", f"{100 * found['right'] / total:.2f} %"]
    if "gained" not in found:
        return [*right, "", "", "", "", "", ""]
    gained, lost = found["gained"], found["lost"]
    error = 100 * sqrt(gained + lost) / total
    change = f"{100 * (gained - lost) / total:+.2f} ± {error:.2f}"
    return [*right, change, str(gained), str(lost), str(found["changed"]),
            f"{by_chance(gained, lost):.2f}", f"{found['sqnr_db']:.1f} dB"]  # fmt: skip


def by_chance(gained: int, lost: int) -> float:
    """Two-sided exact McNemar test: how likely so uneven a split is if both are as likely."""
    n = gained + lost
    tail = sum(comb(n, i) for i in range(min(gained, lost) + 1)) / 2**n
    return float(min(1.0, 2 * tail))


def _unlabelled(rows: Rows) -> list[str]:
    head = ["network", "model", "SQNR to the target", "mean squared error", "SQNR to float"]
    lines = []
    for name in NETWORKS:
        if "target_mse" not in rows.get(f"{name}/float", {}):
            continue
        for key, found in rows.items():
            if key.startswith(f"{name}/"):
                model = key.removeprefix(f"{name}/").replace("official", "published int8")
                ours = f"{found['sqnr_db']:.1f} dB" if "sqnr_db" in found else ""
                lines.append([name, model.removesuffix("/"), f"{found['target_sqnr_db']:.1f} dB",
                              f"{found['target_mse']:.4g}", ours])  # fmt: skip
    return _table(head, lines)


def _scheme(rows: Rows, scheme: str) -> list[str]:
    """Every observer and set of methods, a column for each labelled network."""
    names, best = _labelled(rows), chosen(rows, scheme)
    lines = []
    for observer, methods in _choices():
        keys = [Row(name, scheme, observer, methods).key for name in names]
        if not any(key in rows for key in keys):
            continue
        score = _score(rows, scheme, (observer, methods))
        mark = "**" if (observer, methods) == best else ""
        lines.append([
            f"{mark}{observer}{mark}", f"{mark}{' + '.join(methods) or 'none'}{mark}",
            *(_cell(rows.get(key)) for key in keys),
            *_means(score),
        ])  # fmt: skip
    return _table(["observer", "methods", *names, "mean change", "others"], lines)


def _means(score: Score | None) -> tuple[str, str]:
    if score is None:
        return "", ""
    return (f"{score.change:+.2f} ± {score.change_error:.2f}",
            f"{score.others:.2f} ± {score.others_error:.2f}")  # fmt: skip


def _cell(found: Found | None) -> str:
    if found is None:
        return ""
    return f"{found['right']} (+{found['gained']} -{found['lost']})"


def _choices() -> Iterator[Choice]:
    """All combinations, the cheapest methods and the simplest observers first."""
    for methods in METHOD_SETS:
        for observer in OBSERVERS:
            yield observer, methods


@dataclass(frozen=True, slots=True)
class Score:
    """Means over JUDGES, in points, with their standard errors.

    change   of right answers against float
    others   answers that are not float's
    """

    change: float
    change_error: float
    others: float
    others_error: float


def _score(rows: Rows, scheme: str, choice: Choice) -> Score | None:
    """None where a judge's row is missing."""
    change, spread, others, other_spread = 0.0, 0.0, 0.0, 0.0
    for name in JUDGES:
        found = rows.get(Row(name, scheme, *choice).key)
        if found is None:
            return None
        share = 100 / len(JUDGES) / rows[f"{name}/float"]["samples"]
        change += share * (found["gained"] - found["lost"])
        spread += share**2 * (found["gained"] + found["lost"])
        others += share * found["changed"]
        other_spread += share**2 * found["changed"]
    return Score(change, sqrt(spread), others, sqrt(other_spread))


def chosen(rows: Rows, scheme: str) -> Choice | None:
    """The default that the rule picks, from the rows that all JUDGES have.

    Of the rows whose mean change is within one standard error of the highest, those are good
    whose other answers are within one standard error of the fewest; of the good, the cheapest
    methods, and of several observers the one with the fewest others.
    """
    scores = {c: s for c in _choices() if (s := _score(rows, scheme, c)) is not None}
    if not scores:
        return None
    highest = max(scores.values(), key=lambda s: s.change)
    right = {c: s for c, s in scores.items() if s.change >= highest.change - highest.change_error}
    fewest = min(right.values(), key=lambda s: s.others)
    good = [c for c, s in right.items() if s.others <= fewest.others + fewest.others_error]
    return min(good, key=lambda c: (METHOD_SETS.index(c[1]), scores[c].others))
