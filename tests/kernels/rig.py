"""The differential tester: every kernel against `exact`, wherever the kernel can run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from edgeq.kernels.catalog import Kernel
from edgeq.kernels.isa import Isa
from edgeq.targets import load_target
from edgeq.targets.target import BOCHS, emulator_words
from tests.kernels.build import Builder
from tests.kernels.native import Native
from tests.kernels.program import run_firmware, run_in_bochs, run_program
from tests.kernels.trial import NotTestedError, Outcome, Trial, complaint, forms_of, trials


@dataclass(frozen=True, slots=True)
class Rig:
    """Runs all trials of a kernel and says what is wrong first, "" when nothing is."""

    builder: Builder
    native: Native

    def difference(self, kernel: Kernel) -> str:
        """Where it returns other bytes than `exact`: on this machine or under its emulator."""
        return self.complaint(kernel, _trials(kernel))

    def complaint(self, kernel: Kernel, found: Sequence[Trial]) -> str:
        """The same of these trials."""
        if kernel.isa.runs_here():
            return _first(self.native.run(self.builder.library(kernel), found))
        emulator = emulator_of(kernel.isa)
        if kernel.isa.emulator[:1] == (BOCHS,):
            return _first(run_in_bochs(self.builder.program(kernel), found))
        if kernel.isa.target:
            program, target = self.builder.program(kernel), load_target(kernel.isa.target)
            return _first(run_firmware(program, found, target))
        return _first(run_program(self.builder.program(kernel), found, emulator))

    def misdeed(self, kernel: Kernel) -> str:
        """What the address and undefined behaviour sanitizers of this machine object to."""
        return _first(run_program(self.builder.sanitized(kernel), _trials(kernel)))


def _trials(kernel: Kernel) -> list[Trial]:
    found: list[Trial] = []
    for form in forms_of(kernel):
        of_form = list(trials(kernel, form))
        if not of_form:
            raise NotTestedError(
                f"{kernel.symbol(form)}: no case satisfies "
                f"{' and '.join(kernel.requires) or 'it'}: the kernel was not tested"
            )
        found += of_form
    return found


def _first(outcomes: Iterator[tuple[Trial, str, Outcome]]) -> str:
    for trial, placement, outcome in outcomes:
        if text := complaint(trial, placement, outcome):
            return text
    return ""


def emulator_of(isa: Isa) -> tuple[str, ...]:
    """The command that runs programs of `isa`; without it a test is skipped, or fails in CI."""
    firmware = load_target(isa.target).firmware if isa.target else None
    emulator = firmware.emulator if firmware else isa.emulator
    if not emulator or shutil.which(emulator[0]) is None:
        what = emulator[0] if emulator else "a machine of theirs, as no emulator is named,"
        lack = pytest.fail if os.environ.get("CI") else pytest.skip
        lack(f"{isa.name} kernels need {what} here")
    return emulator_words(emulator, sys.executable)
