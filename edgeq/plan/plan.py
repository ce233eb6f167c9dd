"""The plan: every decision, frozen.  After it nothing is decided any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from edgeq.ir import Graph, Tensor
from edgeq.kernels.catalog import Kernel
from edgeq.kernels.costs import NO_TABLE, CostTable
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Lowered
from edgeq.targets.target import Target

ARENA, SCRATCH, INPUT, OUTPUT, CONSTANT = "arena", "scratch", "input", "output", "constant"
NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where an argument lies.

    kind     arena, scratch (also in the arena), input, output, constant, or nowhere for
             the scratch of a kernel that needs none
    index    which constant, input or output
    offset   bytes from the start of the arena, input or output; elements never
    stride   bytes from one worker's scratch to the next one's, of a step that is a part
    """

    kind: str
    offset: int = 0
    index: int = 0
    stride: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """An array that ends in flash: packed, flat, of the kernel's element type."""

    data: NDArray[Any]
    comment: str

    @property
    def nbytes(self) -> int:
        return int(self.data.nbytes)

    @property
    def key(self) -> tuple[str, bytes]:
        """Equal where one array serves as well as the other."""
        return str(self.data.dtype), self.data.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One kernel call with every argument placed.

    outputs      tensors that are complete after this step
    part, parts  which of how many steps that may run at the same time: one step for each part,
                 in a row
    chosen       what decided for the kernel: "table", "order", ..., see `plan.choose`
    """

    node: str
    op: str
    kernel: Kernel
    form: str
    args: Mapping[str, Pointer]
    params: Mapping[str, int]
    outputs: tuple[str, ...] = ()
    part: int = 0
    parts: int = 1
    chosen: str = ""

    @property
    def symbol(self) -> str:
        return self.kernel.symbol(self.form)

    @property
    def params_key(self) -> tuple[str, tuple[int, ...]]:
        """Contract and values of the params struct, in the order of its fields."""
        contract = self.kernel.contract
        return contract.name, tuple(self.params[field] for field in contract.fields)


@dataclass(frozen=True, slots=True)
class Slot:
    """A buffer's place in the arena, bytes; alive in steps [first, last], both included."""

    name: str
    offset: int
    nbytes: int
    first: int
    last: int

    def meets(self, other: Slot) -> bool:
        """True when both cover some byte of the arena, whenever."""
        return (
            self.offset < other.offset + other.nbytes and other.offset < self.offset + self.nbytes
        )


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """An input or output of the model: its tensor and where the caller finds it.

    overwritten   an input whose memory later steps use for something else
    """

    tensor: Tensor
    pointer: Pointer
    overwritten: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A network ready to be written as C.

    optimize           speed, ram or flash: what its kernels were chosen for
    arena_bytes        everything the caller supplies, scratch included
    arena_lower_bound  no placement of these buffers can be smaller
    scratch_bytes      the most scratch of a single step, or of the workers that share one
    threads            for how many its larger steps are split into parts
    places             where each tensor lies when its step is done
    lowered            what each node became, in the graph's order
    costs              the table of measured costs that kernels were chosen by
    levels             of a fat target the plans of its levels, best first, the portable one last;
                       that is this one, but for the arena, which is large enough for each
    """

    name: str
    graph: Graph
    target: Target
    profile: Profile
    io: str
    optimize: str
    threads: int
    steps: tuple[Step, ...]
    constants: tuple[Constant, ...]
    slots: tuple[Slot, ...]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    places: Mapping[str, Pointer]
    lowered: tuple[Lowered, ...]
    arena_bytes: int
    arena_lower_bound: int
    scratch_bytes: int
    costs: CostTable = NO_TABLE
    levels: tuple[Plan, ...] = ()

    @property
    def each(self) -> tuple[Plan, ...]:
        """The plans of all levels, or this one alone."""
        return self.levels or (self,)

    @property
    def constant_bytes(self) -> int:
        """Bytes of weights, tables and params structs (fields of 4 bytes); levels share weights."""
        structs = sum(
            4 * len(f) for plan in self.each for _, f in {s.params_key for s in plan.steps}
        )
        return structs + sum({c.key: c.nbytes for p in self.each for c in p.constants}.values())

    def used_kernels(self) -> tuple[tuple[Kernel, str], ...]:
        """Each (kernel, form) once, in order of first use, of all levels."""
        seen = {s.symbol: (s.kernel, s.form) for plan in self.each for s in plan.steps}
        return tuple(seen.values())
