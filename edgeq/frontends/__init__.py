"""Files to graphs: one module per format, chosen by the file's ending."""

from __future__ import annotations

from pathlib import Path

from edgeq.errors import ModelError, Problems, ToolError, UsageError
from edgeq.frontends.shapes import Given
from edgeq.ir import Graph

MAX_BYTES = 2**31 - 1
"""What 32-bit flatbuffer offsets reach."""


def load(path: str | Path, batch: int | None = None, input_shape: Given = None) -> Graph:
    """The graph of a model file.

    Args:
        path: ends in `.tflite`, `.onnx`, `.pt2` or `.edgeq`.
        batch: the size of a dynamic first dimension; None reads it as 1 (a stored graph has
            none left, and ignores it).
        input_shape: of an .onnx or .pt2 file whose inputs are open beyond the batch: every
            dimension in the file's own order, by input name, or of the only input.

    Raises:
        UsageError: no such file, or an ending that no front end reads.
        ModelError: the file is damaged, or not a model.
        Problems: every reason why the model cannot be read.
    """
    path = Path(path)
    try:
        return _load(path, batch, input_shape)
    except Problems as error:
        raise Problems(f"{path}: {error.what}", error.problems) from None
    except ModelError as error:
        if error.where:
            raise
        raise ModelError(error.what, where=str(path), why=error.why, fix=error.fix) from None


def _load(path: Path, batch: int | None, input_shape: Given) -> Graph:
    # imported where they are used, so that one format does not load the others' schemas
    if path.suffix == ".tflite":
        from edgeq.frontends.tflite import read_tflite

        return read_tflite(_read(path), path.stem, batch)
    if path.suffix == ".onnx":
        return _read_onnx(path, batch, input_shape)
    if path.suffix == ".pt2":
        from edgeq.frontends.torch import read_pt2

        return read_pt2(path, batch, input_shape)
    if input_shape:
        raise UsageError("an input shape is taken for .onnx and .pt2 files only", where=str(path))
    if path.suffix == ".edgeq":
        from edgeq.frontends.edgeq import read_edgeq

        return read_edgeq(_read(path))
    raise UsageError(
        f"no front end reads '{path.suffix}' files",
        where=str(path),
        fix="give a .tflite, .onnx, .pt2 or .edgeq file",
    )


def _read_onnx(path: Path, batch: int | None, input_shape: Given) -> Graph:
    try:
        from edgeq.frontends.onnx import read_onnx
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("onnx", "google"):
            raise
        raise ToolError("ONNX models need the onnx package", where=str(path),
                        fix="pip install edgeq[onnx]") from None  # fmt: skip
    return read_onnx(
        _read(path), path.stem, folder=path.parent, batch=batch, input_shape=input_shape
    )


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelError(f"{size} bytes are more than a model can have", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the model: {error.strerror}", where=str(path)) from None
