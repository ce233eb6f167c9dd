"""`edgeq evaluate`: accuracy of the float reference, exact numpy and the C code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgeq.cli.options import Batch, InputShape, Json, Model, Numerics, Preprocess, read_model
from edgeq.cli.screen import show_json, show_table, show_text, working

Data = Annotated[
    Path,
    typer.Option("--data", metavar="D", help="A .npz (key x (N, ...), or one key for each input; "
                 "labels y; arrays of the input's own integer dtype are its integers), or a folder "
                 "with one of pictures or WAV files for each class."),
]  # fmt: skip
Metric = Annotated[
    str,
    typer.Option("--metric", help="top1; auc (area under the ROC curve); map (mean average "
                 "precision: of scores, or of boxes at overlaps 0.5 to 0.95), map50 (of boxes at "
                 "0.5); mse (to y, or to the input)."),
]  # fmt: skip
FloatModel = Annotated[
    Path | None,
    typer.Option("--float", metavar="MODEL", show_default=False, help="The float model; else the "
                 "reals that the integers stand for."),
]  # fmt: skip
Samples = Annotated[
    int | None, typer.Option("--samples", min=1, show_default=False, help="How many; else all.")
]


def evaluate(
    model: Model, data: Data, metric: Metric = "top1", float_model: FloatModel = None,
    samples: Samples = None, preprocess: Preprocess = "", numerics: Numerics = "",
    batch: Batch = None, input_shape: InputShape = None, json: Json = False,
) -> int:  # fmt: skip
    """One metric of three computations of the same network, side by side."""
    from edgeq import pipeline
    from edgeq.report.scores import class_table, score_table, score_text

    graph = read_model(model, batch, input_shape)
    reference = pipeline.load(float_model, batch=batch) if float_model else None
    with working(f"evaluating {model.name}") as progress:
        result = pipeline.evaluate(
            graph, data, metric=metric, float_graph=reference, preprocessing=preprocess or None,
            samples=samples, numerics=numerics, progress=progress,
        )  # fmt: skip
    if json:
        show_json(result.as_json())
        return 0
    show_table(score_table(result))
    if result.classes:
        show_table(class_table(result))
    show_text(score_text(result))
    return 0
