"""`edgeq verify`: numpy, the C code and an oracle, compared tensor by tensor."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeq.cli.options import (
    Batch,
    Data,
    InputShape,
    Json,
    Model,
    Numerics,
    Optimize,
    Target,
    Threads,
    read_model,
)
from edgeq.cli.screen import show_json, show_text, working
from edgeq.errors import UsageError

Against = Annotated[
    str,
    typer.Option(
        "--against", help="tflm or litert, whose bytes must be the same; litert-default, whose "
        "distance is told; else numpy and C alone are compared.",
    ),
]  # fmt: skip
Samples = Annotated[
    int | None,
    typer.Option("--samples", min=1, show_default=False,
                 help="How many; else 100, under emulation 3."),
]  # fmt: skip


def verify(
    model: Model, target: Target = "host", against: Against = "", samples: Samples = None,
    data: Data = None, numerics: Numerics = "", optimize: Optimize = "speed", threads: Threads = 1,
    batch: Batch = None, input_shape: InputShape = None, json: Json = False,
) -> int:  # fmt: skip
    """Build, run (natively or emulated), compare every tensor, name the first that differs."""
    from edgeq import pipeline
    from edgeq.report.found import verify_text

    _check(against, numerics)
    graph = read_model(model, batch, input_shape)
    arrays = None
    if data is not None:
        from edgeq.cli.data import read_data

        arrays = read_data(data, graph.inputs).inputs
    with working(f"verifying {model.name}") as progress:
        report = pipeline.verify(
            graph, target, samples=samples, against=against, numerics=numerics, data=arrays,
            optimize=optimize, threads=threads, progress=progress,
        )  # fmt: skip
    if json:
        show_json(report.as_json())
    else:
        show_text(verify_text(report))
    return 0 if report.ok else 1


def _check(against: str, numerics: str) -> None:
    from edgeq.pipeline import ORACLE_PROFILES
    from edgeq.verify.oracle import ORACLES

    if against and against not in ORACLES:
        raise UsageError(f"there is nobody called {against!r} to compare with",
                         fix=f"choose from {', '.join(ORACLES)}")  # fmt: skip
    implied = ORACLE_PROFILES.get(against)
    if implied and numerics and numerics != implied:
        raise UsageError(f"--against {against} means --numerics {implied}, not {numerics}")
