"""`edgeq tune`: measures this machine's kernels, so that the best of them are chosen for it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from edgeq.cli.options import Json, Target
from edgeq.cli.screen import show_json, show_table, show_text, working

Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", show_default=False,
                 help="Where the table goes; else into the user's cache, which compiling for "
                 "`host` reads."),
]  # fmt: skip
Kernels = Annotated[
    str,
    typer.Option("--kernels", metavar="REGEX", show_default=False, help="Of which kernels, with "
                 "those that they compete with; rows of others stay. Else all."),
]  # fmt: skip
Seconds = Annotated[
    float,
    typer.Option("--seconds", min=0, help="About how long a block takes; each kernel and layer "
                 "has 21."),
]  # fmt: skip


def tune(
    target: Target = "host", out: Out = None, kernels: Kernels = "", seconds: Seconds = 0.001,
    json: Json = False,
) -> int:  # fmt: skip
    """Measure what kernels take on this machine; compiling for `host` then chooses by it."""
    from edgeq import pipeline
    from edgeq.report.costs import costs_rows, costs_table

    with working("measuring kernels") as progress:
        table = pipeline.tune(target, out=out, kernels=kernels, seconds=seconds, progress=progress,
                              command=_command())  # fmt: skip
    if json:
        show_json({"file": table.origin, "sha256": table.sha256, "made": table.made,
                   "kernels": costs_rows(table)})  # fmt: skip
    else:
        show_table(costs_table(table))
        show_text(f"written to {table.origin}")
    return 0


def _command() -> str:
    """The command line as it was given, without the path of the program."""
    return shlex.join(["edgeq", *sys.argv[1:]])
