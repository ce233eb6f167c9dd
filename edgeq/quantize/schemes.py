"""Which integers a layer is computed in: named schemes, and a map from layers to schemes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgeq.errors import UsageError
from edgeq.ir import DType, Graph

WHOLE_BYTES = frozenset({"conv_transpose_2d"})
"""Operators whose weights are int8 in every scheme."""

GROUPED = re.compile(r"int4g([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one layer is quantized.

    activation   dtype of what it reads and writes: int8 (affine) or int16 (zero point 0)
    weight       int8 or int4, symmetric per output channel
    group_size   weights along the input that share an integer factor, 0 for none (int4 only)
    """

    name: str
    activation: DType
    weight: DType
    group_size: int = 0


NAMED = {
    "int8": Scheme("int8", DType.INT8, DType.INT8),
    "int16x8": Scheme("int16x8", DType.INT16, DType.INT8),
    "int4": Scheme("int4", DType.INT8, DType.INT4),
}


def scheme(name: str) -> Scheme:
    """The scheme of that name: int8, int16x8, int4, or int4gN with groups of N weights.

    Raises:
        UsageError: there is none.
    """
    if name in NAMED:
        return NAMED[name]
    if grouped := GROUPED.fullmatch(name):
        return Scheme(name, DType.INT8, DType.INT4, int(grouped[1]))
    known = ", ".join(NAMED)
    fix = f"choose from {known}, or int4g32 for groups of 32"
    raise UsageError(f"no scheme is called {name!r}", fix=fix)


@dataclass(frozen=True, slots=True)
class SchemeMap:
    """A scheme for every layer: of the first rule found in its name, else the default."""

    default: Scheme
    rules: tuple[tuple[re.Pattern[str], Scheme], ...] = ()

    def of(self, node: str) -> Scheme:
        """The scheme of the node of that name."""
        return next((s for p, s in self.rules if p.search(node)), self.default)


def settled(schemes: SchemeMap, graph: Graph) -> SchemeMap:
    """The schemes with int8 weights for those layers of `graph` that know no int4."""
    rules = []
    for node in graph.nodes:
        given = schemes.of(node.name)
        if node.op in WHOLE_BYTES and given.weight is DType.INT4:
            pattern = re.compile(rf"\A{re.escape(node.name)}\Z")
            rules.append((pattern, replace(given, weight=DType.INT8, group_size=0)))
    return replace(schemes, rules=(*rules, *schemes.rules))


def scheme_map(given: str | Scheme | SchemeMap | Mapping[str, str]) -> SchemeMap:
    """What a user may say for schemes.

    Args:
        given: a scheme's name; a mapping from regular expressions over node names to names of
            schemes, with the key "default"; or the path of a TOML file with that table.

    Raises:
        UsageError: an unknown scheme, a pattern that does not compile, or an unreadable file.
    """
    if isinstance(given, SchemeMap):
        return given
    if isinstance(given, Scheme):
        return SchemeMap(given)
    if isinstance(given, str):
        is_file = given.endswith(".toml")
        return _of_table(_table(Path(given))) if is_file else SchemeMap(scheme(given))
    return _of_table(given)


def _of_table(table: Mapping[str, str]) -> SchemeMap:
    rules = []
    for pattern, name in table.items():
        if pattern == "default":
            continue
        try:
            rules.append((re.compile(pattern), scheme(str(name))))
        except re.error as error:
            raise UsageError(f"{pattern!r} is not a regular expression", why=str(error)) from None
    return SchemeMap(scheme(str(table.get("default", "int8"))), tuple(rules))


def _table(path: Path) -> Mapping[str, str]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("cannot be read as TOML", where=str(path), why=str(error)) from None
    if not all(isinstance(value, str) for value in found.values()):
        raise UsageError("must map patterns to names of schemes", where=str(path))
    return {key: str(value) for key, value in found.items()}
