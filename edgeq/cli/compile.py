"""`edgeq compile`: a model becomes a folder of C."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeq.cli.options import (
    Batch,
    InputShape,
    Json,
    Model,
    Numerics,
    Optimize,
    Size,
    Target,
    Threads,
    read_model,
)
from edgeq.cli.screen import show_json, show_text, working

Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.")]
Name = Annotated[str, typer.Option("--name", help="Name of the C module; else the model's.")]
Io = Annotated[str, typer.Option("--io", help="Inputs and outputs: in the arena, or pointers.")]
IoType = Annotated[
    str,
    typer.Option("--io-dtype", help="float32 for float inputs and outputs; else as in the model."),
]
Kind = Annotated[str, typer.Option("--package", help="Kind of project: cmake.")]


def compile_(
    model: Model, output: Output, target: Target = "host", numerics: Numerics = "",
    io: Io = "arena", io_dtype: IoType = "", name: Name = "", package: Kind = "cmake",
    max_ram: Size = None, max_flash: Size = None, optimize: Optimize = "speed",
    threads: Threads = 1, batch: Batch = None, input_shape: InputShape = None, json: Json = False,
) -> int:  # fmt: skip
    """Write the C project, when it fits the target's memories and the given limits."""
    from edgeq import pipeline

    with working(f"compiling {model.name}"):
        project = pipeline.compile(
            read_model(model, batch, input_shape), target, numerics=numerics, package=package,
            io=io, io_dtype=io_dtype, name=name, max_ram=max_ram, max_flash=max_flash,
            optimize=optimize, threads=threads,
        )  # fmt: skip
        project.write(output)
    if json:
        show_json({
            "folder": str(output), "name": project.name, "target": project.target,
            "numerics": project.profile, "arena_bytes": project.arena_bytes,
            "arena_lower_bound": project.arena_lower_bound,
            "scratch_bytes": project.scratch_bytes, "constant_bytes": project.constant_bytes,
            "files": sorted(project.files), "problems": [],
        })  # fmt: skip
        return 0
    show_text(
        f"wrote {len(project.files)} files to {output}: {project.name}.c for {project.target}, "
        f"numerics {project.profile}"
    )
    for path in sorted(project.files):
        show_text(f"  {path}")
    show_text(f"arena {project.arena_bytes:,} bytes, constants {project.constant_bytes:,} bytes")
    return 0
