"""Instructions per inference on emulated 64-bit Arm cores beside LiteRT with XNNPACK.

    python -m benchmarks.cortex_a [--write] [--kernels] [MODEL ...]

The peer's figures were counted on the same emulated cores and stand in the collection's
baselines; they hold everything that an invocation executes but the Python interpreter.  Ours
hold everything between the call of the model's function and its return.  `--kernels` adds the
multiply-accumulates per instruction of every kernel; `--write` keeps both as JSON and Markdown
in benchmarks/results/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from math import prod
from typing import Any

from benchmarks.collection import REPOSITORY, model_path, shared
from edgeq._version import __version__
from edgeq.measure.analysis import layers_of
from edgeq.measure.bench import bench_emulated
from edgeq.pipeline import load, plan_of
from edgeq.verify.compare import random_samples

CORES = {"a72": "raspberry-pi-4", "a76": "raspberry-pi-5", "i8mm": "aarch64-i8mm"}
"""The peer's name of a core, and our target for it."""

KWS, IC, VWW, AD, SWW, MOBILENET_V2, MOBILENET_V1, WIDE, INT4 = MODELS = (
    "mlperf_tiny_kws_int8",
    "mlperf_tiny_ic_int8",
    "mlperf_tiny_vww_int8",
    "mlperf_tiny_ad_int8",
    "mlperf_tiny_sww_int8",
    "xtensa_mobilenet_v2_224_int8",
    "coral_mobilenet_v1_025_128_uint8",
    "derived_ic_a16w8",
    "derived_ic_a8w4",
)
GOALS = {KWS: 0.65, IC: 0.80, VWW: 0.65, AD: 0.85, SWW: 0.65, MOBILENET_V2: 0.80,
         MOBILENET_V1: 0.60, WIDE: 0.15, INT4: 0.60}  # fmt: skip
"""The greatest ratio that was aimed at."""
MISSED = {(SWW, "a72"): 0.72}
"""Where it was not reached, and what was: weights too large to add products in int16 as often."""

PEAKS = {"neon_i8mm": 32.0, "neon_dotprod": 16.0, "neon": 8.0}
"""Multiply-accumulates of an instruction: SMMLA, SDOT, SMLAL of eight bytes."""
PEAK_S16 = 4.0
"""The same of SMLAL of four int16."""

DEEP = 256
DEEP_GOALS = {"a72": 3.2, "a76": 9.0, "i8mm": 16.0}
"""The least multiply-accumulates per instruction of convolutions of DEEP taps and more."""

RESULTS = REPOSITORY / "benchmarks" / "results" / "cortex_a.json"
TABLE = RESULTS.with_suffix(".md")


@dataclass(frozen=True, slots=True)
class Cost:
    """What all layers of one kernel take."""

    instructions: int
    macs: int


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one core.

    deep   the least multiply-accumulates per instruction of a whole convolution of DEEP taps or
           more, None where there is none
    """

    model: str
    core: str
    instructions: int
    xnnpack: int
    macs: int
    deep: float | None
    kernels: Mapping[str, Cost]

    @property
    def ratio(self) -> float:
        return self.instructions / self.xnnpack


@cache
def baselines() -> dict[str, dict[str, Any]]:
    """The peer's figures by "model.core.default"."""
    text = (shared() / "baselines" / "cortex_a.json").read_text(encoding="utf-8")
    figures: dict[str, dict[str, Any]] = json.loads(text)
    return figures


def measure(stem: str, core: str) -> Row:
    """Count one inference."""
    plan = plan_of(load(model_path(stem)), CORES[core])
    (sample,) = random_samples(plan.graph, 1)
    report = bench_emulated(plan, sample)
    facts = {layer.name: layer for layer in layers_of(plan.graph, plan)}
    macs = {name: layer.macs for name, layer in facts.items()}
    kernels: dict[str, Cost] = {}
    for layer in report.layers:
        before = kernels.get(layer.kernel, Cost(0, 0))
        kernels[layer.kernel] = Cost(
            before.instructions + (layer.instructions or 0), before.macs + macs[layer.name]
        )
    deep = [
        facts[cost.name].macs / (cost.instructions or 1)
        for cost in report.layers
        if cost.kernel.startswith("eq_conv2d")
        and facts[cost.name].macs >= DEEP * prod(facts[cost.name].shape)
    ]
    peer = baselines()[f"{stem}.{core}.default"]["insns_without_python"]
    return Row(stem, core, report.instructions or 0, round(peer), sum(macs.values()),
               min(deep, default=None), kernels)  # fmt: skip


def goal(stem: str, core: str) -> float:
    """What a ratio may be at most."""
    return MISSED.get((stem, core), GOALS.get(stem, 1.0))


def line(row: Row) -> str:
    """A row of the Markdown table."""
    return (
        f"| {row.model} | {row.core} | {row.instructions:,} | {row.xnnpack:,} | {row.ratio:.3f} | "
        f"{GOALS.get(row.model, 1.0):.2f} | {row.macs / row.instructions:.2f} | "
        f"{f'{row.deep:.1f}' if row.deep else ''} |"
    )


def peak(kernel: str) -> float | None:
    """What no kernel of its instruction set and contract can exceed; None for portable ones."""
    contract, _, isa = kernel.removeprefix("eq_").partition("__")
    found = next((value for name, value in PEAKS.items() if isa.startswith(name)), None)
    return PEAK_S16 if found and "_s16" in contract else found


def kernel_lines(row: Row) -> str:
    """The kernels of a row, the most expensive first."""
    found = sorted(row.kernels.items(), key=lambda item: -item[1].instructions)
    return "\n".join(
        f"| {row.model} | {row.core} | {name} | {cost.instructions:,} | "
        f"{cost.macs / cost.instructions:.2f} | {(peak(name) if cost.macs else None) or ''} |"
        for name, cost in found
    )


HEAD = """\
| model | core | instructions | XNNPACK | ratio | goal | MACs/instruction | of 256 taps and more |
|---|---|---|---|---|---|---|---|"""
KERNEL_HEAD = """\
| model | core | kernel | instructions | MACs/instruction | of at most |
|---|---|---|---|---|---|"""


def write(rows: list[Row]) -> None:
    """Keep the rows as JSON and as Markdown."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    record = {"edgeq": __version__, "rows": [asdict(row) for row in rows]}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    text = [HEAD, *map(line, rows), "", KERNEL_HEAD, *map(kernel_lines, rows)]
    TABLE.write_text("\n".join(text) + "\n", encoding="utf-8")


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--kernels", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sys.stdout.write(HEAD + "\n")
    rows = []
    for stem in options.models or MODELS:
        for core in CORES:
            rows.append(measure(stem, core))
            sys.stdout.write(line(rows[-1]) + "\n")
            sys.stdout.flush()
    if options.kernels:
        sys.stdout.write("\n".join(["", KERNEL_HEAD, *map(kernel_lines, rows), ""]))
    if options.write:
        write(rows)


if __name__ == "__main__":
    main()
