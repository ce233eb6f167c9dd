"""What an operator declares: shape, float meaning, lowering, exact integers, cases.

One file per operator, found by its place in this folder.  `lower` turns a node into calls
of kernel contracts; `exact` says to the bit what a kernel of a contract must return.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

import edgeq.ops
from edgeq.ir import Graph, Node, Shape, Tensor
from edgeq.numerics.profile import Profile

Array: TypeAlias = NDArray[Any]
Floats: TypeAlias = NDArray[np.float32]
Args: TypeAlias = Mapping[str, Array]
Params: TypeAlias = Mapping[str, int]
Inputs: TypeAlias = tuple[Tensor | None, ...]
Outputs: TypeAlias = tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A pointer into an activation: element `offset` of the flattened tensor `tensor`."""

    tensor: str
    offset: int = 0


Operand: TypeAlias = View | Array


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One call of a kernel contract.

    contract   its name, which is the header's
    args       by C parameter name: a View of an activation, or a constant array in the
               contract's logical shape and dtype (packing is the plan's); scratch and p are absent
    params     every field of the params struct, each within int32
    form       the rounding form, or "" when the contract has none
    facts      what lowering proved, for `@requires`: acc_bits, max_pair_sum, ...
    """

    contract: str
    args: Mapping[str, Operand]
    params: Params
    form: str = ""
    facts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alias:
    """No code: the output is the input's bytes under another shape."""

    source: str


Lowered: TypeAlias = tuple[Call, ...] | Alias


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Arguments worth trying on every kernel of a contract.

    args     every pointer parameter but scratch and p, outputs included (their content
             before the call: a kernel must leave alone what it is not asked to write)
    params   the fields of the params struct
    facts    facts that hold for these arguments (computed, as lowering would)
    forms    the rounding forms that these arguments are legal for; () for every one
    """

    args: dict[str, Array]
    params: dict[str, int]
    facts: Mapping[str, int] = field(default_factory=dict)
    forms: tuple[str, ...] = ()


class Op:
    """An operator of the IR.  All methods are static: an operator has no state.

    name        the IR's name of it
    contracts   the kernel contracts that it claims: `exact` and `cases` answer for these
    """

    name: ClassVar[str]
    contracts: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def infer(node: Node, inputs: Inputs) -> tuple[Shape, ...]:
        """The output shapes; GraphError says why the input shapes make no sense."""
        raise NotImplementedError

    @staticmethod
    def reference(node: Node, inputs: tuple[Floats | None, ...]) -> tuple[Floats, ...]:
        """What the operator means, in float32; `node` carries the attributes."""
        raise NotImplementedError

    @staticmethod
    def lower(node: Node, inputs: Inputs, outputs: Outputs, profile: Profile) -> Lowered:
        """The integer calls; QuantError or GraphError says what stands in the way."""
        raise NotImplementedError

    @staticmethod
    def exact(contract: str, args: Args, params: Params, form: str) -> dict[str, Array]:
        """The outputs of a call, to the bit: parameter name -> array like `args[name]`.

        Arrays are seen as flat memory from the pointer on; what the call leaves alone
        keeps its value.  `args` is not modified.
        """
        raise NotImplementedError

    @staticmethod
    def cases(contract: str, rng: np.random.Generator) -> Iterator[Case]:
        """Arguments that reach every branch of every kernel, the ugliest legal ones included."""
        raise NotImplementedError

    @staticmethod
    def macs(node: Node, inputs: Inputs, outputs: Outputs) -> int:
        """Multiply-accumulates of one inference, one per multiplication."""
        del node, inputs, outputs
        return 0


_OPS: dict[str, type[Op]] = {}

OpClass = TypeVar("OpClass", bound=type[Op])


def register(op: OpClass) -> OpClass:
    """Class decorator: make an operator known under its name."""
    if op.name in _OPS:
        raise ValueError(f"operator {op.name} is declared twice")
    _OPS[op.name] = op
    return op


@cache
def _import_all() -> None:
    for module in pkgutil.iter_modules(edgeq.ops.__path__):
        importlib.import_module(f"edgeq.ops.{module.name}")


def all_ops() -> Mapping[str, type[Op]]:
    """Every operator by name."""
    _import_all()
    return MappingProxyType(_OPS)


@cache
def op_of_contract() -> Mapping[str, type[Op]]:
    """The operator that claims each contract."""
    return {contract: op for op in all_ops().values() for contract in op.contracts}


def macs_of(graph: Graph, node: Node) -> int:
    """Multiply-accumulates of one node; 0 for an operator that is only understood, not compiled."""
    op = all_ops().get(node.op)
    return op.macs(node, graph.inputs_of(node), graph.outputs_of(node)) if op else 0


def lower_node(graph: Graph, node: Node, profile: Profile) -> Lowered:
    """The calls of one node of `graph`."""
    op = all_ops()[node.op]
    return op.lower(node, graph.inputs_of(node), graph.outputs_of(node), profile)
