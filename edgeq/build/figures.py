"""What only a compiler knows of a plan: code size and worst-case stack."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from edgeq.build.sizes import section_sizes
from edgeq.build.stack import stack_usage
from edgeq.build.write import c_sources, flags_of, write_files
from edgeq.codegen import emit
from edgeq.codegen.levels import level_idents
from edgeq.codegen.parallel import groups
from edgeq.errors import ToolError
from edgeq.plan.plan import Plan

NAME = "model"


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes, or None with the reason where no compiler could say.

    code_bytes   machine code of the model and its kernels, without constants
    flash_bytes  the same with every constant that the compiler kept
    stack_bytes  of NAME_run and all it calls, without interrupts and, with threads, without what
                 the caller's `eq_parallel` itself needs; no worker needs more
    """

    code_bytes: int | None
    flash_bytes: int | None
    stack_bytes: int | None
    reason: str = ""


def compiled_figures(plan: Plan) -> Figures:
    """Compile the plan's C for its target and measure it; no compiler is no error."""
    files = emit(plan, name=NAME, selftest=False)
    with tempfile.TemporaryDirectory(prefix="edgeq-") as name:
        folder = Path(name)
        write_files(files, folder)
        sources = c_sources(files, folder)
        include = [folder, folder / "include"]
        levels = level_idents(plan, NAME)
        try:
            stack = stack_usage(
                sources, f"{NAME}_run", folder, target=plan.target, include=include,
                own_flags=flags_of(plan, folder),
                others=[f"{ident}_run" for ident, _ in levels],
                pointed={f"{ident}_run": [group.function for group in groups(level, ident)]
                         for ident, level in (*levels, (NAME, plan))},
            )  # fmt: skip
            sizes = section_sizes(sorted(folder.glob("*.o")), plan.target.cc)
        except ToolError as error:
            return Figures(None, None, None, error.text())
    flash = sizes["text"] + sizes["rodata"] + sizes["data"]
    return Figures(sizes["text"], flash, stack.bytes, stack.reason)
