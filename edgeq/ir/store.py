"""The .edgeq file: a graph as JSON beside raw arrays in an uncompressed zip.

Nothing is compressed, so that no file unfolds to more than its own size, and nothing is
executed: the JSON says names, shapes and numbers, the arrays are little-endian bytes.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite, prod
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import ModelError
from edgeq.ir.files import write_file
from edgeq.ir.graph import Attr, DType, Graph, Node, QuantParams, Shape, Tensor
from edgeq.ir.spec import MAX_FACTOR, check

Json: TypeAlias = Any
"""What JSON holds: asked for by type before it is used."""

FORMAT, VERSION = "edgeq graph", 1
GRAPH, SOURCE = "graph.json", "source"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of every member: the same graph gives the same bytes on every day."""

MAX_RANK = 8
MAX_JSON_BYTES = 64 << 20


def to_bytes(graph: Graph) -> bytes:
    """The file of `graph`; equal graphs give equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        arrays: list[bytes] = []
        tensors = [_tensor_json(t, arrays) for t in graph.tensors.values()]
        head = {
            "format": FORMAT, "version": VERSION, "name": graph.name, "tensors": tensors,
            "nodes": [_node_json(n) for n in graph.nodes], "inputs": graph.inputs,
            "outputs": graph.outputs, "file_index": dict(graph.file_index),
            "numerics": graph.numerics, "notes": dict(graph.notes),
        }  # fmt: skip
        _add(archive, GRAPH, json.dumps(head, indent=1).encode())
        for i, raw in enumerate(arrays):
            _add(archive, f"data/{i}", raw)
        if graph.source:
            _add(archive, SOURCE, graph.source)
    return out.getvalue()


def from_bytes(data: bytes) -> Graph:
    """The graph of a file.

    Raises:
        ModelError: the file is damaged, or of another version.
        Problems: its graph is not well-formed.
    """
    members = _members(data)
    head = _Fields(_json(members.get(GRAPH, b"")), "the graph")
    if head.get("format", str) != FORMAT or head.get("version", int) != VERSION:
        raise ModelError(f"this is no {FORMAT} of version {VERSION}")
    tensors = [_tensor(_Fields(t, "a tensor"), members) for t in head.get("tensors", list)]
    graph = Graph(
        head.get("name", str),
        {t.name: t for t in tensors},
        tuple(_node(_Fields(n, "a node")) for n in head.get("nodes", list)),
        head.names("inputs"),
        head.names("outputs"),
        members.get(SOURCE, b""),
        _file_index(head),
        head.optional("numerics", str) or "",
        _notes(head),
    )
    check(graph, "loaded")
    return graph


def save(graph: Graph, path: str | Path) -> None:
    """Write `graph` to `path`, over what is there.

    Raises:
        OutputError: it cannot be written; what was there is still there.
    """
    write_file(Path(path), to_bytes(graph))


@dataclass(frozen=True, slots=True)
class _Fields:
    """A JSON object whose fields are asked for by type."""

    values: Json
    where: str

    def get(self, key: str, kind: type[Json]) -> Json:
        value = self.values.get(key) if isinstance(self.values, dict) else None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ModelError(f"{self.where} has no {kind.__name__} '{key}'")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        return tuple(_checked(name, str, self.where) for name in self.get(key, list))

    def optional(self, key: str, kind: type[Json]) -> Json:
        missing = not isinstance(self.values, dict) or self.values.get(key) is None
        return None if missing else self.get(key, kind)


def _checked(value: Json, kind: type[Json], where: str) -> Json:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ModelError(f"{where} holds {type(value).__name__}, not {kind.__name__}")
    return value


def _add(archive: zipfile.ZipFile, name: str, raw: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, EPOCH), raw)


def _members(data: bytes) -> dict[str, bytes]:
    """Every member's bytes, together no more than the file's."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            stored = all(i.compress_type == zipfile.ZIP_STORED for i in infos)
            if not stored or sum(i.file_size for i in infos) > len(data):
                raise ModelError("the file is compressed, or larger inside than outside")
            return {i.filename: archive.read(i) for i in infos}
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, RuntimeError, NotImplementedError):
        raise ModelError(
            "this is not an .edgeq file, or it is damaged",
            why=f"its {len(data)} bytes are no zip archive with intact members",
        ) from None


