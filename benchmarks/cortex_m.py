"""Instructions, estimated cycles and memory on emulated Cortex-M cores beside TFLM with CMSIS-NN.

    python -m benchmarks.cortex_m [--core cortex-m4 ...] [--layers] [--write] [MODEL ...]

The peer's figures were measured on the same emulated cores and stand in the collection's
baselines (TensorFlow Lite Micro with CMSIS-NN, and with its reference kernels).  Counts are
exact and repeatable; cycles are estimates by the same rules on both sides, see
edgeq/measure/cycles.py.  `--layers` adds a table for each model, operator by operator;
`--write` appends a line of JSON to benchmarks/results/cortex_m.jsonl.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from math import prod
from typing import Any

from benchmarks.collection import REPOSITORY, model_path, records, shared
from edgeq._version import __version__
from edgeq.build.figures import compiled_figures
from edgeq.measure.analysis import layers_of
from edgeq.measure.bench import LayerCost, bench_emulated
from edgeq.pipeline import load, plan_of
from edgeq.plan.plan import Plan
from edgeq.verify.compare import random_samples

PEERS = {"cortex-m4": "m4", "cortex-m33": "m33", "cortex-m3": "m3", "cortex-m55": "m55"}
"""Name of each core in the baselines."""
GOALS = {
    "cortex-m4": {
        "mlperf_tiny_kws_int8": 0.60, "mlperf_tiny_ic_int8": 0.60, "mlperf_tiny_vww_int8": 0.60,
        "mlperf_tiny_ad_int8": 0.60, "tflm_person_detect_int8": 0.60,
        "tflm_micro_speech_int8": 0.70,
    },
    "cortex-m55": {
        "mlperf_tiny_kws_int8": 0.60, "mlperf_tiny_ic_int8": 0.60, "mlperf_tiny_vww_int8": 0.60,
        "mlperf_tiny_ad_int8": 0.60, "mlperf_tiny_sww_int8": 0.60,
        "tflm_person_detect_int8": 0.60, "tflm_micro_speech_int8": 0.60,
    },
}  # fmt: skip
"""The greatest ratios of instructions to CMSIS-NN's that were aimed at."""
CYCLES_GOAL = 0.65
"""The same of estimated cycles, on cortex-m4."""
SIZES = ("size_int8_registration", "size_generic_registration")
RESULTS = REPOSITORY / "benchmarks" / "results" / "cortex_m.jsonl"


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator: ours, and CMSIS-NN's (None where it has no code of its own there).

    taps  multiply-accumulates of an output
    """

    name: str
    op: str
    kernel: str
    macs: int
    taps: int
    instructions: int
    peer: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One model on one core: ours, and TFLM's; None where the baselines say nothing.

    cycles   least and greatest estimate
    vector   instructions on vectors
    tflm_*   bytes: the least of what it takes with its reference kernels and with CMSIS-NN
    """

    model: str
    core: str
    instructions: int
    cycles: tuple[int, int] | None
    cmsis_nn_instructions: int
    cmsis_nn_cycles: int | None
    tflm_instructions: int | None
    arena_bytes: int
    tflm_arena_bytes: int
    flash_bytes: int
    code_bytes: int
    tflm_flash_bytes: int | None
    stack_bytes: int
    tflm_stack_bytes: int
    vector: int
    layers: tuple[Layer, ...]


@cache
def baselines() -> dict[str, dict[str, Any]]:
    """The peer's figures of each model, by the model's file stem."""
    text = (shared() / "baselines" / "cortex_m.json").read_text(encoding="utf-8")
    by_sum = {hashlib.sha256(model_path(s).read_bytes()).hexdigest(): s
              for s, r in records().items() if r["file"].endswith(".tflite")}  # fmt: skip
    return {by_sum[entry["sha256"]]: entry for entry in json.loads(text)["models"].values()}


