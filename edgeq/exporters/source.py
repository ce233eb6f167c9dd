"""A file for an oracle: the one a graph came from, or one written now."""

from __future__ import annotations

from edgeq.errors import UsageError
from edgeq.ir import Graph

ONNXRUNTIME = "onnxruntime"
TFLITE_IDENTIFIER = b"TFL3"
"""Bytes 4 to 8 of every .tflite file."""


def with_source(graph: Graph, oracle: str) -> Graph:
    """The graph with a file that the oracle of that name reads; "" asks nobody.

    Raises:
        UsageError: ONNX Runtime is asked for a graph that came from no file.
        Problems: the graph cannot be written as .tflite.
    """
    if oracle == ONNXRUNTIME and not graph.source:
        raise UsageError("there is no .onnx file that ONNX Runtime could be asked with",
                         where=graph.name, fix="compare with tflm or litert")  # fmt: skip
    if not oracle or oracle == ONNXRUNTIME or graph.source[4:8] == TFLITE_IDENTIFIER:
        return graph
    from edgeq.exporters.tflite import as_file  # loads the schema, which others do without

    return as_file(graph)
