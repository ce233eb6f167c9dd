"""Runs trials in a program of their own: under sanitizers, under an emulator, or on a board."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeq.errors import ToolError
from edgeq.targets import Target
from edgeq.verify.bochs import run_under_bochs
from edgeq.verify.emulated import INPUT, OUTPUT, run_emulated
from tests.kernels.trial import PLACEMENTS, Outcome, Trial, forms_of

SECONDS = 300
ROOM = 48 << 20  # bytes of an emulated machine's memory for a stack, the program and all blocks
# As runner.c has them: what is asked and what is answered of a block.
TOLD, COMPARED, IGNORED = range(3)
STATE, INTACT, WANTED = struct.Struct("<i"), 1, 2
SHOWN_LINES = 6
SANITIZER_ENV = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=0"}


def run_program(
    program: Path, trials: Sequence[Trial], emulator: Sequence[str] = ()
) -> Iterator[tuple[Trial, str, Outcome]]:
    """Every trial in its placements; after a crash nothing follows."""
    plan = _plan(trials)
    done = subprocess.run(
        [*emulator, str(program)], input=b"".join(_record(t, p, compared=True) for t, p in plan),
        capture_output=True, timeout=SECONDS, env={**os.environ, **SANITIZER_ENV}, check=False,
    )  # fmt: skip
    why = _why(done.returncode, done.stderr.decode(errors="replace"))
    yield from _outcomes(plan, done.stdout, why if done.returncode else "")


def run_in_bochs(program: Path, trials: Sequence[Trial]) -> Iterator[tuple[Trial, str, Outcome]]:
    """The same under Bochs, whose own kernel is compiled once in a session."""
    plan = _plan(trials)
    records = b"".join(_record(t, p, compared=True) for t, p in plan)
    try:
        ended = run_under_bochs(program, records, timeout=SECONDS, room=ROOM)
    except ToolError as error:
        yield from _outcomes(plan, b"", str(error))
        return
    why = _why(ended.code, ended.written["2"].decode(errors="replace"))
    yield from _outcomes(plan, ended.written["1"], why if ended.code else "")


def run_firmware(
    program: Path, trials: Sequence[Trial], target: Target
) -> Iterator[tuple[Trial, str, Outcome]]:
    """The same on a board's emulator: records and answers are files of the program."""
    plan = _plan(trials)
    with TemporaryDirectory(prefix="edgeq-trials-") as name:
        folder = Path(name)
        (folder / INPUT).write_bytes(b"".join(_record(t, p, compared=False) for t, p in plan))
        done = run_emulated(program, target, folder, timeout=SECONDS)
        answer = (folder / OUTPUT).read_bytes() if (folder / OUTPUT).exists() else b""
    why = _why(done.exit_code, done.stdout + done.stderr)
    yield from _outcomes(plan, answer, why if done.exit_code else "")


def _plan(trials: Sequence[Trial]) -> list[tuple[Trial, str]]:
    """Trials and placements: every case in each, but rounding forms of a case take turns.

    Emulators are slow, and forms differ in no address.  A case of one form is run in both.
    """
    plan: list[tuple[Trial, str]] = []
    cases: dict[str, list[Trial]] = {}
    for trial in trials:
        cases.setdefault(trial.label, []).append(trial)
    for first, of_case in enumerate(cases.values()):
        if len(of_case) == 1:
            plan += [(of_case[0], placement) for placement in PLACEMENTS]
        plan += [(trial, PLACEMENTS[(first + turn) % len(PLACEMENTS)])
                 for turn, trial in enumerate(of_case) if len(of_case) > 1]  # fmt: skip
    return plan


def _outcomes(
    plan: Sequence[tuple[Trial, str]], answer: bytes, why: str
) -> Iterator[tuple[Trial, str, Outcome]]:
    """The trials' outcomes; `why` the program failed, "" when it did not."""
    at = 0
    for trial, placement in plan:
        read = _outcome(trial, answer, at)
        if read is None:
            yield trial, placement, Outcome(crash=why or "ended before its answer was complete")
            return
        outcome, at = read
        yield trial, placement, outcome
    if why:
        yield *plan[-1], Outcome(crash=why)


def _record(trial: Trial, placement: str, *, compared: bool) -> bytes:
    """One call; `compared` adds what should be there afterwards, so that the answer is short."""
    which = forms_of(trial.kernel).index(trial.form)
    parts = [struct.pack("<3i", which, PLACEMENTS.index(placement), len(trial.blocks))]
    for block, want in zip(trial.blocks, trial.want, strict=True):
        known = want if compared and block.share < 0 else None
        wanted = IGNORED if want is None else TOLD if known is None else COMPARED
        head = struct.pack("<5i", len(block.data), block.align, block.share, block.at, wanted)
        parts += [head, block.data, known or b""]
    return b"".join(parts)


def _outcome(trial: Trial, answer: bytes, at: int) -> tuple[Outcome, int] | None:
    """The answer that begins at `at`, and where it ends; None when it is not all there."""
    memory, intact = [], []
    for block, want in zip(trial.blocks, trial.want, strict=True):
        if at + STATE.size > len(answer):
            return None
        (state,) = STATE.unpack_from(answer, at)
        known = want or b"" if state & WANTED else None
        end = at + STATE.size + (len(block.data) if known is None else 0)
        if end > len(answer):
            return None
        intact.append(bool(state & INTACT))
        memory.append(answer[at + STATE.size : end] if known is None else known)
        at = end
    return Outcome(tuple(memory), tuple(intact)), at


def _why(code: int, said: str) -> str:
    """How the program ended, and the lines of its report that say most."""
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "ERROR" in line or "runtime error" in line]
    start = lines.index(telling[0]) if telling else max(len(lines) - SHOWN_LINES, 0)
    report = "\n".join(f"    {line}" for line in lines[start : start + SHOWN_LINES])
    return f"{how_it_ended(code)}\n{report}".rstrip()


def how_it_ended(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
