"""`edgeq analyze`: what a model costs on a target, and everything that stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeq.cli.options import (
    Batch,
    InputShape,
    Jobs,
    Json,
    Model,
    Numerics,
    Observer,
    Optimize,
    Preprocess,
    Scheme,
    Target,
    Threads,
    read_model,
)
from edgeq.cli.screen import show_json, show_note, show_table, working

if TYPE_CHECKING:
    from edgeq.measure.analysis import Analysis

DataPath = Annotated[
    Path | None,
    typer.Option("--data", metavar="D", show_default=False, help="Of a float model: samples to "
                 "quantize it with in memory, so that each layer's error is told beside theory."),
]  # fmt: skip


def analyze(
    model: Model, target: Target = "host", data: DataPath = None, scheme: Scheme = "int8",
    observer: Observer = "", preprocess: Preprocess = "", jobs: Jobs = 1, numerics: Numerics = "",
    optimize: Optimize = "speed", threads: Threads = 1, batch: Batch = None,
    input_shape: InputShape = None, json: Json = False,
) -> int:  # fmt: skip
    """Operators, shapes, MACs, flash, arena, scratch, stack; every unsupported thing at once."""
    from edgeq import pipeline
    from edgeq.report.cost import output_error_table, weight_error_table

    with working(f"analyzing {model.name}") as progress:
        found = pipeline.analyze(
            read_model(model, batch, input_shape), target, numerics=numerics, data=data,
            scheme=scheme, observer=observer, preprocessing=preprocess or None, jobs=jobs,
            optimize=optimize, threads=threads, progress=progress,
        )  # fmt: skip
    if json:
        show_json(found.as_json())
    else:
        _show(found, target)
        if found.errors:
            show_table(weight_error_table(found))
            show_table(output_error_table(found))
    if found.note:
        show_note(f"code and stack are unknown: {found.note}")
    for problem in found.problems:
        show_note(f"problem: {problem}")
    if not found.problems:
        return 0
    return 1 if found.arena_bytes is not None else 2


def _show(found: Analysis, target: str) -> None:
    from edgeq.report.cost import layer_table, level_table, memory_table, total_table
    from edgeq.targets import load_target

    show_table(layer_table(found))
    if found.levels:
        show_table(level_table(found))
    if found.arena_bytes is not None:
        show_table(total_table(found))
        show_table(memory_table(found, load_target(target)))
