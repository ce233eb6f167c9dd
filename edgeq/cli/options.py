"""Arguments that several commands take, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from edgeq.cli.sizes import parse_size

if TYPE_CHECKING:
    from edgeq.ir import Graph

Model: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL", help="A .tflite, .onnx, .pt2 or .edgeq file.", show_default=False
    ),
]
Target: TypeAlias = Annotated[
    str, typer.Option("--target", "-t", help="A name that `edgeq targets` lists, or a .toml file.")
]
Numerics: TypeAlias = Annotated[
    str,
    typer.Option(
        "--numerics", help="Whose bytes: tflm, litert or edgeq; else the model's own (of imported "
        "ones tflm).", show_default=False,
    ),
]  # fmt: skip
Batch: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--batch", min=1, help="Size of a dynamic batch; else it is read as 1.", show_default=False
    ),
]
InputShape: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--input-shape", metavar="[NAME=]1,3,224,224", show_default=False,
                 help="Of an .onnx or .pt2 file that leaves dimensions open; once for "
                 "each such input."),
]  # fmt: skip
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")
]
Size: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="SIZE", parser=parse_size, show_default=False,
        help="Limit in bytes: 65536, 64K = 64KB = 64,000, 64KiB = 65,536, 1M.",
    ),
]  # fmt: skip
Data: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="D.npz", show_default=False,
        help="Samples: key x (N, ...), or one key for each input.",
    ),
]  # fmt: skip
Preprocess: TypeAlias = Annotated[
    str,
    typer.Option(
        "--preprocess", metavar="SETTINGS", show_default=False,
        help="How pictures, pixels or sounds become the input: a .toml file, or such as "
        "'kind=images, color=bgr, scale=0.00392, mean=[0.5]'.",
    ),
]  # fmt: skip
Scheme: TypeAlias = Annotated[
    str,
    typer.Option("--scheme", help="int8, int16x8, int4, int4gN, or a .toml file that maps patterns "
                 "of layer names to schemes."),
]  # fmt: skip
Observer: TypeAlias = Annotated[
    str,
    typer.Option("--observer", show_default=False, help="How ranges are found: minmax, "
                 "moving_average, percentile, mse or entropy; else the scheme's best."),
]  # fmt: skip
Optimize: TypeAlias = Annotated[
    str,
    typer.Option("--optimize", help="What kernels are chosen for: speed, ram (least scratch) or "
                 "flash (smallest code)."),
]  # fmt: skip
Threads: TypeAlias = Annotated[
    int,
    typer.Option("--threads", help="How many may share a large layer; the bytes are the same for "
                 "any number."),
]  # fmt: skip
Jobs: TypeAlias = Annotated[
    int, typer.Option("--jobs", help="Processes of calibration; -1 for every core.")
]


def read_model(path: Path, batch: int | None, input_shape: list[str] | None) -> Graph:
    """The model of a command line."""
    from edgeq import pipeline
    from edgeq.frontends.shapes import shapes_of_texts

    given = shapes_of_texts(input_shape) if input_shape else None
    return pipeline.load(path, batch=batch, input_shape=given)
