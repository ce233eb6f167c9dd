"""How long an inference takes on this machine, alone or in turns with another runtime.

The clock is read in C around a block of runs (targets/timing/timer.c), so no Python is in
the timed region.  Blocks of ours and of the peer alternate, which lets a slow phase of a
shared machine hit both: the ratio is that of neighbouring blocks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import cffi
from numpy.typing import NDArray

from edgeq.build.cc import compile_and_link
from edgeq.build.host import HostModel
from edgeq.errors import UsageError
from edgeq.targets.target import target_folder
from edgeq.verify.oracle import Oracle

Values = Mapping[str, NDArray[Any]]
Clock = Callable[[int], int]
"""Nanoseconds of that many runs."""

BLOCKS = 21
BLOCK_SECONDS = 0.02
LAYER_BLOCKS = 5
LAYER_SECONDS = 0.002
MOST_RUNS = 1_000_000
LOW, HIGH = 0.1, 0.9
PEERS: Mapping[str, str] = {"litert": "litert-default", "tflm": "tflm"}
"""What a peer is asked as: LiteRT as it runs on PCs and phones, not its reference kernels."""

DECLARATIONS = """
    int64_t eq_time_run(void (*run)(uint8_t *), uint8_t *arena, int32_t times);
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
    """Another runtime's latency in microseconds, and ours / theirs as the median of pairs."""

    median_us: float
    low_us: float
    high_us: float
    ratio: float


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
            library = compile_and_link(
                [target_folder() / "timing" / "timer.c"], Path(folder) / "timer.so",
                cflags=["-O2", "-std=c11"], shared=True,
            )  # fmt: skip
            self._lib: Any = self._ffi.dlopen(str(library))
        self._arena = self._ffi.cast("uint8_t *", model.arena_address)
        self._run = self._ffi.cast("void (*)(uint8_t *)", model.address("run"))
        self._step = self._ffi.cast("void (*)(uint8_t *, int32_t)", model.address("step"))

    def run(self, times: int) -> int:
        """Nanoseconds of `times` inferences on what is in the arena."""
        return int(self._lib.eq_time_run(self._run, self._arena, times))

    def step(self, index: int, times: int) -> int:
        """Nanoseconds of `times` runs of one step."""
        return int(self._lib.eq_time_step(self._step, self._arena, index, times))


def measure_latency(
    model: HostModel, inputs: Values, *, against: str = "", blocks: int = BLOCKS,
    seconds: float = BLOCK_SECONDS,
) -> Latency:  # fmt: skip
    """Time a compiled model on one sample, and a peer on the same when named.

    Args:
        model: for this machine.
        inputs: by tensor name, as the model takes them.
        against: "litert" (LiteRT with its default delegate, one thread), "tflm", or "".
        blocks: how many are timed, after one that is not counted.
        seconds: about how long a block takes.

    Raises:
        UsageError: there is no such peer.
        ToolError: no compiler, or the peer is not installed or refuses the model.
    """
    if against and against not in PEERS:
        raise UsageError(f"no peer is called {against!r}", fix=f"use one of {', '.join(PEERS)}")
    timer = Timer(model)
    with _peer(model, inputs, against) as oracle:
        model.fill(inputs)
        ours, theirs = in_turns(timer.run, oracle.time if oracle else None, blocks, seconds)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)] if theirs else []
    peers = {against: _as_peer(theirs, ratios)} if theirs else {}
    model.fill(inputs)
    layers = tuple(_layer_us(timer, i) for i in range(len(model.plan.steps)))
    return Latency(spread_of(ours), layers, peers)


def _peer(model: HostModel, inputs: Values, against: str) -> AbstractContextManager[Oracle | None]:
    if not against:
        return nullcontext()
    graph = model.plan.graph
    oracle = Oracle(PEERS[against])
    try:
        oracle.load(graph.source)
        oracle.invoke([inputs[name] for name in graph.inputs])
    except BaseException:
        oracle.close()
        raise
    return oracle


def in_turns(
    ours: Clock, theirs: Clock | None, blocks: int, seconds: float
) -> tuple[list[float], list[float]]:
    """Microseconds per inference of each block, ours and theirs; the first pair is dropped."""
    our_times = runs_for(ours, seconds)
    their_times = runs_for(theirs, seconds) if theirs else 0
    first, second = [], []
    for _ in range(blocks + 1):
        first.append(ours(our_times) / our_times / 1000)
        if theirs:
            second.append(theirs(their_times) / their_times / 1000)
    return first[1:], second[1:]


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


def _as_peer(microseconds: list[float], ratios: list[float]) -> Peer:
    spread = spread_of(microseconds)
    return Peer(spread.median_us, spread.low_us, spread.high_us, median(ratios))
