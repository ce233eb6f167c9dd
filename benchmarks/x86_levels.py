"""Executed instructions of an inference on each level of x86, counted under emulation.

    python -m benchmarks.x86_levels [--write] [MODEL ...]

AVX2 runs under QEMU, AVX-VNNI and AVX-512 VNNI under Bochs, which counts the former's products in
the encoding of AVX-512 (targets/x86-64-avxvnni.toml).  Counts are exact and repeatable, and no
times: vectors of AVX-512 are twice as wide.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks.collection import model_path, run
from benchmarks.libraries import LEVELS
from benchmarks.models import MODELS, RESULTS
from edgeq.measure.bench import count_run
from edgeq.pipeline import load, plan_of
from edgeq.verify.compare import random_samples

HEAD = f"| model | {' | '.join(LEVELS)} |\n|---|{'---|' * len(LEVELS)}"


def counted(stem: str) -> list[int]:
    """Instructions of one inference on every level.

    Raises:
        ToolError: a compiler or an emulator is missing.
    """
    graph = load(model_path(stem))
    found = []
    for level in LEVELS:
        plan = plan_of(graph, level)
        found.append(count_run(plan, random_samples(plan.graph, 1, 0)[0]).details[0].total)
    return found


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    lines = [HEAD]
    sys.stdout.write(f"{HEAD}\n")
    for stem in options.models or MODELS:
        lines.append(f"| {' | '.join([stem, *(f'{n:,}' for n in counted(stem))])} |")
        sys.stdout.write(f"{lines[-1]}\n")
        sys.stdout.flush()
    if options.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / "x86_levels.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
