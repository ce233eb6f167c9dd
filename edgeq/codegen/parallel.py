"""What a project that was planned for several threads has beside the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeq.plan.plan import Plan
from edgeq.targets.target import target_folder

ALONE = ((), ("0",))  # a further argument of a step: the number of its worker, where there are any
HOOK, POOL = ("edgeq_parallel.h",), ("edgeq_threads.h", "edgeq_threads.c")


@dataclass(frozen=True, slots=True)
class PartView:
    """One of the steps that may run at the same time."""

    index: int
    step: str


@dataclass(frozen=True, slots=True)
class GroupView:
    """Steps that may run at the same time: FUNCTION(context, part, worker) is one of them."""

    function: str
    parts: tuple[PartView, ...]


def has_pool(plan: Plan) -> bool:
    """True where a pool of POSIX threads comes with the project: under an operating system."""
    return plan.threads > 1 and not plan.target.is_board


def parallel_files(plan: Plan) -> dict[str, str]:
    """The hook by which a caller runs parts on threads, and the pool where there can be one."""
    names = (*HOOK, *(POOL if has_pool(plan) else ())) if plan.threads > 1 else ()
    folder = target_folder() / "threads"
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


def groups(plan: Plan, name: str) -> list[GroupView]:
    """The groups of steps, in order."""
    return [
        GroupView(f"{name}_parts{i}",
                  tuple(PartView(k, f"{name}_step{i + k}") for k in range(step.parts)))
        for i, step in enumerate(plan.steps)
        if step.part == 0 and step.parts > 1
    ]  # fmt: skip


def run_lines(plan: Plan, name: str, arguments: str) -> Iterator[str]:
    """The body of NAME_run: every step, parts of one through the hook."""
    if plan.threads > 1:
        yield f"{name}_call call = {{ {arguments} }};"
        yield "(void)call;"
        yield "(void)parallel;"
    for i, step in enumerate(plan.steps):
        if step.parts == 1:
            yield f"{name}_step{i}({', '.join((arguments, *ALONE[plan.threads > 1]))});"
        elif step.part == 0:
            workers = min(step.parts, plan.threads)
            yield (f"eq_parallel_run(parallel, {name}_parts{i}, &call, "
                   f"{step.parts}, {workers});")  # fmt: skip
