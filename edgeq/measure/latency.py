"""How long an inference takes on this machine, alone or in turns with another runtime.

The clock is read in C around a block of runs (targets/timing/timer.c), so no Python is in
the timed region; a peer is called from there, too, where its native function is known.
Blocks of ours and of the peers alternate on one core, which lets a slow phase of a shared machine
hit all: the ratio is that of neighbouring blocks.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cffi

from edgeq.build.cc import compile_and_link
from edgeq.build.host import HostModel
from edgeq.errors import UsageError
from edgeq.measure.rival import PEERS, Clock, Values, rival
from edgeq.targets.target import target_folder

BLOCKS = 21
BLOCK_SECONDS = 0.02
LAYER_BLOCKS = 5
LAYER_SECONDS = 0.002
MOST_RUNS = 1_000_000
LOW, HIGH = 0.1, 0.9
DECLARATIONS = """
    int64_t eq_time_run(void (*run)(uint8_t *), uint8_t *arena, int32_t times);
    int64_t eq_time_shared_run(void (*run)(uint8_t *, const void *), uint8_t *arena,
                               const void *parallel, int32_t times);
    int64_t eq_time_step(void (*run)(uint8_t *, int32_t), uint8_t *arena, int32_t step,
                         int32_t times);
"""


@dataclass(frozen=True, slots=True)
class Spread:
    """Microseconds per inference over blocks: the median, and where 80 % of them lie."""

    median_us: float
    low_us: float
    high_us: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Another runtime's latency in microseconds, and ours / theirs as the median of pairs.

    native   whether it was called from C, as ours is, or from Python
    """

    median_us: float
    low_us: float
    high_us: float
    ratio: float
    native: bool


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured on this machine.

    layers   median microseconds of each step of the plan
    """

    spread: Spread
    layers: tuple[float, ...]
    peers: Mapping[str, Peer]


class Timer:
    """The C functions that time a compiled model."""

    def __init__(self, model: HostModel) -> None:
        self._model = model
        self._ffi = cffi.FFI()
        self._ffi.cdef(DECLARATIONS)
        with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
            self._lib: Any = self._ffi.dlopen(str(timer_library(Path(folder))))
        self._arena = self._ffi.cast("uint8_t *", model.arena_address)
        self._run = self._ffi.cast("void (*)(uint8_t *)", model.address("run"))
        self._shared_run = self._ffi.cast("void (*)(uint8_t *, const void *)", self._run)
        self._parallel = self._ffi.cast("const void *", model.parallel_address)
        self._step = self._ffi.cast("void (*)(uint8_t *, int32_t)", model.address("step"))

    def run(self, times: int) -> int:
        """Nanoseconds of `times` inferences on what is in the arena."""
        if self._parallel:
            return int(self._lib.eq_time_shared_run(self._shared_run, self._arena, self._parallel,
                                                    times))  # fmt: skip
        return int(self._lib.eq_time_run(self._run, self._arena, times))

    def step(self, index: int, times: int) -> int:
        """Nanoseconds of `times` runs of one step."""
        return int(self._lib.eq_time_step(self._step, self._arena, index, times))


def timer_library(folder: Path) -> Path:
    """The compiled timer, in `folder`; raises ToolError where there is no compiler."""
    return compile_and_link([target_folder() / "timing" / "timer.c"], folder / "timer.so",
                            cflags=["-O2", "-std=c11"], shared=True)  # fmt: skip


def measure_latency(
    model: HostModel, inputs: Values, *, against: Sequence[str] = (), blocks: int = BLOCKS,
    seconds: float = BLOCK_SECONDS,
) -> Latency:  # fmt: skip
    """Time a compiled model on one sample, and peers on the same when named.

    Args:
        model: for this machine.
        inputs: by tensor name, as the model takes them.
        against: names of PEERS, each of one thread in a process of its own.
        blocks: how many are timed, after one that is not counted.
        seconds: about how long a block takes.

    Raises:
        UsageError: there is no such peer.
        PeerRefused: a peer does not take the model.
        ToolError: no compiler, or a peer is not installed.
    """
    for name in against:
        if name not in PEERS:
            raise UsageError(f"no peer is called {name!r}", fix=f"use one of {', '.join(PEERS)}")
    timer = Timer(model)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edgeq-")))
        if model.plan.threads == 1:
            stack.enter_context(on_one_core())
        rivals = {
            name: stack.enter_context(rival(model.plan.graph, inputs, name)) for name in against
        }
        model.fill(inputs)
        library = str(timer_library(folder)) if against else ""
        clocks = [timer.run, *(found.clock(library) for found in rivals.values())]
        ours, *theirs = in_turns(clocks, blocks, seconds)
    peers = {
        name: _as_peer(ours, times, native=found.native)
        for (name, found), times in zip(rivals.items(), theirs, strict=True)
    }
    model.fill(inputs)
    layers = tuple(_layer_us(timer, i) for i in range(len(model.plan.steps)))
    return Latency(spread_of(ours), layers, peers)


def level_latencies(model: HostModel, inputs: Values) -> dict[str, float | None]:
    """Median microseconds of each level of a fat target, in turns; the first is in use after."""
    timers = {}
    for name in model.levels:
        model.use(name)
        timers[name] = Timer(model)
    if not timers:
        return {}
    model.use(next(iter(timers)))
    model.fill(inputs)
    found = in_turns([timer.run for timer in timers.values()], LAYER_BLOCKS, BLOCK_SECONDS)
    return {name: median(taken) for name, taken in zip(timers, found, strict=True)}


@contextmanager
def on_one_core() -> Iterator[None]:
    """Keep this thread, and all threads and processes it starts, on the same core.

    Nothing happens where the system cannot do that.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def in_turns(clocks: Sequence[Clock], blocks: int, seconds: float) -> list[list[float]]:
    """Microseconds per inference of each block, by clock; the first of each is dropped."""
    times = [runs_for(clock, seconds) for clock in clocks]
    found: list[list[float]] = [[] for _ in clocks]
    for _ in range(blocks + 1):
        for clock, runs, taken in zip(clocks, times, found, strict=True):
            taken.append(clock(runs) / runs / 1000)
    return [taken[1:] for taken in found]


def runs_for(time: Clock, seconds: float) -> int:
    """How many runs take about `seconds`, at least one."""
    runs = 1
    while (took := time(runs)) < seconds * 1e9 / 4 and runs < MOST_RUNS:
        runs *= 4
    return max(1, min(MOST_RUNS, round(runs * seconds * 1e9 / max(took, 1))))


def _layer_us(timer: Timer, index: int) -> float:
    runs = runs_for(lambda times: timer.step(index, times), LAYER_SECONDS)
    return median(timer.step(index, runs) / runs / 1000 for _ in range(LAYER_BLOCKS))


def spread_of(microseconds: list[float]) -> Spread:
    """The median and the 10th and 90th percentile."""
    ranked = sorted(microseconds)
    last = len(ranked) - 1
    return Spread(
        median(ranked), ranked[round(LOW * last)], ranked[round(HIGH * last)], len(ranked)
    )


def _as_peer(ours: list[float], theirs: list[float], *, native: bool) -> Peer:
    spread = spread_of(theirs)
    ratio = median(a / b for a, b in zip(ours, theirs, strict=True))
    return Peer(spread.median_us, spread.low_us, spread.high_us, ratio, native)
