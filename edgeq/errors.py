"""The exceptions, and the shape of their messages: where, what, why, and what to do now.

Every error that a user can cause is an `EdgeqError`; the command line shows its text
without a traceback.  Anything else that escapes is a defect of edgeq.
"""

from __future__ import annotations

from collections.abc import Iterable


class EdgeqError(Exception):
    """One problem: `where: what`, then a line each for why and fix.

    exit_code   what the command line exits with: 2 for bad input, 1 for a finding
    """

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", why: str = "", fix: str = "") -> None:
        self.what, self.where, self.why, self.fix = what, where, why, fix
        super().__init__(self.text())

    def text(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        lines = [head]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class ModelError(EdgeqError):
    """The model file is broken, hostile, or not a model."""


class GraphError(EdgeqError):
    """A graph does not satisfy what its stage promises."""


class QuantError(EdgeqError):
    """A quantization parameter or an accumulator leaves the range of exact arithmetic."""


class PlanError(EdgeqError):
    """No kernel accepts a call, or a call cannot be placed."""


class KernelError(EdgeqError):
    """A kernel source or contract header breaks the kernel rules."""


class TargetError(EdgeqError):
    """A target or instruction-set description is unknown or malformed."""


class ToolError(EdgeqError):
    """A compiler, emulator or oracle is missing, or failed."""


class OutputError(EdgeqError):
    """The output folder cannot be written, or holds something else."""


class UsageError(EdgeqError):
    """An argument of a command or of the Python API makes no sense."""


class DataWarning(UserWarning):
    """The data may not be what the model expects."""


class BudgetError(EdgeqError):
    """The model is larger than the memory it was given: a finding, not bad input."""

    exit_code = 1


class Problems(EdgeqError):  # noqa: N818 (several errors, named for what they are)
    """Every reason at once why a model is refused.

    problems   the single errors, in model order
    """

    def __init__(self, what: str, problems: Iterable[EdgeqError]) -> None:
        self.problems = tuple(problems)
        super().__init__(what)

    def text(self) -> str:
        body = "\n".join(p.text() for p in self.problems)
        return f"{self.what}\n{body}"
