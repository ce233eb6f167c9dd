"""`edgeq bench`: microseconds on this machine, executed instructions under emulation."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeq.cli.options import (
    Batch,
    InputShape,
    Json,
    Model,
    Numerics,
    Optimize,
    Target,
    Threads,
    read_model,
)
from edgeq.cli.screen import show_json, show_table, show_text, working

Against = Annotated[
    str,
    typer.Option("--against", help="Measure in turns, each in a process of its own, with litert "
                 "(as it is on PCs), onnxruntime, onnxruntime-precise (whose sums never "
                 "saturate), openvino or tflm; commas between."),
]  # fmt: skip


PerLayer = Annotated[
    bool, typer.Option("--per-layer/--total", help="A row for each layer, or the total alone.")
]


def bench(
    model: Model, target: Target = "host", against: Against = "", numerics: Numerics = "",
    optimize: Optimize = "speed", threads: Threads = 1, per_layer: PerLayer = True,
    batch: Batch = None, input_shape: InputShape = None, json: Json = False,
) -> int:  # fmt: skip
    """Latency on this machine, or instructions per inference and per layer under emulation."""
    from edgeq import pipeline
    from edgeq.report.found import bench_table, bench_text

    with working(f"measuring {model.name}"):
        graph = read_model(model, batch, input_shape)
        report = pipeline.bench(graph, target, numerics=numerics, against=against,
                                optimize=optimize, threads=threads)  # fmt: skip
    if json:
        show_json(report.as_json())
    else:
        show_table(bench_table(report, layers=per_layer))
        show_text(bench_text(report))
    return 0