def _json(raw: bytes) -> Json:
    if len(raw) > MAX_JSON_BYTES:
        raise ModelError(f"{GRAPH} has {len(raw)} bytes, more than {MAX_JSON_BYTES}")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ModelError(f"{GRAPH} is missing or no JSON") from None


def _tensor_json(tensor: Tensor, arrays: list[bytes]) -> dict[str, Any]:
    head: dict[str, Any] = {
        "name": tensor.name, "dtype": str(tensor.dtype), "shape": tensor.shape,
    }  # fmt: skip
    if tensor.quant is not None:
        q = tensor.quant
        head["quant"] = {"scale": q.scale.tolist(), "zero_point": q.zero_point, "axis": q.axis}
        if q.group_factors is not None:
            groups = {"group_factors": q.group_factors.tolist(), "group_size": q.group_size}
            head["quant"] |= groups
    if tensor.data is not None:
        head["data"] = len(arrays)
        little = tensor.dtype.numpy.newbyteorder("<")
        arrays.append(np.ascontiguousarray(tensor.data, little).tobytes())
    return head


def _tensor(fields: _Fields, members: Mapping[str, bytes]) -> Tensor:
    name = fields.get("name", str)
    if fields.get("dtype", str) not in tuple(DType):
        raise ModelError(f"{fields.where} has an unknown dtype")
    dtype = DType(fields.get("dtype", str))
    shape: Shape = tuple(_checked(d, int, "a shape") for d in fields.get("shape", list))
    if len(shape) > MAX_RANK or any(d < 0 for d in shape):
        raise ModelError(f"{fields.where} has a shape that is none")
    data, index = None, fields.optional("data", int)
    if index is not None:
        raw = members.get(f"data/{index}")
        if raw is None or len(raw) != prod(shape) * dtype.bytes:
            raise ModelError(f"the data of {fields.where} is missing or does not fit its shape")
        data = np.frombuffer(raw, dtype.numpy.newbyteorder("<")).reshape(shape)
        data = data.astype(dtype.numpy, copy=False)
    return Tensor(name, shape, dtype, _quant(fields.optional("quant", dict)), data)


def _quant(values: Json) -> QuantParams | None:
    if values is None:
        return None
    fields = _Fields(values, "a quantization")
    scale = [float(_checked(s, float, fields.where)) for s in fields.get("scale", list)]
    axis = fields.optional("axis", int)
    factors = fields.optional("group_factors", list)
    params = QuantParams(np.array(scale, np.float64), fields.get("zero_point", int), axis)
    if factors is None:
        return params
    return replace(
        params, group_factors=_factors(factors), group_size=fields.get("group_size", int)
    )


def _factors(rows: list[Json]) -> NDArray[np.int32]:
    """Group factors (C, G); their range is for the spec to judge."""
    found = [[_checked(f, int, "a group") for f in _checked(r, list, "groups")] for r in rows]
    if len({len(row) for row in found}) != 1 or any(abs(f) > MAX_FACTOR for r in found for f in r):
        raise ModelError("the group factors of a quantization are no table of small integers")
    return np.array(found, np.int32)


def _node_json(node: Node) -> dict[str, Any]:
    return {
        "name": node.name, "op": node.op, "inputs": node.inputs, "outputs": node.outputs,
        "attrs": dict(sorted(node.attrs.items())),
    }  # fmt: skip


def _node(fields: _Fields) -> Node:
    attrs = {key: _attr(value) for key, value in fields.get("attrs", dict).items()}
    names = fields.names("inputs"), fields.names("outputs")
    return Node(fields.get("name", str), fields.get("op", str), *names, attrs)


def _attr(value: Json) -> Attr:
    if isinstance(value, list):
        return tuple(_checked(v, int, "an attribute") for v in value)
    if isinstance(value, float) and not isfinite(value):
        raise ModelError("an attribute is not a finite number")
    if isinstance(value, bool | int | float | str):
        return value
    raise ModelError(f"an attribute is {type(value).__name__}")


def _file_index(head: _Fields) -> dict[str, int]:
    found = head.get("file_index", dict)
    return {name: _checked(index, int, "file_index") for name, index in found.items()}


def _notes(head: _Fields) -> dict[str, str]:
    found = head.optional("notes", dict) or {}
    return {key: _checked(text, str, "notes") for key, text in found.items()}
