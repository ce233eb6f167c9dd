"""Counts differing bytes of every model against the oracles, and compares accuracy.

    python -m benchmarks.bit_exact [--samples 100] [--real 100] [--targets host,...] [MODEL ...]

For each model of the collection and each oracle that takes it: random inputs and real data,
every tensor of numpy, of the C code and of the oracle.  `--labelled` runs the C code and the
oracle over whole labelled sets instead and compares sample by sample.  Prints Markdown.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np

import edgeq
from benchmarks.collection import REAL_DATA, accepted_by, model_path, real_data, records
from edgeq.build.host import HostModel
from edgeq.errors import BudgetError
from edgeq.ir import Graph
from edgeq.pipeline import plan_of
from edgeq.plan.budget import check_budget
from edgeq.verify.oracle import Oracle


def rows_of(stem: str, samples: int, real: int, targets: list[str]) -> Iterator[str]:
    """A table row for each oracle and target."""
    graph = edgeq.load(model_path(stem))
    for target in targets:
        try:
            check_budget(plan_of(graph, target))
        except BudgetError as error:
            yield f"| {stem} | {target} | | does not fit: {error.what} | | |"
            continue
        for oracle in ("tflm", "litert"):
            if accepted_by(stem, oracle):
                yield row(stem, graph, target, oracle, samples, real)


def row(stem: str, graph: Graph, target: str, oracle: str, samples: int, real: int) -> str:
    """Compare random and real inputs; one table row."""
    start = time.monotonic()
    tensor = graph.tensors[graph.inputs[0]]
    data = {"x": real_data(stem, tensor, real).x}
    random = edgeq.verify(graph, target, samples=samples, against=oracle)
    photographed = edgeq.verify(graph, target, samples=real, against=oracle, data=data)
    differing = random.differing_bytes + photographed.differing_bytes
    counts = f"{random.samples} random + {photographed.samples} real"
    seen = f"{random.oracle_tensors} of {random.computed_tensors}"
    seconds = time.monotonic() - start
    return f"| {stem} | {target} | {oracle} | {counts} | {seen} | {differing} | {seconds:.0f} |"


def labelled_row(stem: str, oracle_name: str) -> str:
    """Accuracy of the C code and of the oracle on a whole labelled set, sample by sample."""
    profile = oracle_name
    plan = plan_of(edgeq.load(model_path(stem)), "host", numerics=profile)
    data = real_data(stem, plan.graph.tensors[plan.graph.inputs[0]])
    model = HostModel(plan)
    right = {"c": 0, "oracle": 0}
    differing = 0
    with Oracle(oracle_name) as oracle:
        oracle.load(plan.graph.source)
        labels = data.y if data.y is not None else np.full(len(data.x), -1)
        for x, y in zip(data.x, labels, strict=True):
            ours, theirs = model(x).reshape(-1), oracle.invoke([x[None]]).outputs[0].reshape(-1)
            differing += int(not np.array_equal(ours, theirs))
            right["c"] += int(ours.argmax() == y)
            right["oracle"] += int(theirs.argmax() == y)
    n = len(data.x)
    shown = [f"{100 * right[k] / n:.2f} %" if data.y is not None else "" for k in ("c", "oracle")]
    return f"| {stem} | {oracle_name} | {n} | {shown[0]} | {shown[1]} | {differing} |"


def main() -> None:
    """Print the table that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "models", nargs="*", help="file stems; all quantized ones when none is named"
    )
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--real", type=int, default=100)
    parser.add_argument("--targets", default="host")
    parser.add_argument("--labelled", action="store_true")
    options = parser.parse_args()
    stems = options.models or [s for s in REAL_DATA if s in records()]
    out = sys.stdout
    if options.labelled:
        out.write("| model | oracle | samples | C | oracle | samples that differ |\n")
        out.write("|---|---|---|---|---|---|\n")
        for stem in stems:
            for oracle in ("tflm", "litert"):
                if accepted_by(stem, oracle):
                    out.write(labelled_row(stem, oracle) + "\n")
                    out.flush()
        return
    out.write("| model | target | oracle | inputs | oracle's tensors | differing bytes | s |\n")
    out.write("|---|---|---|---|---|---|---|\n")
    for stem in stems:
        for line in rows_of(stem, options.samples, options.real, options.targets.split(",")):
            out.write(line + "\n")
            out.flush()


if __name__ == "__main__":
    main()
