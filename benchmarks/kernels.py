"""What kernels reach on this machine, beside its peak: multiply-accumulates per second by shape.

    python -m benchmarks.kernels [--target host] [--kernels REGEX] [--write]

Every layer of edgeq/measure/grid.py is given to each kernel that accepts it, called from C on one
core, the kernels of a layer in turns; the best of several blocks counts.  The peak is what the best
instruction does in registers, measured in the same run (targets/timing/peak.c): kernels of int16
cannot reach that of int8.  `--write` keeps the table in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.models import RESULTS, machine
from edgeq.ir import Graph
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.measure.grid import calls, layers
from edgeq.measure.kernel_clock import KernelClock
from edgeq.measure.latency import on_one_core
from edgeq.measure.peak import peak_gmacs
from edgeq.measure.tune import best_nanoseconds, fitting, with_arrays
from edgeq.ops.base import macs_of
from edgeq.targets import Target, load_target

OPS = ("conv_2d", "depthwise_conv_2d", "fully_connected")
SECONDS = 0.002  # of a block
LEAST_MACS = 10_000
HEAD = "| kernel | input | weights | GMAC/s | of peak |\n|---|---|---|---|---|"


def rows(target: Target, pattern: re.Pattern[str], peak: float, folder: Path) -> Iterator[str]:
    """A row for each kernel and layer."""
    clock = KernelClock(target, folder)
    kernels = [k for k in catalog() if k.isa.name in target.isa and pattern.search(k.base_symbol)]
    for graph in layers(OPS):
        macs = macs_of(graph, graph.nodes[0])
        if macs >= LEAST_MACS:
            yield from _layer_rows(graph, macs, kernels, clock, peak)


def _layer_rows(
    graph: Graph, macs: int, kernels: list[Kernel], clock: KernelClock, peak: float
) -> Iterator[str]:
    node = graph.nodes[0]
    sizes = ["x".join(map(str, graph.tensors[name].shape)) for name in node.inputs[:2]]
    found = calls(graph)
    for call in found[:1] if len(found) == 1 else ():
        several = fitting(call, [k for k in kernels if k.contract.name == call.contract])
        if not several:
            continue
        took = best_nanoseconds(clock, with_arrays(graph, call), several, SECONDS)
        for kernel, nanoseconds in zip(several, took, strict=True):
            rate = macs / nanoseconds
            cells = [kernel.base_symbol, *sizes, f"{rate:.1f}", f"{rate / peak:.0%}"]
            yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", default="host")
    parser.add_argument("--kernels", default="", help="a regular expression that symbols match")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    target = load_target(options.target)
    lines = [HEAD]
    sys.stdout.write(f"{HEAD}\n")
    with tempfile.TemporaryDirectory(prefix="edgeq-") as name, on_one_core():
        peak = peak_gmacs(target)
        for row in rows(target, re.compile(options.kernels), peak, Path(name)):
            lines.append(row)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    note = f"One core of {machine()}, {peak:.1f} GMAC/s at most."
    sys.stdout.write(f"\n{note}\n")
    if options.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "kernels_x86.md").write_text("\n".join([note, "", *lines]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
