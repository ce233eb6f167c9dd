"""Runs trials on this machine through cffi, in a worker process that a fault may kill."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from tests.kernels.program import how_it_ended
from tests.kernels.trial import PLACEMENTS, Outcome, Trial

ROOT = Path(__file__).parents[2]


class Native:
    """A worker process, started when it is first needed and again after a crash."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Native:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._stop()

    def run(self, library: Path, trials: Sequence[Trial]) -> Iterator[tuple[Trial, str, Outcome]]:
        """Every trial in every placement."""
        for trial in trials:
            for placement in PLACEMENTS:
                yield trial, placement, self._call(library, trial, placement)

    def _call(self, library: Path, trial: Trial, placement: str) -> Outcome:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.kernels.native_worker"], cwd=ROOT,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        contract = trial.kernel.contract
        blocks = [(b.data, b.align, b.share, b.at) for b in trial.blocks]
        request = (str(library), contract.cdef(), contract.name, trial.symbol, blocks,
                   placement == "skewed")  # fmt: skip
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            pickle.dump(request, stdin)
            stdin.flush()
            memory, intact = pickle.load(stdout)
        except (EOFError, BrokenPipeError):
            return Outcome(crash=how_it_ended(self._stop()))
        return Outcome(tuple(memory), tuple(intact))

    def _stop(self) -> int:
        """End the worker; its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        closers: list[Callable[[], None]] = [s.close for s in (process.stdin, process.stdout) if s]
        for close in closers:
            try:
                close()
            except BrokenPipeError:
                continue
        return process.wait()
