"""The bytes of an ONNX file, checked: versions, constants, external data, shapes of inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from edgeq.errors import EdgeqError, ModelError, UsageError
from edgeq.frontends.onnx_build import Const
from edgeq.ir import DType, Shape
from edgeq.ir.text import show

Proto: TypeAlias = Any
"""A message of the schema, whose generated classes have no useful types."""

OLDEST_OPSET = 7
MAX_EXTERNAL = 2**31 - 1
"""Bytes outside the file, all together: what the file itself may have."""

STANDARD = ("", "ai.onnx")
TYPES = onnx.TensorProto.DataType
NARROW = {TYPES.INT4: (np.int8, DType.INT4), TYPES.UINT4: (np.uint8, DType.UINT8)}
"""Types that numpy lacks, and what holds them."""

FLOATS = frozenset({TYPES.FLOAT, TYPES.FLOAT16, TYPES.DOUBLE, TYPES.BFLOAT16})
BITS = {
    TYPES.INT4: 4, TYPES.UINT4: 4, TYPES.BOOL: 8, TYPES.INT8: 8, TYPES.UINT8: 8,
    TYPES.INT16: 16, TYPES.UINT16: 16, TYPES.FLOAT16: 16, TYPES.BFLOAT16: 16,
    TYPES.INT32: 32, TYPES.UINT32: 32, TYPES.FLOAT: 32,
    TYPES.INT64: 64, TYPES.UINT64: 64, TYPES.DOUBLE: 64,
}  # fmt: skip
"""Types that constants may have."""

FIX_SHAPE = "give every dimension: --input-shape NAME=1,3,224,224, in the file's own order"


@dataclass(slots=True)
class OnnxFile:
    """A parsed model.

    folder   where external data may lie; None where it may not
    opset    the version of the standard operators
    """

    model: Proto
    opset: int
    folder: Path | None
    external: int = field(default=0, init=False)

    def constant(self, tensor: Proto) -> Const:
        """A constant of the file.

        Raises:
            ModelError: its type is not supported, its bytes do not fit its shape, or lie outside.
        """
        shape, kind = tuple(tensor.dims), tensor.data_type
        if kind not in BITS:
            raise ModelError(f"constants of type {_type_name(kind)} are not supported")
        if any(d < 0 for d in shape) or prod(shape) > MAX_EXTERNAL:
            raise ModelError(f"a constant of shape {shape} is not possible")
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            self._fetch(tensor, (prod(shape) * BITS[kind] + 7) // 8)
        try:
            data = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, OverflowError) as error:
            raise ModelError(
                "a constant is damaged",
                why=f"its bytes do not make {_type_name(kind)} {shape}: {error}"[:300],
            ) from None
        if kind in NARROW:
            dtype, name = NARROW[kind]
            return Const(data.astype(dtype), None, name)
        return Const(data.astype(np.float32) if kind in FLOATS else data)

    def _fetch(self, tensor: Proto, size: int) -> None:
        """Put the bytes of an external constant into it."""
        entries = {e.key: e.value for e in tensor.external_data}
        path = self._inside(entries.get("location", ""))
        offset, length = (_number(entries, key) for key in ("offset", "length"))
        if length not in (None, size):
            raise ModelError(f"external data of {length} bytes, {size} are needed")
        self.external += size
        if self.external > MAX_EXTERNAL:
            raise ModelError(f"external data is more than {MAX_EXTERNAL} bytes in all")
        try:
            with path.open("rb") as file:
                file.seek(offset or 0)
                data = file.read(size)
        except OSError as error:
            raise ModelError(f"external data {show(path.name)}: {error.strerror}") from None
        if len(data) != size:
            raise ModelError(
                f"external data {show(path.name)} is too short",
                why=f"{size} bytes from {offset or 0} on are needed, it has {path.stat().st_size}",
            )
        tensor.raw_data = data
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]

    def _inside(self, location: str) -> Path:
        """The file that an external constant names, which is in the model's folder."""
        parts = PurePosixPath(location.replace("\\", "/"))
        if self.folder is None:
            raise ModelError("external data is read only for models loaded from a file")
        folder = self.folder.resolve()
        strange = not location or not location.isprintable() or ":" in location
        wild = strange or parts.is_absolute() or ".." in parts.parts
        path = folder if wild else (folder / parts).resolve()
        if wild or not path.is_relative_to(folder):
            raise ModelError(
                f"external data {show(location)} is outside the model's folder",
                why="it must be a relative path without '..', and no link that leaves the folder",
            )
        if not path.is_file():
            raise ModelError(f"external data {show(location)} is missing",
                             fix="put it beside the model")  # fmt: skip
        return path


def parse(data: bytes, folder: Path | None) -> OnnxFile:
    """The model in a file's bytes.

    Raises:
        ModelError: the file is damaged, no ONNX model, or of a version that is not supported.
    """
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise ModelError(
            "this is not an ONNX model, or it is damaged", why="its bytes are no protocol buffer",
            fix="fetch or export the model again",
        ) from None  # fmt: skip
    if not model.HasField("graph") or not model.opset_import:
        raise ModelError("this is not an ONNX model", why="it has no graph, or no operator set")
    if len(model.functions):
        model = _inlined(model)
    if not all(isinstance(text, str) for text in _texts(model)):
        raise ModelError("the file is damaged", why="a name in it is not UTF-8",
                         fix="fetch or export the model again")  # fmt: skip
    return OnnxFile(model, _opset(model), folder)