def measure(stem: str, core: str = "cortex-m4") -> Row:
    """Count one inference and compile once."""
    plan = plan_of(load(model_path(stem)), core)
    (sample,) = random_samples(plan.graph, 1)
    report, figures = bench_emulated(plan, sample), compiled_figures(plan)
    configs = baselines()[stem]["configs"]
    peer, reference = configs[f"{PEERS[core]}-cmsis-def"], configs.get(f"{PEERS[core]}-ref-def", {})
    both = [config for config in (peer, reference) if config]
    sizes = [config[k]["flash"] for config in both for k in SIZES if k in config]
    return Row(
        stem, core, report.instructions or 0, report.estimated_cycles, peer["insns"],
        peer.get("m4_cycles_est"), reference.get("insns"), plan.arena_bytes,
        min(c["arena_used"] for c in both), figures.flash_bytes or 0, figures.code_bytes or 0,
        min(sizes, default=None), figures.stack_bytes or 0,
        min(c["stack_invoke"] for c in both), (report.classes or {}).get("vector", 0),
        tuple(_layers(plan, report.layers, peer["ops"])),
    )  # fmt: skip


def _layers(
    plan: Plan, ours: tuple[LayerCost, ...], theirs: list[dict[str, Any]]
) -> Iterator[Layer]:
    """Our layers beside the peer's operators, which stand in the same order."""
    facts = {layer.name: layer for layer in layers_of(plan.graph, plan)}
    left = [op for op in theirs if op["op"] != "RESHAPE"]
    for layer in ours:
        same = left[0] if left and left[0]["op"].lower() == layer.op else None
        macs, outputs = facts[layer.name].macs, prod(facts[layer.name].shape)
        yield Layer(layer.name, layer.op, layer.kernel, macs, macs // outputs,
                    layer.instructions or 0, same["insns"] if same else None)  # fmt: skip
        left = left[1:] if same else left


def code_bytes(stem: str, core: str, optimize: str) -> int:
    """Bytes of a model's code without constants, by what is optimized."""
    plan = plan_of(load(model_path(stem)), core, optimize=optimize)
    return compiled_figures(plan).code_bytes or 0


HEAD = """\
| model | core | instructions | / CMSIS-NN | / TFLM reference | est. cycles | / CMSIS-NN | \
vector | arena | TFLM | flash | TFLM | code | stack | TFLM |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def line(row: Row) -> str:
    """A row of the Markdown table."""
    low, high = row.cycles or (None, None)
    cycles = f"{low:,}" if low == high and low is not None else f"{low or 0:,}-{high or 0:,}"
    cells = (
        row.model, row.core, f"{row.instructions:,}",
        _ratio(row.instructions, row.cmsis_nn_instructions),
        _ratio(row.instructions, row.tflm_instructions), cycles if row.cycles else "",
        _ratio(high, row.cmsis_nn_cycles),
        f"{row.vector / row.instructions:.0%}" if row.vector else "",
        f"{row.arena_bytes:,}", f"{row.tflm_arena_bytes:,}",
        f"{row.flash_bytes:,}", f"{row.tflm_flash_bytes:,}" if row.tflm_flash_bytes else "",
        f"{row.code_bytes:,}", f"{row.stack_bytes:,}", f"{row.tflm_stack_bytes:,}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _ratio(ours: int | None, theirs: int | None) -> str:
    return f"{ours / theirs:.2f}" if ours and theirs else ""


LAYER_HEAD = """\
| layer | operator | kernel | MACs | instructions | / MAC | CMSIS-NN | ratio |
|---|---|---|---|---|---|---|---|"""


def layer_lines(row: Row) -> Iterator[str]:
    """The Markdown table of one model's operators."""
    yield f"\n{row.model} on {row.core}\n\n{LAYER_HEAD}"
    for layer in row.layers:
        each = f"{layer.instructions / layer.macs:.2f}" if layer.macs else ""
        peer = f"{layer.peer:,}" if layer.peer else ""
        yield (f"| {layer.name} | {layer.op} | {layer.kernel} | {layer.macs:,} | "
               f"{layer.instructions:,} | {each} | {peer} | "
               f"{_ratio(layer.instructions, layer.peer)} |")  # fmt: skip


def main() -> None:
    """Print the tables, and keep them when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--core", action="append", choices=PEERS)
    parser.add_argument("--layers", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sys.stdout.write(HEAD + "\n")
    rows = []
    for core in options.core or ["cortex-m4"]:
        for stem in options.models or baselines():
            rows.append(measure(stem, core))
            sys.stdout.write(line(rows[-1]) + "\n")
            sys.stdout.flush()
    for row in rows if options.layers else ():
        sys.stdout.write("\n".join(layer_lines(row)) + "\n")
    if options.write:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            record = {"edgeq": __version__, "rows": [asdict(r) for r in rows]}
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
