"""`edgeq targets`: the machines, as their files say."""

from __future__ import annotations

from edgeq.cli.options import Json
from edgeq.cli.screen import show_json, show_table


def targets(json: Json = False) -> int:
    """The machines that code is generated for."""
    from edgeq.report.supported import target_rows, target_table
    from edgeq.targets import list_targets, load_target

    machines = [load_target(name) for name in list_targets()]
    if json:
        show_json({"targets": target_rows(machines)})
    else:
        show_table(target_table(machines))
    return 0
