"""Reads a contract header: the C text is the contract, and this is its only reader.

A header declares one params struct `eq_NAME_params` and one function type `eq_NAME_fn`.
Its head comment may hold directives: `@forms double single` lists the rounding forms,
`@nibbles w` the constants whose elements are int4, two in a byte, `@work EXPR` an amount that
the time of a kernel grows with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pycparser import c_ast, c_parser  # type: ignore[import-untyped]

from edgeq.errors import KernelError
from edgeq.resources import data_root

DTYPES: dict[str, np.dtype[Any]] = {
    "int8_t": np.dtype(np.int8),
    "uint8_t": np.dtype(np.uint8),
    "int16_t": np.dtype(np.int16),
    "uint16_t": np.dtype(np.uint16),
    "int32_t": np.dtype(np.int32),
    "int64_t": np.dtype(np.int64),
    "float": np.dtype(np.float32),
}
TYPEDEFS = "".join(f"typedef int {name};\n" for name in DTYPES if name != "float")
SHAPE = re.compile(r"\*\s*(?:restrict\s+)?(\w+)\s*[,)]\s*;?\s*/\*\s*\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A pointer parameter: `const int8_t *restrict w` of logical shape ("O", "I").

    dtype     of an element; None for the params struct
    dims      the letters of its shape, empty where the header gives none
    nibbles   its elements are int4: memory holds two of them in each int8
    """

    name: str
    ctype: str
    dtype: np.dtype[Any] | None
    const: bool
    dims: tuple[str, ...]
    nibbles: bool = False

    @property
    def is_output(self) -> bool:
        return self.name.startswith("y")


@dataclass(frozen=True, slots=True)
class Contract:
    """One kernel contract, as its header says it.

    forms   the rounding forms, () when the result does not depend on one
    fields  names of the params struct's fields in order, all int32
    work    expressions over the fields, of which a kernel's time is a sum (`edgeq.kernels.costs`)
    """

    name: str
    path: Path
    parameters: tuple[Parameter, ...]
    fields: tuple[str, ...]
    forms: tuple[str, ...]
    work: tuple[str, ...] = ()

    @property
    def pointers(self) -> tuple[Parameter, ...]:
        """The parameters but scratch and p: what a caller supplies."""
        return tuple(q for q in self.parameters if q.name not in ("scratch", "p"))

    def parameter(self, name: str) -> Parameter:
        return next(q for q in self.parameters if q.name == name)

    def cdef(self) -> str:
        """The declarations without comments and preprocessor lines, for cffi."""
        return strip(self.path.read_text(encoding="utf-8"))


def strip(text: str) -> str:
    """C text without comments and preprocessor lines."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


def directives(text: str) -> dict[str, list[str]]:
    """The `@name rest of line` directives of a file's head comment, in order."""
    head = text[: text.find("*/")] if text.startswith("/*") else ""
    found: dict[str, list[str]] = {}
    for match in re.finditer(r"^\s*\*\s*@(\w+)[ \t]*(.*?)\s*$", head, flags=re.MULTILINE):
        found.setdefault(match[1], []).append(match[2])
    return found


def read_contract(path: Path) -> Contract:
    """Parse one contract header.

    Raises:
        KernelError: it does not declare `eq_NAME_params` and `eq_NAME_fn`, or breaks a rule.
    """
    text, name = path.read_text(encoding="utf-8"), path.stem
    types = _typedefs(path, text)
    try:
        struct, function = types[f"eq_{name}_params"], types[f"eq_{name}_fn"]
    except KeyError as missing:
        raise KernelError(f"does not declare {missing}", where=str(path)) from None
    dims = {m[1]: tuple(d.strip() for d in m[2].split(",")) for m in SHAPE.finditer(text)}
    said = directives(text)
    parameters = tuple(_parameter(decl, dims, path) for decl in function.type.args.params)
    parameters = _with_nibbles(parameters, said.get("nibbles", []), path)
    forms = tuple(" ".join(said.get("forms", [])).split())
    work = tuple(said.get("work", ()))
    return Contract(name, path, parameters, _fields(struct, path), forms, work)


