"""`edgeq quantize`: a float model and samples become an integer model."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeq.cli.options import (
    Batch,
    InputShape,
    Jobs,
    Json,
    Model,
    Observer,
    Preprocess,
    Scheme,
    read_model,
)
from edgeq.cli.screen import show_json, show_note, show_text, working
from edgeq.errors import DataWarning, UsageError

if TYPE_CHECKING:
    from edgeq.ir import Graph, Tensor

DataPath = Annotated[
    Path,
    typer.Option("--data", metavar="D", help="Samples: a .npz (key x, or one for each input), or "
                 "a folder of pictures or WAV files."),
]  # fmt: skip
Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="OUT", help="OUT.edgeq, or OUT.tflite."),
]
Methods = Annotated[
    str | None,
    typer.Option("--methods", show_default=False, help="Names with commas between, or none; else "
                 "the scheme's best."),
]  # fmt: skip
Seed = Annotated[int, typer.Option("--seed", help="Of anything random.")]
Trust = Annotated[bool, typer.Option("--trust-data", help="Do not doubt the range of the data.")]
Numerics = Annotated[
    str,
    typer.Option("--numerics", show_default=False, help="Whose bytes the result gives: edgeq (of "
                 ".edgeq files the default), tflm (of .tflite files), or litert."),
]  # fmt: skip

ENDINGS = {".edgeq": "edgeq", ".tflite": "tflm"}
"""What can be written, and the profile that it has unless one is named."""


def quantize(
    model: Model, data: DataPath, output: Output, scheme: Scheme = "int8",
    observer: Observer = "", methods: Methods = None, preprocess: Preprocess = "", jobs: Jobs = 1,
    seed: Seed = 0, trust_data: Trust = False, numerics: Numerics = "", batch: Batch = None,
    input_shape: InputShape = None, json: Json = False,
) -> int:  # fmt: skip
    """Calibrate a float model on samples and write the integer model."""
    from edgeq import pipeline
    from edgeq.exporters import save
    from edgeq.quantize.preprocessing import settings_lines, settings_of_note

    _check_output(output)
    said: list[str] = []
    with doubts(said), working(f"quantizing {model.name}") as progress:
        graph = pipeline.quantize(
            read_model(model, batch, input_shape), data, scheme, observer=observer,
            methods=_names(methods), jobs=jobs, seed=seed, preprocessing=preprocess or None,
            numerics=numerics or ENDINGS[output.suffix], trust_data=trust_data, progress=progress,
        )  # fmt: skip
        save(graph, output)
    found = _found(graph, output, scheme)
    if json:
        show_json({**found, "warnings": said})
    else:
        show_text(f"wrote {output}: {found['layers']} layers, {found['constant_bytes']:,} bytes of "
                  f"constants, scheme {scheme}, numerics {graph.numerics}")  # fmt: skip
        if (settings := settings_of_note(graph.notes)) is not None:
            show_text("\n  ".join(["how the data was prepared:", *settings_lines(settings)]))
    return 0


@contextmanager
def doubts(said: list[str]) -> Iterator[None]:
    """Shows warnings about the data as notes, and collects them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, DataWarning):
            said.append(str(warning.message))
            show_note(f"warning: {warning.message}\n  --trust-data silences this")


def _names(given: str | None) -> list[str] | None:
    """Names of methods: None is the default, "none" is no method."""
    if given is None:
        return None
    names = [name.strip() for name in given.split(",")]
    return [name for name in names if name not in ("", "none")]


def _check_output(output: Path) -> None:
    """Refuse now what could not be written after minutes of work."""
    from edgeq.ir.files import check_place

    if output.suffix not in ENDINGS:
        raise UsageError(f"'{output.suffix}' files are not written", where=str(output),
                         fix=f"give a path that ends in {' or '.join(ENDINGS)}")  # fmt: skip
    check_place(output)


def _found(graph: Graph, output: Path, scheme: str) -> dict[str, object]:
    constants = [t for t in graph.tensors.values() if t.is_constant]
    return {
        "file": str(output), "scheme": scheme, "numerics": graph.numerics,
        "layers": len(graph.nodes), "constant_bytes": sum(map(_packed_bytes, constants)),
        "notes": dict(graph.notes), "problems": [],
    }  # fmt: skip


def _packed_bytes(tensor: Tensor) -> int:
    """Bytes as files and firmware hold them: two int4 in each."""
    from edgeq.ir import DType

    return (tensor.size + 1) // 2 if tensor.dtype is DType.INT4 else tensor.nbytes
