"""What a model costs on a target, layer by layer, before anything is flashed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from edgeq.build.figures import compiled_figures
from edgeq.errors import EdgeqError, Problems
from edgeq.ir import Graph, Node
from edgeq.ops.base import Alias, macs_of
from edgeq.plan.plan import CONSTANT, Plan
from edgeq.quantize.errors import LayerError
from edgeq.targets.levels import level_name


@dataclass(frozen=True, slots=True)
class Layer:
    """One node: what it computes, which kernel does it, what decided for it, what it costs."""

    name: str
    op: str
    shape: tuple[int, ...]
    dtype: str
    macs: int
    constant_bytes: int
    kernel: str
    chosen_by: str = ""


@dataclass(frozen=True, slots=True)
class LevelCost:
    """What one level of a fat target takes: the arena of all is that of the largest."""

    level: str
    arena_bytes: int
    scratch_bytes: int
    constant_bytes: int
    costs: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """The figures of a model on a target; bytes are None where no compiler could say.

    problems   every reason why it cannot be compiled, as text; then the memory figures are None
    note       why a compiler's figure is missing
    errors     of a float model with data: what quantizing each layer does, measured on
               `measured_samples` samples
    costs      the table of measured costs that kernels were chosen by, and its sum
    levels     of a fat target, best first; `layers` are of the last, which every machine has
    """

    model: str
    target: str
    numerics: str
    macs: int
    layers: tuple[Layer, ...]
    problems: tuple[str, ...] = ()
    arena_bytes: int | None = None
    arena_lower_bound: int | None = None
    scratch_bytes: int | None = None
    constant_bytes: int | None = None
    code_bytes: int | None = None
    stack_bytes: int | None = None
    note: str = ""
    errors: tuple[LayerError, ...] = ()
    measured_samples: int = 0
    costs: str = ""
    levels: tuple[LevelCost, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def problem_texts(error: EdgeqError) -> tuple[str, ...]:
    """Each problem of an error as one text."""
    return (
        tuple(p.text() for p in error.problems) if isinstance(error, Problems) else (error.text(),)
    )


def analysis_of_plan(plan: Plan) -> Analysis:
    """Everything known of a plan, the compiler's figures included."""
    figures = compiled_figures(plan)
    layers = layers_of(plan.graph, plan)
    return Analysis(
        model=plan.graph.name, target=plan.target.name, numerics=str(plan.profile),
        macs=sum(layer.macs for layer in layers), layers=layers, arena_bytes=plan.arena_bytes,
        arena_lower_bound=plan.arena_lower_bound, scratch_bytes=plan.scratch_bytes,
        constant_bytes=plan.constant_bytes, code_bytes=figures.code_bytes,
        stack_bytes=figures.stack_bytes, note=figures.reason, costs=plan.costs.label,
        levels=tuple(
            LevelCost(level_name(p.target), p.arena_bytes, p.scratch_bytes, p.constant_bytes,
                      p.costs.label)
            for p in plan.levels
        ),
    )  # fmt: skip


def layers_of(graph: Graph, plan: Plan | None = None) -> tuple[Layer, ...]:
    """Every node as a layer; without a plan nothing is known of kernels and constants."""
    lowered = plan.lowered if plan else (None,) * len(graph.nodes)
    return tuple(
        Layer(
            node.name, node.op, graph.tensors[node.outputs[0]].shape,
            str(graph.tensors[node.outputs[0]].dtype), macs_of(graph, node),
            constant_bytes(plan, node) if plan else 0,
            "none" if isinstance(low, Alias) else kernel_of(plan, node.name) if plan else "",
            _chosen_by(plan, node.name) if plan else "",
        )
        for node, low in zip(graph.nodes, lowered, strict=True)
    )  # fmt: skip


def kernel_of(plan: Plan, node: str) -> str:
    """The C functions of a node, each once."""
    return ", ".join(dict.fromkeys(s.symbol for s in plan.steps if s.node == node))


def _chosen_by(plan: Plan, node: str) -> str:
    """What decided for the kernels of a node, each reason once."""
    return ", ".join(dict.fromkeys(s.chosen for s in plan.steps if s.node == node))


def constant_bytes(plan: Plan, node: Node) -> int:
    """Bytes of the constants that a node reads (shared ones count at every reader)."""
    used = {
        pointer.index
        for step in plan.steps
        if step.node == node.name
        for pointer in step.args.values()
        if pointer.kind == CONSTANT
    }
    return sum(plan.constants[index].nbytes for index in used)
