"""Files to graphs: one module per format, chosen by the file's ending."""

from __future__ import annotations

from pathlib import Path

from edgeq.errors import ModelError, UsageError
from edgeq.ir import Graph

MAX_BYTES = 2**31 - 1
"""What 32-bit flatbuffer offsets reach."""


def load(path: str | Path, batch: int | None = None) -> Graph:
    """The graph of a model file.

    Args:
        path: ends in `.tflite` or `.edgeq`.
        batch: the size of a dynamic first dimension; None reads it as 1 (a stored graph has
            none left, and ignores it).

    Raises:
        UsageError: no such file, or an ending that no front end reads.
        ModelError: the file is damaged, or not a model.
        Problems: every reason why the model cannot be read.
    """
    path = Path(path)
    # imported where they are used, so that one format does not load the others' schemas
    if path.suffix == ".tflite":
        from edgeq.frontends.tflite import read_tflite

        return read_tflite(_read(path), path.stem, batch)
    if path.suffix == ".edgeq":
        from edgeq.frontends.edgeq import read_edgeq

        return read_edgeq(_read(path))
    raise UsageError(
        f"no front end reads '{path.suffix}' files",
        where=str(path),
        fix="give a .tflite or .edgeq file",
    )


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelError(f"{size} bytes are more than a model can have", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the model: {error.strerror}", where=str(path)) from None
