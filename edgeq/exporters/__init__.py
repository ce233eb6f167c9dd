"""Graphs to files: one module per format, chosen by the file's ending."""

from __future__ import annotations

from pathlib import Path

from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.ir.files import write_file


def save(graph: Graph, path: str | Path) -> None:
    """Write `graph` to `path`, over the file that is there, or not at all.

    Args:
        graph: of integers or of floats.
        path: ends in `.tflite` (what TensorFlow Lite can express) or `.edgeq` (everything).

    Raises:
        UsageError: another ending.
        Problems: every node that TensorFlow Lite cannot express.
        OutputError: the file cannot be written.
    """
    path = Path(path)
    # imported where they are used, so that one format does not load the others' schemas
    if path.suffix == ".tflite":
        from edgeq.exporters.tflite import to_tflite

        write_file(path, to_tflite(graph))
        return
    if path.suffix == ".edgeq":
        from edgeq.ir.store import to_bytes

        write_file(path, to_bytes(graph))
        return
    raise UsageError(f"no exporter writes '{path.suffix}' files", where=str(path),
                     fix="choose a name that ends in .tflite or .edgeq")  # fmt: skip