def _typedefs(path: Path, text: str) -> dict[str, c_ast.Typedef]:
    try:
        tree = c_parser.CParser().parse(TYPEDEFS + strip(text), str(path))
    except Exception as error:  # pycparser's own class moved between its versions
        raise KernelError("is not a contract header", where=str(path), why=str(error)) from None
    return {ext.name: ext for ext in tree.ext if isinstance(ext, c_ast.Typedef)}


def _fields(struct: c_ast.Typedef, path: Path) -> tuple[str, ...]:
    decls = struct.type.type.decls
    for decl in decls:
        if decl.type.type.names != ["int32_t"]:
            raise KernelError(f"field {decl.name} must be int32_t", where=str(path))
    return tuple(decl.name for decl in decls)


def _parameter(decl: c_ast.Decl, dims: dict[str, tuple[str, ...]], path: Path) -> Parameter:
    if not isinstance(decl.type, c_ast.PtrDecl):
        raise KernelError(f"parameter {decl.name} must be a pointer", where=str(path))
    pointee = decl.type.type
    ctype = pointee.type.names[0]
    const = "const" in pointee.quals
    is_params = ctype.endswith("_params")
    if not is_params and ctype not in DTYPES:
        raise KernelError(f"parameter {decl.name}: {ctype} is not allowed", where=str(path))
    dtype = None if is_params else DTYPES[ctype]
    return Parameter(decl.name, ctype, dtype, const, dims.get(decl.name, ()))


def _with_nibbles(
    parameters: tuple[Parameter, ...], lines: list[str], path: Path
) -> tuple[Parameter, ...]:
    """The parameters, those that `@nibbles` names marked."""
    names = " ".join(lines).split()
    possible = {q.name for q in parameters if q.const and q.ctype == "int8_t" and q.dims}
    for name in names:
        if name not in possible:
            raise KernelError(
                f"@nibbles names {name}, which is no const int8_t with a shape", where=str(path)
            )
    return tuple(replace(q, nibbles=q.name in names) for q in parameters)


@cache
def contracts() -> dict[str, Contract]:
    """Every contract by name, from kernels/include/edgeq/; other headers there are shared code."""
    folder = data_root() / "kernels" / "include" / "edgeq"
    return {path.stem: read_contract(path) for path in sorted(folder.glob("*.h"))
            if is_contract(path)}  # fmt: skip


def is_contract(path: Path) -> bool:
    """Whether a header declares a contract of its own name, or a part of one."""
    declared = rf"\beq_{re.escape(path.stem)}_(?:fn|params)\b"
    return re.search(declared, strip(path.read_text(encoding="utf-8"))) is not None


INCLUDE = re.compile(
    r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<(edgeq/[^>\n]+)>)', flags=re.MULTILINE
)


def includes(source: Path) -> tuple[Path, ...]:
    """Every header of edgeq that a kernel source includes, also indirectly, sorted.

    Raises:
        KernelError: a header that is not in kernels/include/edgeq, which alone is generated.
    """
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        path = waiting.pop()
        matches = INCLUDE.findall(path.read_text(encoding="utf-8"))
        new = {_header(quoted or angled, path) for quoted, angled in matches} - found
        found |= new
        waiting += new
    return tuple(sorted(found))


def _header(name: str, source: Path) -> Path:
    folder = data_root() / "kernels" / "include" / "edgeq"
    path = folder.parent / name if name.startswith("edgeq/") else source.parent / name
    if path.parent != folder or not path.is_file():
        raise KernelError(
            f"includes {name}, which is not in kernels/include/edgeq", where=str(source),
            fix="put shared code there: generated projects take headers from nowhere else",
        )  # fmt: skip
    return path
