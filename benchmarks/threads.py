"""What threads gain on this machine: one and several take turns, in a process for each model.

    python -m benchmarks.threads [--threads 2] [--rounds 61] [--write] [MODEL ...]

A round is a block of runs on one thread, one on all, and one of as many copies of the model as
there are threads, each on a thread of its own: what copies gain is all that the machine has to
give, which is less than their number where cores share their units, a cache or a clock.  A gain is
the median of those of the rounds.  `balance` is what the plan allows: the times of all parts on one
thread, by the largest share of each layer.  Outputs are compared first, byte by byte.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.collection import model_path, run
from benchmarks.models import RESULTS, machine
from edgeq.build.host import HostModel
from edgeq.measure.latency import BLOCK_SECONDS, Spread, Timer, in_turns, spread_of
from edgeq.measure.rival import Clock
from edgeq.pipeline import load, plan_of
from edgeq.plan import Plan
from edgeq.verify.compare import random_samples

MODELS = ("xtensa_mobilenet_v2_224_int8", "mlperf_tiny_vww_int8", "mlperf_tiny_ic_int8",
          "mlperf_tiny_kws_int8")  # fmt: skip
ROUNDS, SAMPLES, STEP_ROUNDS = 61, 5, 15
HEAD = (
    "| model | one thread, us | {} threads, us | gain | 80 % between | fastest blocks "
    "| gain of copies | balance |\n" + "|---" * 8 + "|"
)


@dataclass(frozen=True, slots=True)
class Gain:
    """One model on one thread and on several.

    one, several   microseconds of a run
    gains          times of one by those of several, of neighbouring blocks
    fastest        the same of the fastest block of each
    copies         times of one by those of as many runs in copies at once, by block
    balance        what the shares of the plan allow
    """

    one: Spread
    several: Spread
    gains: Spread
    fastest: float
    copies: Spread
    balance: float

    def row(self, name: str) -> str:
        """A row of the Markdown table."""
        cells = [name, f"{self.one.median_us:,.1f}", f"{self.several.median_us:,.1f}",
                 f"{self.gains.median_us:.2f}", f"{self.gains.low_us:.2f}-{self.gains.high_us:.2f}",
                 f"{self.fastest:.2f}", f"{self.copies.median_us:.2f}",
                 f"{self.balance:.2f}"]  # fmt: skip
        return f"| {' | '.join(cells)} |"


def measure(path: Path, threads: int, rounds: int, seconds: float = BLOCK_SECONDS) -> Gain:
    """Measure the model of a file for `host`.

    Raises:
        ValueError: a byte of some output depends on the number of threads.
        ToolError: there is no compiler.
    """
    graph = load(path)
    one, several = (HostModel(plan_of(graph, "host", threads=n)) for n in (1, threads))
    copies = [one, *(HostModel(one.plan) for _ in range(threads - 1))]
    check_bytes(one, several)
    sample = random_samples(one.plan.graph, 1)[0]
    for model in (several, *copies):
        model.fill(sample)
    clocks = [Timer(one).run, Timer(several).run, at_once([Timer(model).run for model in copies])]
    alone, together, each = in_turns(clocks, rounds, seconds)
    return Gain(
        spread_of(alone), spread_of(together), _ratios(alone, together), min(alone) / min(together),
        _ratios([threads * us for us in alone], each), balance(several.plan, _step_times(several)),
    )  # fmt: skip


def check_bytes(one: HostModel, several: HostModel) -> None:
    """ValueError unless both give the same bytes."""
    for sample in random_samples(one.plan.graph, SAMPLES):
        want, got = one.run(sample), several.run(sample)
        if any(not np.array_equal(want[name], got[name]) for name in want):
            raise ValueError(f"{one.plan.name}: the bytes depend on the number of threads")


def at_once(clocks: Sequence[Clock]) -> Clock:
    """A clock of that many runs of each, on a thread for each: the slowest counts."""
    workers = ThreadPoolExecutor(len(clocks))

    def time(times: int) -> int:
        return max([future.result() for future in [workers.submit(c, times) for c in clocks]])

    return time


def balance(plan: Plan, times: Sequence[float]) -> float:
    """The time of all steps by that of the largest shares, given the time of each step."""
    longest = 0.0
    for i, step in enumerate(plan.steps):
        if step.part:
            continue
        workers, parts = min(step.parts, plan.threads), times[i : i + step.parts]
        edges = [len(parts) * worker // workers for worker in range(workers + 1)]
        longest += max(sum(parts[lo:hi]) for lo, hi in pairwise(edges))
    return sum(times) / longest


def _step_times(model: HostModel) -> list[float]:
    """The least nanoseconds of each step, alone on one thread."""
    timer, steps = Timer(model), range(len(model.plan.steps))
    rounds = [[timer.step(i, 2) / 2 for i in steps] for _ in range(STEP_ROUNDS)]
    return [min(taken) for taken in zip(*rounds, strict=True)]


def _ratios(these: Sequence[float], those: Sequence[float]) -> Spread:
    return spread_of([a / b for a, b in zip(these, those, strict=True)])


def main() -> None:
    """Print the table, and keep it when asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="*")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = [HEAD.format(options.threads)]
    sys.stdout.write(f"{rows[0]}\n")
    for stem in options.models or MODELS:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            path = model_path(stem)
            gain = process.submit(measure, path, options.threads, options.rounds).result()
        rows.append(gain.row(stem))
        sys.stdout.write(f"{rows[-1]}\n")
        sys.stdout.flush()
    if options.write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        text = [f"{options.threads} threads of {machine()}; a gain is time by time.", "", *rows]
        (RESULTS / "threads_x86.md").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(main)
