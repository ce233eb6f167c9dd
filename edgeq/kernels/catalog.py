"""Finds every kernel: `kernels/ISA/CONTRACT[__TILE].c` defines `eq_CONTRACT__ISA[_TILE]`.

What a path cannot say stands as directives in the file's head comment:

  @requires EXPR       when the kernel may be chosen (over params fields and proved facts)
  @packs PARAM (..)    blocked index order in which it wants a constant
  @joins PARAM ...     neighbours b0, b1 of the packed int8 order are stored as the bytes of the
                       int16 256 * b1 + b0
  @flushes PARAM ...   int8 weights in the order of edgeq/plan/flushes.py, instead of @packs
  @slides PARAM ...    int8 weights in the order of edgeq/plan/slides.py, instead of @packs
  @offset B N W        int32 B is stored with N times the sums of its outputs' W added
  @rescale fused       bias, mult and shift are stored as edgeq/numerics/fused.py says, where it can
  @rescale odd         mult and shift are stored as edgeq/numerics/odd.py says, where it can
  @scratch EXPR        bytes of scratch
  @align N             alignment of every pointer it is given, bytes
  @inplace PARAM ...   y may be the very buffer of any one of these inputs
  @overlap rows        y may overwrite input rows that are already consumed
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from edgeq.errors import KernelError
from edgeq.kernels.contract import Contract, contracts, directives
from edgeq.kernels.expr import evaluate
from edgeq.kernels.isa import Isa, isas
from edgeq.resources import data_root

KNOWN = {
    "requires", "packs", "joins", "flushes", "slides", "offset", "scratch", "align", "inplace",
    "overlap", "rescale",
}  # fmt: skip
PACKS = re.compile(r"(\w+)\s*\((.*)\)$")
FUSED, ODD = "fused", "odd"
RESCALED = ("x", "w", "bias", "mult", "shift")  # what `@rescale` is proved from
OFFSET = re.compile(r"(\w+)\s+(-?\d+)\s+(\w+)$")


@dataclass(frozen=True, slots=True)
class Kernel:
    """One variant of a contract.

    requires   expressions that must all hold
    packs      parameter -> order of its blocked index, as text: ("o/16", "i", "o%16")
    joins      parameters whose packed int8 neighbours are joined to int16
    flushes    parameters stored with what is proved of sums of their weights in int16
    slides     parameters stored for windows that begin at any of four rows
    offsets    parameter -> factor and parameter whose sums are added to it, times the factor
    rescale    "fused" or "odd" where it rescales by a fused multiply-add of floats, else ""
    scratch    expression in bytes, "0" when it needs none
    inplace    inputs whose buffer y may be
    """

    contract: Contract
    isa: Isa
    tile: str
    path: Path
    requires: tuple[str, ...] = ()
    packs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    joins: tuple[str, ...] = ()
    flushes: tuple[str, ...] = ()
    slides: tuple[str, ...] = ()
    offsets: tuple[tuple[str, int, str], ...] = ()
    rescale: str = ""
    scratch: str = "0"
    align: int = 1
    inplace: tuple[str, ...] = ()
    overlap: bool = False

    @property
    def base_symbol(self) -> str:
        """`eq_CONTRACT__ISA[_TILE]`, without the rounding form."""
        tile = f"_{self.tile}" if self.tile else ""
        return f"eq_{self.contract.name}__{self.isa.name}{tile}"

    def symbol(self, form: str) -> str:
        """The external symbol of the build with rounding `form` ("" where there are none)."""
        return f"{self.base_symbol}_{form}" if form else self.base_symbol

    def accepts(self, values: Mapping[str, int]) -> bool:
        """Whether every `@requires` holds for params fields and facts `values`."""
        return all(evaluate(text, values) for text in self.requires)

    def scratch_bytes(self, values: Mapping[str, int]) -> int:
        return evaluate(self.scratch, values)


def read_kernel(path: Path, isa: Isa, known: Mapping[str, Contract]) -> Kernel:
    """Read one kernel source.

    Raises:
        KernelError: no contract of its name, a wrong declaration, or an unknown directive.
    """
    name, _, tile = path.stem.partition("__")
    if name not in known:
        raise KernelError(
            f"no contract is called {name}",
            where=str(path),
            fix=f"add kernels/include/edgeq/{name}.h, or rename the file",
        )
    text = path.read_text(encoding="utf-8")
    found = directives(text)
    if unknown := set(found) - KNOWN:
        raise KernelError(f"unknown directive {', '.join(sorted(unknown))}", where=str(path))
    kernel = Kernel(
        known[name], isa, tile, path,
        requires=tuple(found.get("requires", ())),
        packs=tuple(_packing(line, path) for line in found.get("packs", ())),
        joins=tuple(" ".join(found.get("joins", ())).split()),
        flushes=tuple(" ".join(found.get("flushes", ())).split()),
        slides=tuple(" ".join(found.get("slides", ())).split()),
        offsets=tuple(_offset(line, path) for line in found.get("offset", ())),
        rescale=_rescale(found.get("rescale", ()), path),
        scratch=" + ".join(found.get("scratch", ["0"])),
        align=evaluate(found.get("align", ["1"])[0], {}),
        inplace=tuple(" ".join(found.get("inplace", ())).split()),
        overlap="rows" in found.get("overlap", ()),
    )  # fmt: skip
    _check_declaration(kernel, text)
    _check_parameters(kernel)
    return kernel


def _packing(line: str, path: Path) -> tuple[str, tuple[str, ...]]:
    match = PACKS.match(line)
    if match is None:
        raise KernelError(f"@packs {line} is not PARAM (order)", where=str(path))
    return match[1], tuple(part.strip() for part in match[2].split(","))


def _rescale(lines: Sequence[str], path: Path) -> str:
    text = " ".join(lines)
    if text not in ("", FUSED, ODD):
        raise KernelError(f"@rescale {text} is not {FUSED} or {ODD}", where=str(path))
    return text


def _offset(line: str, path: Path) -> tuple[str, int, str]:
    match = OFFSET.match(line)
    if match is None:
        raise KernelError(f"@offset {line} is not PARAM FACTOR PARAM", where=str(path))
    return match[1], int(match[2]), match[3]


def _check_declaration(kernel: Kernel, text: str) -> None:
    base = kernel.base_symbol
    symbol = f"EQ_SYM({base})" if kernel.contract.forms else base
    if f"eq_{kernel.contract.name}_fn {symbol};" not in text:
        raise KernelError(
            f"does not declare 'eq_{kernel.contract.name}_fn {symbol};'",
            where=str(kernel.path),
            why="the path promises this symbol, and the typed declaration proves its signature",
            fix="add the declaration, or move the file",
        )


def _check_parameters(kernel: Kernel) -> None:
    """Directives name parameters that the contract has, of the right kind."""
    contract = kernel.contract
    inputs = {q.name for q in contract.pointers if q.const}
    packed = (*kernel.joins, *kernel.flushes, *kernel.slides, *(name for name, _ in kernel.packs),
              *(name for to, _, of in kernel.offsets for name in (to, of)))  # fmt: skip
    for name in (*kernel.inplace, *packed, *(RESCALED if kernel.rescale else ())):
        if name not in inputs:
            raise KernelError(
                f"a directive names {name}, which is no input of {contract.name}",
                where=str(kernel.path),
                fix=f"inputs are {', '.join(sorted(inputs))}",
            )
    if kernel.scratch != "0" and all(q.name != "scratch" for q in contract.parameters):
        raise KernelError(
            f"@scratch, but {contract.name} has no parameter scratch", where=str(kernel.path)
        )


@cache
def catalog() -> tuple[Kernel, ...]:
    """Every kernel of every instruction set, by folder and name."""
    known = contracts()
    return tuple(
        read_kernel(path, isa, known)
        for isa in isas().values()
        for path in sorted((isa_folder(isa)).glob("*.c"))
    )


def isa_folder(isa: Isa) -> Path:
    """Where the kernels of `isa` are."""
    return data_root() / "kernels" / isa.name


def variants(contract: str) -> tuple[Kernel, ...]:
    """Every kernel of one contract."""
    return tuple(k for k in catalog() if k.contract.name == contract)
