"""`edgeq analyze`: what a model costs on a target, and everything that stands in the way."""

from __future__ import annotations

from edgeq.cli.options import Batch, Json, Model, Numerics, Target
from edgeq.cli.screen import show_json, show_note, show_table, working


def analyze(
    model: Model, target: Target = "host", numerics: Numerics = "", batch: Batch = None,
    json: Json = False,
) -> int:  # fmt: skip
    """Operators, shapes, MACs, flash, arena, scratch, stack; every unsupported thing at once."""
    from edgeq import pipeline
    from edgeq.report.cost import layer_table, memory_table, total_table
    from edgeq.targets import load_target

    machine = load_target(target)
    with working(f"analyzing {model.name}"):
        found = pipeline.analyze(pipeline.load(model, batch=batch), target, numerics=numerics)
    if json:
        show_json(found.as_json())
    else:
        show_table(layer_table(found))
        if found.arena_bytes is not None:
            show_table(total_table(found))
            show_table(memory_table(found, machine))
    if found.note:
        show_note(f"code and stack are unknown: {found.note}")
    for problem in found.problems:
        show_note(f"problem: {problem}")
    if not found.problems:
        return 0
    return 1 if found.arena_bytes is not None else 2
