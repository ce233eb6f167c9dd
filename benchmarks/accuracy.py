"""Measures what every observer and method costs in accuracy, and writes the table of the docs.

    python -m benchmarks.accuracy [--models ic,kws] [--schemes int8] [--observers minmax]
                                  [--methods none,gptq+adaround] [--all] [--jobs 1] [--table]

Rows are kept in results/accuracy.json with a fingerprint of the code that they depend on; one
that is current is not measured again, so that a run may be stopped and resumed.  Of one that is
not, the network is quantized again, and judged again only where that gives other integers.
The table in docs/accuracy.md is written anew at the end.  BLAS runs on one thread, as another
number adds in another order and moves a few answers.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from hashlib import sha256
from multiprocessing import get_context
from os import environ

environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # before numpy loads BLAS

from benchmarks.accuracy_rows import (
    METHOD_SETS,
    NETWORKS,
    Found,
    Row,
    measure,
    measure_float,
    measure_official,
)
from benchmarks.accuracy_table import write_table
from benchmarks.collection import REPOSITORY
from edgeq import __version__
from edgeq.quantize.methods import DEFAULTS
from edgeq.quantize.observers import OBSERVERS

RESULTS = REPOSITORY / "benchmarks" / "results" / "accuracy.json"
SCHEMES = ("int8", "int16x8", "int4")
SOURCES = REPOSITORY / "edgeq" / "quantize"
# What every row depends on, beside its methods, and what is only read or told.
ALWAYS = ("apply", "observers")
NO_ARITHMETIC = {
    "audio",
    "calibrate",
    "files",
    "images",
    "npz",
    "options",
    "preprocessing",
    "samples",
}
# The full product is measured on FULL; elsewhere other observers run plain and with the default
# methods only, and on BRIEF they do not run at all.
FULL = {("kws", "int8"), ("kws", "int16x8"), ("kws", "int4"), ("vww", "int8"), ("ic", "int8")}
BRIEF = {"resnet20", "ad", "sine"}
LAST_RANK = 3


def fingerprint(row: Row) -> str:
    """Of the quantizer's modules that a row depends on, without comments and docstrings."""
    names, waiting = set[str](), [*ALWAYS, *row.methods]
    while waiting:
        name = waiting.pop()
        if name not in names | NO_ARITHMETIC:
            names.add(name)
            waiting += _source(name)[1]
    return sha256("".join(_source(name)[0] for name in sorted(names)).encode()).hexdigest()[:16]


@cache
def _source(name: str) -> tuple[str, list[str]]:
    """A module's meaning, and the modules of the quantizer that it imports."""
    tree = ast.parse((SOURCES / f"{name}.py").read_text(encoding="utf-8"))
    imports = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgeq.quantize."):
            imports.append(str(node.module).removeprefix("edgeq.quantize."))
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            del body[0]
    return ast.dump(tree), imports


def is_current(key: str, found: Found) -> bool:
    """Whether a row was measured with the code that is there; float and published ones always."""
    row = Row.of(key)
    return row is None or found.get("code") == fingerprint(row)


def wanted(options: argparse.Namespace) -> list[Row]:
    """The rows that the command line asks for, the most telling ones first."""
    chosen = [tuple(m for m in s.split("+") if m != "none") for s in _split(options.methods)]
    product = itertools.product(
        _split(options.models), _split(options.schemes), _split(options.observers), chosen
    )
    found = [(_rank(row), row) for row in itertools.starmap(Row, product)]
    return [row for rank, row in sorted(found, key=lambda f: f[0])
            if options.all or rank <= LAST_RANK]  # fmt: skip


def _rank(row: Row) -> int:
    """0 for defaults, 1 for the other rows of the abridged product, 2 for the rest of the full.

    On BRIEF networks 3; more for what is left out.
    """
    default = DEFAULTS[row.scheme]
    usual, plain = row.observer == default.observer, row.methods in ((), default.methods)
    if row.network in BRIEF:
        return LAST_RANK if usual and plain else LAST_RANK + 1
    if usual and row.methods == default.methods:
        return 0
    if usual or plain:
        return 1
    return 2 if (row.network, row.scheme) in FULL else LAST_RANK + 1


def _split(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def stored() -> dict[str, Found]:
    """What was measured before, by key."""
    if not RESULTS.exists():
        return {}
    rows: dict[str, Found] = json.loads(RESULTS.read_text(encoding="utf-8"))["rows"]
    return rows


def store(key: str, found: Found) -> None:
    """Add a row to those in the file, where other runs may have written meanwhile."""
    rows = {**stored(), key: found}
    body = ",\n".join(f"  {json.dumps(k)}: {json.dumps(rows[k])}" for k in sorted(rows))
    text = f'{{"edgeq": "{__version__}", "rows": {{\n{body}\n}}}}\n'
    waiting = RESULTS.with_suffix(".tmp")
    waiting.write_text(text, encoding="utf-8")
    waiting.replace(RESULTS)


def references(rows: dict[str, Found], models: list[str]) -> None:
    """The float networks and the published integer ones."""
    for name in models:
        if f"{name}/float" not in rows:
            store(f"{name}/float", measure_float(name))
        if NETWORKS[name].official and f"{name}/official" not in rows:
            store(f"{name}/official", measure_official(name))


def run(pending: list[Row], rows: dict[str, Found], jobs: int) -> None:
    """Measure `pending`, in several processes if jobs > 1, and store each row when it is there."""
    for done, (row, found) in enumerate(_measured(pending, rows, jobs), 1):
        rows[row.key] = {**found, "code": fingerprint(row)}
        store(row.key, rows[row.key])
        told = {k: v for k, v in found.items() if k not in ("digest", "code")}
        sys.stdout.write(f"[{done}/{len(pending)}] {row.key}: {told}\n")
        sys.stdout.flush()


def _measured(pending: list[Row], rows: dict[str, Found], jobs: int) -> Iterator[tuple[Row, Found]]:
    known = partial(_known, rows)
    if jobs == 1:
        yield from ((row, measure(row, known(row.network))) for row in pending)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(measure, row, known(row.network)): row for row in pending}
        for future in as_completed(waiting):
            yield waiting[future], future.result()


def _known(rows: dict[str, Found], network: str) -> dict[str, Found]:
    """Judgements of this network by digest of the program."""
    return {
        f"{network}/{found['digest']}": found
        for key, found in rows.items()
        if key.startswith(f"{network}/") and "digest" in found
    }


def main() -> None:
    """Measure what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--models", default=",".join(NETWORKS))
    parser.add_argument("--schemes", default=",".join(SCHEMES))
    parser.add_argument("--observers", default=",".join(OBSERVERS))
    parser.add_argument("--methods", default=",".join("+".join(m) or "none" for m in METHOD_SETS))
    parser.add_argument("--all", action="store_true", help="leave nothing out")
    parser.add_argument("--jobs", type=int, default=1, help="rows measured at the same time")
    parser.add_argument("--table", action="store_true", help="write the table, measure nothing")
    options = parser.parse_args()
    rows = stored()
    if not options.table:
        references(rows, _split(options.models))
        pending = [r for r in wanted(options) if not is_current(r.key, rows.get(r.key, {}))]
        run(pending, rows, options.jobs)
    rows = stored()
    older = sum(not is_current(key, found) for key, found in rows.items())
    write_table(REPOSITORY / "docs" / "accuracy.md", rows, older)


if __name__ == "__main__":
    main()
