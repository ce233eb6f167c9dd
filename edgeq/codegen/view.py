"""The only values a template may see: final text, with every name from the model made safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgeq._version import __version__
from edgeq.codegen.levels import Shared, constant_view
from edgeq.codegen.literals import c_type, float_literal
from edgeq.codegen.names import c_comment
from edgeq.codegen.parallel import ALONE, groups, run_lines
from edgeq.ir import DType, Tensor
from edgeq.kernels.catalog import Kernel
from edgeq.ops.common import RANGES
from edgeq.plan.plan import ARENA, CONSTANT, INPUT, NOWHERE, SCRATCH, Plan, Pointer, Port, Step

POINTERS = "pointers"
KEPT = "kept as it was given"
NOTHING_SHARED: Shared = {}
PARALLEL_NOTE = "parallel may be null: then it runs on the caller's thread alone."


@dataclass(frozen=True, slots=True)
class StepView:
    """One kernel call."""

    index: int
    function: str
    symbol: str
    args: str
    comment: str


@dataclass(frozen=True, slots=True)
class PortView:
    """An input or output as the header shows it; `label` is what a caller writes."""

    macro: str
    label: str
    function: str
    member: str
    type: str
    qualifier: str
    offset: str
    count: int
    shape: str
    rank: int
    comment: str
    note: str


@dataclass(frozen=True, slots=True)
class ScaleView:
    """A quantized port: its constants and conversion helpers."""

    macro: str
    function: str
    type: str
    scale: str
    zero_point: int
    lo: int
    hi: int


def model_view(
    plan: Plan, name: str, *, base: str = "", shared: Shared = NOTHING_SHARED
) -> dict[str, object]:
    """Everything that model.h.j2 and model.c.j2 substitute.

    Args:
        plan: of the model, or of one level of a fat target.
        name: a C identifier.
        base: name of the model that this is a level of; "" for a model of its own.
        shared: constants that are in a file of their own.
    """
    ports, own = port_views(plan, name), not base
    base = base or name
    pointers, structs = plan.io == POINTERS, params_names(plan)
    arrays = [shared.get(c.key, f"k{i}") for i, c in enumerate(plan.constants)]
    return {
        "name": name, "macro": name.upper(), "version": __version__,
        "profile": str(plan.profile), "target": c_comment(plan.target.name),
        "model": c_comment(plan.graph.name), "arena_bytes": plan.arena_bytes,
        "constant_bytes": plan.constant_bytes, "align": plan.target.align,
        "contracts": sorted({s.kernel.contract.name for s in plan.steps}),
        "declarations": [(k.contract.name, k.symbol(f)) for k, f in plan.used_kernels()],
        "constants": [constant_view(constant, array)
                      for constant, array in zip(plan.constants, arrays, strict=True)
                      if constant.key not in shared],
        "weights": base.upper(), "c_headers": [f"{base}_shared.h"] if shared else [],
        "params": _params(plan, structs),
        "steps": [_step(step, name, i, structs, arrays) for i, step in enumerate(plan.steps)],
        "step_count": len(plan.steps), "ports": ports,
        "arena_ports": [] if pointers else ports, "io_fields": ports if pointers else [],
        "scales": _scales(plan, name),
        **_calling(plan, name, base), "io_types": [name] if pointers and own else [],
    }  # fmt: skip


def _calling(plan: Plan, name: str, base: str) -> dict[str, object]:
    """How the model is called: parameters and arguments of its functions."""
    pointers, threads = plan.io == POINTERS, plan.threads > 1
    parameters = f"uint8_t *arena, const {base}_io *io" if pointers else "uint8_t *arena"
    arguments = "arena, io" if pointers else "arena"
    members = ["uint8_t *arena;", *([f"const {base}_io *io;"] if pointers else [])]
    headers = [*(["edgeq_parallel.h"] if threads else []), *([f"{base}.h"] if base != name else [])]
    return {
        "parameters": parameters, "arguments": arguments, "unused": arguments.split(", "),
        "run_parameters": parameters + (", const eq_parallel *parallel" if threads else ""),
        "run_arguments": "arena" + (", 0" if threads else ""),
        "run_lines": list(run_lines(plan, name, arguments)), "groups": groups(plan, name),
        "call_types": [name] if threads else [], "call_members": members,
        "step_parameters": parameters + (", int32_t worker" if threads else ""),
        "step_unused": [*arguments.split(", "), *(["worker"] if threads else [])],
        "step_arguments": ", ".join((arguments, *ALONE[threads])),
        "parts": ", ".join(f"call->{a}" for a in arguments.split(", ")),
        "run_headers": headers,
        "run_notes": [*run_notes(plan, name)],
    }  # fmt: skip


def run_notes(plan: Plan, name: str) -> Iterator[str]:
    """What else there is to say of NAME_run."""
    if plan.threads > 1:
        yield PARALLEL_NOTE
    if plan.levels:
        yield f"This is the level that every machine has; {name}_select.h finds the best."


def params_names(plan: Plan) -> Mapping[tuple[str, tuple[int, ...]], str]:
    """A name for each distinct params struct, in order of first use."""
    names: dict[tuple[str, tuple[int, ...]], str] = {}
    for step in plan.steps:
        names.setdefault(step.params_key, f"p{len(names)}")
    return names


def _params(
    plan: Plan, structs: Mapping[tuple[str, tuple[int, ...]], str]
) -> list[tuple[str, str, str]]:
    fields = {s.kernel.contract.name: s.kernel.contract.fields for s in plan.steps}
    return [
        (f"eq_{contract}_params", name,
         ", ".join(f".{f} = {v}" for f, v in zip(fields[contract], values, strict=True)))
        for (contract, values), name in structs.items()
    ]  # fmt: skip


def _step(
    step: Step, name: str, index: int, structs: Mapping[tuple[str, tuple[int, ...]], str],
    arrays: Sequence[str],
) -> StepView:  # fmt: skip
    words = [
        f"&{structs[step.params_key]}" if q.name == "p"
        else pointer_text(step.args[q.name], q.ctype, arrays, const=q.const)
        for q in step.kernel.contract.parameters
    ]  # fmt: skip
    comment = c_comment(f"{step.node} ({step.op})")
    return StepView(index, f"{name}_step{index}", step.symbol, ", ".join(words), comment)


def pointer_text(pointer: Pointer, ctype: str, arrays: Sequence[str], *, const: bool) -> str:
    """The C expression of an argument; `arrays` are the names of the constants."""
    if pointer.kind == NOWHERE:
        return "0"
    qualifier = "const " if const else ""
    if pointer.kind == CONSTANT:
        array = arrays[pointer.index]
        return array if pointer.offset == 0 else _shifted(pointer, ctype, array)
    if pointer.kind in (ARENA, SCRATCH):
        offset = f"{pointer.offset}" + (f" + worker * {pointer.stride}" if pointer.stride else "")
        return f"({qualifier}{ctype} *)(void *)(arena + {offset})"
    member = "input" if pointer.kind == INPUT else "output"
    any_type = f"({qualifier}void *)"
    base = f"({qualifier}uint8_t *){any_type}io->{member}{pointer.index}"
    return f"({qualifier}{ctype} *){any_type}({base} + {pointer.offset})"


def _shifted(pointer: Pointer, ctype: str, array: str) -> str:
    return f"(const {ctype} *)(const void *)((const uint8_t *){array} + {pointer.offset})"


def port_views(plan: Plan, name: str) -> list[PortView]:
    """The inputs, then the outputs."""
    kinds = (("input", plan.inputs), ("output", plan.outputs))
    return [_port(plan, p, name, kind, i) for kind, ports in kinds for i, p in enumerate(ports)]


def _port(plan: Plan, port: Port, name: str, kind: str, index: int) -> PortView:
    tensor = port.tensor
    note = "read only, never written" if plan.io == POINTERS else KEPT
    if kind == "output":
        note = "valid after the last step"
    elif port.overwritten:
        note = "overwritten by the run: fill it again before the next"
    label = f"io.{kind}{index}" if plan.io == POINTERS else f"{name}_{kind}{index}(arena)"
    return PortView(
        f"{name.upper()}_{kind.upper()}{index}", label, f"{name}_{kind}{index}", f"{kind}{index}",
        c_type(tensor.dtype.numpy), "const " if kind == "input" else "",
        str(port.pointer.offset), tensor.size, f"{{ {', '.join(map(str, tensor.shape or (1,)))} }}",
        max(len(tensor.shape), 1), c_comment(tensor.name), note,
    )  # fmt: skip


def _scales(plan: Plan, name: str) -> list[ScaleView]:
    ports = [(f"input{i}", p.tensor) for i, p in enumerate(plan.inputs)]
    ports += [(f"output{i}", p.tensor) for i, p in enumerate(plan.outputs)]
    return [_scale(t, name, label) for label, t in ports if _has_scale(t)]


def _has_scale(tensor: Tensor) -> bool:
    return (
        tensor.quant is not None
        and not tensor.quant.per_channel
        and tensor.dtype in (DType.INT8, DType.UINT8, DType.INT16)
    )


def _scale(tensor: Tensor, name: str, label: str) -> ScaleView:
    if tensor.quant is None:
        raise TypeError(f"{tensor.name} has no scale")
    lo, hi = RANGES[tensor.dtype]
    return ScaleView(
        f"{name.upper()}_{label.upper()}", f"{name}_{label}", c_type(tensor.dtype.numpy),
        float_literal(float(tensor.quant.scale[0])), tensor.quant.zero_point, lo, hi,
    )  # fmt: skip


def kernel_path(kernel: Kernel, form: str) -> str:
    """Where a used kernel stands in the generated project."""
    return f"kernels/{kernel.symbol(form)}.c"
