"""Which tensors are complete after which step: what a step-wise comparison may look at."""

from __future__ import annotations

from edgeq.plan.plan import Plan


def tensors_after(plan: Plan) -> list[list[str]]:
    """For each step the tensors that are complete once it is done, in the graph's order.

    A reshaped tensor is complete when its source is; those of inputs and constants are
    left out, since no step makes them.
    """
    done = {name: i for i, step in enumerate(plan.steps) for name in step.outputs}
    found: list[list[str]] = [[] for _ in plan.steps]
    for node in plan.graph.nodes:
        if node.outputs[0] not in done:
            source = done.get(node.inputs[0])
            if source is None:
                continue
            done[node.outputs[0]] = source
        for name in node.outputs:
            found[done[name]].append(name)
    return found