def _texts(model: Proto) -> Iterator[str | bytes]:
    """Every name in a model; protobuf gives bytes where they are no text."""
    graph = model.graph
    yield from (o.domain for o in model.opset_import)
    for node in graph.node:
        yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
        for attribute in node.attribute:
            yield from (attribute.name, attribute.ref_attr_name)
            yield from _external(attribute.t)
    for tensor in graph.initializer:
        yield tensor.name
        yield from _external(tensor)
    for info in (*graph.input, *graph.output):
        yield info.name
        yield from (d.dim_param for d in info.type.tensor_type.shape.dim)


def _external(tensor: Proto) -> Iterator[str | bytes]:
    for entry in tensor.external_data:
        yield from (entry.key, entry.value)


def _inlined(model: Proto) -> Proto:
    """The model with its own functions written out."""
    from onnx import inliner

    try:
        return inliner.inline_local_functions(model)
    except (RuntimeError, ValueError, onnx.checker.ValidationError) as error:
        raise ModelError("the model's functions cannot be inlined", why=str(error)[:300]) from None


def _opset(model: Proto) -> int:
    versions = [o.version for o in model.opset_import if o.domain in STANDARD]
    newest = onnx.defs.onnx_opset_version()
    if not versions:
        raise ModelError("the model does not say which version of the operators it uses")
    if not OLDEST_OPSET <= versions[0] <= newest:
        raise ModelError(
            f"opset {versions[0]} is not supported",
            why=f"the installed onnx {onnx.__version__} knows {OLDEST_OPSET} to {newest}",
            fix="install a newer onnx, or export the model with an older opset"
            if versions[0] > newest else "convert the model with onnx.version_converter",
        )  # fmt: skip
    return int(versions[0])


def input_shapes(
    inputs: Iterable[Proto], given: Mapping[str, Shape], batch: int | None
) -> tuple[dict[str, Shape], list[EdgeqError]]:
    """The shape of every input, and what is wrong with them.

    Args:
        inputs: the value infos.
        given: by name, complete shapes that fix what the file leaves open.
        batch: what an open first dimension is; 1 when None.

    Raises:
        UsageError: a shape is given for no input, or does not fit it.
    """
    infos = {info.name: info.type.tensor_type for info in inputs}
    unknown = [name for name in given if name not in infos]
    if unknown:
        raise UsageError(f"the model has no input {', '.join(map(show, unknown))}",
                         fix=f"its inputs are {', '.join(map(show, infos))}")  # fmt: skip
    symbols = {
        dim.dim_param: size
        for name, shape in given.items()
        for dim, size in zip(infos[name].shape.dim, shape, strict=False)
        if dim.dim_param
    }
    shapes: dict[str, Shape] = {}
    problems: list[EdgeqError] = []
    for name, info in infos.items():
        declared = tuple(
            _dimension(dim, {} if name in given else symbols) for dim in info.shape.dim
        )
        if name in given:
            shapes[name] = _given(name, declared, given[name], ranked=info.HasField("shape"))
            continue
        sizes = _with_batch(declared, batch)
        if sizes is None or not info.HasField("shape"):
            what = f"input {show(name)} has an open shape {_text(declared)}"
            problems.append(ModelError(what, fix=FIX_SHAPE))
        else:
            shapes[name] = sizes
    return shapes, problems


def _with_batch(declared: tuple[int | str, ...], batch: int | None) -> Shape | None:
    """The sizes with an open first one filled in; None when others are open."""
    sizes = [(batch or 1) if i == 0 and isinstance(d, str) else d for i, d in enumerate(declared)]
    known = tuple(d for d in sizes if isinstance(d, int))
    return known if len(known) == len(sizes) else None


def _dimension(dim: Proto, symbols: Mapping[str, int]) -> int | str:
    """A size, or the name of one that is open."""
    if dim.dim_param in symbols and dim.dim_param:
        return symbols[dim.dim_param]
    if dim.HasField("dim_value") and dim.dim_value > 0:
        return int(dim.dim_value)
    return str(dim.dim_param) or "?"


def _given(name: str, declared: tuple[int | str, ...], given: Shape, *, ranked: bool) -> Shape:
    """A shape that its user gives, which must fit what the file says."""
    fits = not ranked or (
        len(given) == len(declared)
        and all(isinstance(d, str) or d == g for d, g in zip(declared, given, strict=True))
    )
    if not fits or any(g < 1 for g in given):
        raise UsageError(f"input {show(name)} cannot have shape {given}",
                         why=f"the file says {_text(declared)}")  # fmt: skip
    return given


def _text(declared: tuple[int | str, ...]) -> str:
    return show(f"({', '.join(d if isinstance(d, str) else str(d) for d in declared)})")


def _number(entries: Mapping[str, str], key: str) -> int | None:
    text = entries.get(key)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len(str(2**63)):
        raise ModelError(f"external data: {key} {show(text)} is not a count of bytes")
    return int(text)


def _type_name(kind: int) -> str:
    names = {number: name.lower() for name, number in TYPES.items()}
    return str(names.get(kind, f"number {kind}"))
