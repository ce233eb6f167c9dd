"""Makes the plan: lower, choose, share, place; all problems of a graph at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from edgeq.errors import EdgeqError, GraphError, PlanError, Problems, UsageError
from edgeq.ir import Graph, Node
from edgeq.ir.text import show
from edgeq.kernels.catalog import Kernel, catalog
from edgeq.kernels.costs import CostTable, costs_for
from edgeq.numerics.profile import Profile
from edgeq.ops.base import Alias, Call, Lowered, View, all_ops, lower_node
from edgeq.plan.buffers import Draft, Sharing, share_in_place
from edgeq.plan.choose import FLASH, SPEED, Choice, check_optimize, choose
from edgeq.plan.layout import Layout
from edgeq.plan.overlap import row_gaps
from edgeq.plan.plan import Plan
from edgeq.plan.threads import check_threads, shared
from edgeq.targets import Target
from edgeq.targets.levels import levels_of
from edgeq.targets.target import HOST

IO_ARENA, IO_POINTERS = "arena", "pointers"


def make_plan(
    graph: Graph,
    target: Target,
    profile: Profile,
    *,
    io: str = IO_ARENA,
    optimize: str = SPEED,
    threads: int = 1,
    kernels: Sequence[Kernel] | None = None,
    costs: CostTable | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Decide everything about `graph` on `target`.

    Args:
        graph: an integer graph (`ir.spec` stage "integer") whose outputs have memory of
            their own (`passes.separate_outputs`).
        target: whose kernels, alignment and order of instruction sets hold.
        profile: which rounding and exact form every operator takes.
        io: "arena" places inputs and outputs in the arena, "pointers" takes the caller's.
        optimize: "speed", "ram" or "flash": what decides among kernels, see `plan.choose`.
        threads: into how many parts larger steps are split, see `plan.threads`.
        kernels: the kernels to choose from; all that exist when None.
        costs: what they were measured to take; the target's own table when None.
        progress: told each node's name before it is lowered.

    Raises:
        Problems: every node that cannot be lowered or has no kernel, with its reason.
        PlanError: an output has no memory of its own.
        KernelError: the table of costs is malformed.
        UsageError: there is no such `io` or `optimize`, or no such number of threads.
    """
    if io not in (IO_ARENA, IO_POINTERS):
        raise UsageError(f"no io {io!r}", fix=f"choose {IO_ARENA} or {IO_POINTERS}")
    check_optimize(optimize)
    check_threads(threads)
    target = _for_size(target) if optimize == FLASH else target
    lowered = _lower(graph, profile, progress)
    known = catalog() if kernels is None else kernels
    asked = _Asked(graph, profile, io, optimize, threads, known, costs, *lowered)
    if not target.levels:
        return _plan(asked, target)
    plans = tuple(_plan(asked, level) for level in levels_of(target))
    return replace(plans[-1], levels=plans, target=target,
                   arena_bytes=max(p.arena_bytes for p in plans),
                   arena_lower_bound=max(p.arena_lower_bound for p in plans),
                   scratch_bytes=max(p.scratch_bytes for p in plans))  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is planned, for whatever target: the arguments of `make_plan`, and the lowered nodes."""

    graph: Graph
    profile: Profile
    io: str
    optimize: str
    threads: int
    kernels: Sequence[Kernel]
    costs: CostTable | None
    lowered: Mapping[tuple[str, str], Lowered]
    problems: Mapping[str, EdgeqError]


def _plan(asked: _Asked, target: Target) -> Plan:
    """The plan for one target, or one level of it."""
    graph, io = asked.graph, asked.io
    own = target.name == HOST
    table = costs_for(target.isa, own=own) if asked.costs is None else asked.costs
    sharing, problems = _aliases(asked.lowered), dict(asked.problems)
    ports = {*graph.inputs, *graph.outputs} if io == IO_POINTERS else set()
    fixed = frozenset(sharing.root(t) for t in ports)
    chooser = _Chooser(graph, target, asked.kernels, sharing, fixed, asked.optimize, asked.threads,
                       table)  # fmt: skip
    drafts = chooser.drafts(asked.lowered, problems)
    if problems:
        ordered = [problems[n.name] for n in graph.nodes if n.name in problems]
        raise Problems(f"{show(graph.name)} cannot be compiled for {target.name}", ordered)
    _check_outputs(graph, sharing, pointers=io == IO_POINTERS)
    share_in_place(graph, drafts, sharing, fixed)
    gaps = row_gaps(graph, drafts, sharing, fixed)
    layout = Layout(graph, drafts, sharing, target, fixed, asked.threads, gaps)
    return Plan(
        name=graph.name, graph=graph, target=target, profile=asked.profile, io=io,
        optimize=asked.optimize, threads=asked.threads,
        steps=tuple(layout.step(i, draft) for i, draft in enumerate(drafts)),
        constants=tuple(layout.constants), slots=layout.slots,
        inputs=tuple(layout.input_port(t) for t in graph.inputs),
        outputs=tuple(layout.output_port(t) for t in graph.outputs),
        places=layout.places(), arena_bytes=layout.arena_bytes,
        arena_lower_bound=layout.lower_bound, scratch_bytes=layout.scratch_bytes,
        lowered=tuple(asked.lowered.values()), costs=table,
    )  # fmt: skip


def _for_size(target: Target) -> Target:
    """The target with a compiler that is asked for small code."""
    flags = ("-Os" if flag == "-O2" else flag for flag in target.cflags)
    return replace(target, cflags=tuple(flags))


def _lower(
    graph: Graph, profile: Profile, progress: Callable[[str], None]
) -> tuple[dict[tuple[str, str], Lowered], dict[str, EdgeqError]]:
    """What each node became, by (node, its first output), and what went wrong by node."""
    lowered: dict[tuple[str, str], Lowered] = {}
    problems: dict[str, EdgeqError] = {}
    for node in graph.nodes:
        progress(node.name)
        try:
            if node.op not in all_ops():
                raise GraphError(f"there is no operator {show(node.op)}")
            lowered[node.name, node.outputs[0]] = lower_node(graph, node, profile)
        except EdgeqError as error:
            problems[node.name] = _located(error, node)
    return lowered, problems


def _located(error: EdgeqError, node: Node) -> EdgeqError:
    if error.where:
        return error
    return type(error)(error.what, where=f"{node.name} ({node.op})", why=error.why, fix=error.fix)


def _aliases(lowered: Mapping[tuple[str, str], Lowered]) -> Sharing:
    sharing = Sharing()
    for (_, output), calls in lowered.items():
        if isinstance(calls, Alias):
            sharing.join(output, calls.source)
    return sharing


def _check_outputs(graph: Graph, sharing: Sharing, *, pointers: bool) -> None:
    """Refuse outputs that nothing would write, or that two names stand for.

    In the arena an output may be an input's or another output's bytes under another name.
    """
    taken = {sharing.root(t) for t in graph.inputs} if pointers else set()
    names: set[str] = set()
    for name in graph.outputs:
        root = sharing.root(name)
        if graph.tensors[root].is_constant or root in taken or name in names:
            raise PlanError(
                f"output {show(name)} has no memory of its own",
                why="it is a constant, an input or another output",
                fix="run the pass separate_outputs before the plan",
            )
        names.add(name)
        if pointers:
            taken.add(root)


@dataclass(frozen=True, slots=True)
class _Chooser:
    """Takes a kernel for every call.

    fixed   roots of buffers that are the caller's: nothing is known of their alignment
    """

    graph: Graph
    target: Target
    kernels: Sequence[Kernel]
    sharing: Sharing
    fixed: frozenset[str]
    optimize: str
    threads: int
    costs: CostTable

    def drafts(
        self, lowered: Mapping[tuple[str, str], Lowered], problems: dict[str, EdgeqError]
    ) -> list[Draft]:
        """The calls of all nodes in order; adds to `problems` where no kernel fits."""
        found: list[Draft] = []
        for node in self.graph.nodes:
            calls = lowered.get((node.name, node.outputs[0]))
            if calls is None or isinstance(calls, Alias):
                continue
            try:
                found += self._of_node(node, calls)
            except EdgeqError as error:
                problems[node.name] = error
        return found

    def _of_node(self, node: Node, calls: tuple[Call, ...]) -> Iterator[Draft]:
        """The node's calls; an output is complete after the last that writes to it."""
        where = f"{node.name} ({node.op})"
        drafts = [
            self._draft(node, part, self._choice(part, where), i, len(parts))
            for parts in (self._parts(call, where) for call in calls)
            for i, part in enumerate(parts)
        ]
        last = {t: i for i, draft in enumerate(drafts) for t in draft.writes().values()}
        for i, draft in enumerate(drafts):
            yield replace(draft, outputs=tuple(t for t in node.outputs if last.get(t) == i))

    def _parts(self, call: Call, where: str) -> tuple[Call, ...]:
        """The call, or the parts of it that threads may share."""
        if self.threads == 1:
            return (call,)
        return shared(call, self.threads, self._choice(call, where).kernel, self.costs)

    def _draft(self, node: Node, call: Call, choice: Choice, part: int, parts: int) -> Draft:
        return Draft(node.name, node.op, call, choice.kernel, (), part, parts, choice.by)

    def _choice(self, call: Call, where: str) -> Choice:
        return choose(call, self.target.isa, self.kernels, where, align=self._alignment(call),
                      optimize=self.optimize, costs=self.costs)  # fmt: skip

    def _alignment(self, call: Call) -> int:
        """The largest power of two that divides the address of every argument, as far as known."""
        align = self.target.align
        for operand in call.args.values():
            if not isinstance(operand, View):
                continue
            if self.sharing.root(operand.tensor) in self.fixed:
                return 1
            offset = operand.offset * self.graph.tensors[operand.tensor].dtype.bytes
            align = min(align, offset & -offset) if offset else align
        return align
