"""How near edgeq is to ONNX Runtime on every ONNX model of the collection.

    python -m benchmarks.onnx_agreement [--samples 4] [MODEL ...]

Float models: the largest difference of each output, beside the tolerance derived from float32
rounding (`benchmarks.onnx_rounding`).  Quantized models: how many integers differ, node by node
on ONNX Runtime's own inputs, and the outputs of the whole network.  Prints Markdown and writes
`benchmarks/results/onnx_agreement.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from benchmarks.collection import shared
from benchmarks.float_networks import samples
from benchmarks.onnx_nodes import gaps
from benchmarks.onnx_rounding import MARGIN, shaking
from edgeq.frontends.onnx import read_onnx
from edgeq.ir import Graph
from edgeq.ir.file_order import file_orders
from edgeq.pipeline import verify
from edgeq.reference.float import FloatModel
from edgeq.verify.oracle import Oracle

Array = NDArray[Any]
RESULTS = Path(__file__).parent / "results" / "onnx_agreement.json"

DATA = {
    "derived_cifar_resnet20": "resnet20", "fastestdet_coco_352": "fastestdet",
    "micro_kws": "micro_kws", "mlperf_tiny_ic": "ic_onnx", "mlperf_tiny_vww": "vww_onnx",
    "mnist_cntk": "mnist_cntk", "ultraface_slim_320": "ultraface",
}  # fmt: skip
"""Whose samples a model takes, by the start of its name."""


def inputs_of(stem: str, graph: Graph, count: int) -> Array:
    """Samples (N, ...) in the order of the model's file."""
    family = next(name for start, name in DATA.items() if stem.startswith(start))
    found = samples(family)[:count]
    wanted = graph.tensors[graph.inputs[0]].shape[1:]
    order = file_orders(graph).get(graph.inputs[0])
    if order is None and found.shape[1:] != wanted:  # channels last in this file
        found = np.moveaxis(found, 1, -1)
    return found


def float_rows(stem: str, data: bytes, oracle: Oracle, count: int) -> Iterator[dict[str, Any]]:
    """Of each output the largest difference and the tolerance, over all samples."""
    graph, rng = read_onnx(data), np.random.default_rng(0)
    (name,) = graph.inputs
    orders = file_orders(graph)
    model, names = (
        FloatModel(graph),
        [o.name for o in onnx.load_from_string(data).graph.output],
    )
    oracle.load(data)
    rows: dict[str, dict[str, Any]] = {}
    chosen = inputs_of(stem, graph, count)
    for x in chosen:
        sample = x[None]
        turned = sample.transpose(orders[name]) if name in orders else sample
        ours = model.run({name: turned})
        theirs = dict(zip(names, oracle.invoke([sample]).outputs, strict=True))
        moved = shaking(graph, {name: sample}, rng)
        for output, want in theirs.items():
            mine = ours[output]
            if output in orders:
                mine = mine.transpose(np.argsort(orders[output]))
            row = rows.setdefault(output, {"model": stem, "output": output, "samples": len(chosen),
                                           "largest": 0.0, "difference": 0.0, "tolerance": 0.0,
                                           "ok": True})  # fmt: skip
            gap, limit = float(np.abs(mine - want).max()), MARGIN * moved[output]
            row["ok"] &= gap <= limit
            row["largest"] = max(row["largest"], float(np.abs(want).max()))
            row["difference"] = max(row["difference"], gap)
            row["tolerance"] = max(row["tolerance"], limit)
    yield from rows.values()


def integer_row(stem: str, data: bytes, oracle: Oracle, count: int) -> dict[str, Any]:
    """How the integers of nodes differ, and the outputs of the whole network."""
    graph = read_onnx(data)
    chosen = inputs_of(stem, graph, count)
    by_op: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for x in chosen:
        for gap in gaps(data, oracle, {graph.inputs[0]: x[None]}):
            counts = by_op[gap.op]
            counts[0] += gap.elements
            counts[1] += gap.differing
            counts[2] = max(counts[2], gap.largest)
    report = verify(graph, samples=count, against="onnxruntime", data={"x": chosen})
    far = report.distance
    if far is None:
        raise RuntimeError("ONNX Runtime gave no outputs")
    return {
        "model": stem, "samples": len(chosen), "numpy_equals_c": report.ok,
        "operators": {op: dict(zip(("elements", "differing", "largest"), c, strict=True))
                      for op, c in sorted(by_op.items())},
        "outputs": far.elements, "equal_outputs": far.equal, "largest": far.largest,
        "same_class": far.same_top,
    }  # fmt: skip


def float_table(rows: list[dict[str, Any]]) -> str:
    """A row for each output."""
    lines = ["| model | output | samples | largest value | difference | tolerance | |",
             "|---|---|--:|--:|--:|--:|---|"]  # fmt: skip
    lines += [
        f"| {r['model']} | {r['output']} | {r['samples']} | {r['largest']:.4g} | "
        f"{r['difference']:.2g} | {r['tolerance']:.2g} | {'ok' if r['ok'] else 'FAILS'} |"
        for r in rows
    ]
    return "\n".join(lines)


def integer_table(rows: list[dict[str, Any]]) -> str:
    """A row for each model and operator, and one for the network."""
    lines = ["| model | operator | integers | differ | by at most |", "|---|---|--:|--:|--:|"]
    for r in rows:
        lines += [
            f"| {r['model']} | {op} | {c['elements']:,} | {c['differing']:,} | {c['largest']} |"
            for op, c in r["operators"].items()
        ]
        whole = (f"{r['outputs']:,} | {r['outputs'] - r['equal_outputs']:,} | {r['largest']:.3g} "
                 f"(same class in {r['same_class']} of {r['samples']})")  # fmt: skip
        lines.append(f"| {r['model']} | outputs of the network | {whole} |")
    return "\n".join(lines)


def main() -> int:
    """Print the tables; 1 when a float output is beyond its tolerance."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("models", nargs="*", help="file stems; all when none is named")
    args = parser.parse_args()
    stems = args.models or sorted(p.stem for p in (shared() / "models").glob("*.onnx"))
    floats: list[dict[str, Any]] = []
    integers: list[dict[str, Any]] = []
    with Oracle("onnxruntime") as oracle:
        for stem in stems:
            data = (shared() / "models" / f"{stem}.onnx").read_bytes()
            if stem.endswith("_float"):
                floats += float_rows(stem, data, oracle, args.samples)
            else:
                integers.append(integer_row(stem, data, oracle, args.samples))
            print(stem, file=sys.stderr)
    print(float_table(floats), integer_table(integers), sep="\n\n")
    if not args.models:
        found = {"float": floats, "quantized": integers}
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if all(r["ok"] for r in floats) else 1


if __name__ == "__main__":
    raise SystemExit(main())
