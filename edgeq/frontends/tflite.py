"""TensorFlow Lite models: a file becomes a Graph, or a list of every reason why not.

The schema's published accessors read the file, through a `Reader` that checks bounds; the
operator table says what each operator means.
"""

from __future__ import annotations

import tflite

from edgeq.errors import EdgeqError, ModelError, Problems
from edgeq.frontends.flatbuffer import Reader, Record
from edgeq.frontends.tflite_graph import Subgraph
from edgeq.frontends.tflite_tensors import TensorTable, tensor_names
from edgeq.ir import Graph
from edgeq.ir.text import show

IDENTIFIER = b"TFL3"
HEAD = 8
"""Bytes before the first table: the root's offset, the identifier."""

SCHEMA_VERSION = 3
CUSTOM = tflite.BuiltinOperator.CUSTOM
OP_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if name.isupper()}


def read_tflite(data: bytes, name: str = "model", batch: int | None = None) -> Graph:
    """The graph of a .tflite file's bytes.

    Args:
        data: the file; kept in the graph.
        name: of the graph.
        batch: the size of a dynamic first dimension of the inputs; None reads it as 1.

    Raises:
        ModelError: the file is damaged, or no TensorFlow Lite model.
        Problems: every reason why the model cannot be read.
        UsageError: `batch` does not fit the model's inputs.
    """
    reader = Reader(data)
    model = _root(reader)
    buffers = tuple(reader.tables(model, "Buffers"))
    subgraphs = tuple(reader.tables(model, "Subgraphs"))
    if not subgraphs:
        raise ModelError("the model has no subgraph")
    problems: list[EdgeqError] = []
    if len(subgraphs) > 1:
        why = "control flow and initialization at run time are not supported"
        problems.append(ModelError(f"the model has {len(subgraphs)} subgraphs", why=why))
    tables = tuple(reader.tables(subgraphs[0], "Tensors"))
    table = TensorTable(reader, tables, buffers, tensor_names(reader, tables))
    subgraph = Subgraph(table, _operator_names(reader, model), problems)
    subgraph.read(subgraphs[0], batch)
    if problems:
        raise Problems("the model cannot be read", problems)
    return subgraph.graph(name)


def _root(reader: Reader) -> Record:
    """The model table of the file."""
    data = reader.data
    if len(data) < HEAD or data[4:HEAD] != IDENTIFIER:
        raise ModelError(
            "this is not a TensorFlow Lite model",
            why=f"its {len(data)} bytes do not begin with an offset and {IDENTIFIER.decode()}",
        )
    model = reader.root(tflite.Model)
    version = reader.number(model, "Version")
    if version != SCHEMA_VERSION:
        raise ModelError(f"schema version {version} is not supported", why="only 3 is")
    return model


def _operator_names(reader: Reader, model: Record) -> tuple[str, ...]:
    """The name of every operator code: the schema's, or one for an error message."""
    names = []
    for code in reader.tables(model, "OperatorCodes"):
        number = max(reader.number(code, f) for f in ("DeprecatedBuiltinCode", "BuiltinCode"))
        if number == CUSTOM:
            names.append(f"custom operator {show(reader.text(code, 'CustomCode'))}")
        else:
            names.append(OP_NAMES.get(number, f"unknown operator code {number}"))
    return tuple(names)
