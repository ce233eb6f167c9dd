"""Instructions, arena, flash and stack on an emulated Cortex-M4 beside TensorFlow Lite Micro.

    python -m benchmarks.cortex_m [--write] [MODEL ...]

The peer's figures were measured on the same emulated core and stand in the collection's
baselines (TFLM with its reference kernels, and with CMSIS-NN).  `--write` appends a line of
JSON to benchmarks/results/cortex_m.jsonl.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from benchmarks.collection import REPOSITORY, model_path, records, shared
from edgeq._version import __version__
from edgeq.build.figures import compiled_figures
from edgeq.measure.bench import bench_emulated
from edgeq.pipeline import load, plan_of
from edgeq.verify.compare import random_samples

TARGET = "cortex-m4"
REFERENCE, CMSIS_NN = "m4-ref-def", "m4-cmsis-def"
RESULTS = REPOSITORY / "benchmarks" / "results" / "cortex_m.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """One model: ours, and TFLM's with reference kernels (and CMSIS-NN's instructions)."""

    model: str
    instructions: int
    tflm_instructions: int
    cmsis_nn_instructions: int
    arena_bytes: int
    tflm_arena_bytes: int
    flash_bytes: int
    tflm_flash_bytes: int
    stack_bytes: int
    tflm_stack_bytes: int


@cache
def baselines() -> dict[str, dict[str, Any]]:
    """The peer's figures of each model, by the model's file stem."""
    text = (shared() / "baselines" / "cortex_m.json").read_text(encoding="utf-8")
    by_sum = {hashlib.sha256(model_path(s).read_bytes()).hexdigest(): s
              for s, r in records().items() if r["file"].endswith(".tflite")}  # fmt: skip
    return {by_sum[entry["sha256"]]: entry for entry in json.loads(text)["models"].values()}


def measure(stem: str) -> Row:
    """Count one inference and compile once."""
    plan = plan_of(load(model_path(stem)), TARGET)
    (sample,) = random_samples(plan.graph, 1)
    instructions = bench_emulated(plan, sample).instructions or 0
    figures = compiled_figures(plan)
    configs = baselines()[stem]["configs"]
    reference = configs[REFERENCE]
    return Row(
        stem, instructions, reference["insns"], configs[CMSIS_NN]["insns"], plan.arena_bytes,
        reference["arena_used"], figures.flash_bytes or 0,
        reference["size_generic_registration"]["flash"], figures.stack_bytes or 0,
        reference["stack_invoke"],
    )  # fmt: skip


def line(row: Row) -> str:
    """A row of the Markdown table."""
    return (
        f"| {row.model} | {row.instructions:,} | {row.instructions / row.tflm_instructions:.2f} | "
        f"{row.instructions / row.cmsis_nn_instructions:.2f} | {row.arena_bytes:,} | "
        f"{row.tflm_arena_bytes:,} | {row.flash_bytes:,} | {row.tflm_flash_bytes:,} | "
        f"{row.stack_bytes:,} | {row.tflm_stack_bytes:,} |"
    )


HEAD = """\
| model | instructions | / TFLM | / CMSIS-NN | arena | TFLM | flash | TFLM | stack | TFLM |
|---|---|---|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    sys.stdout.write(HEAD + "\n")
    rows = []
    for stem in options.models or baselines():
        rows.append(measure(stem))
        sys.stdout.write(line(rows[-1]) + "\n")
        sys.stdout.flush()
    if options.write:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            record = {"edgeq": __version__, "target": TARGET, "rows": [asdict(r) for r in rows]}
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
