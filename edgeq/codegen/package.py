"""The generated project as a value: its files, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgeq.codegen.folder import MANIFEST, write_folder
from edgeq.plan.plan import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Package:
    """A generated C project that is not yet written.

    name                of the C module
    files               path relative to the project's folder -> text
    arena_bytes         everything the caller supplies, scratch included
    arena_lower_bound   no placement of the same buffers is smaller
    scratch_bytes       the largest scratch of one step, part of the arena
    constant_bytes      weights, tables and parameters
    """

    name: str
    target: str
    profile: str
    files: Mapping[str, str]
    arena_bytes: int
    arena_lower_bound: int
    scratch_bytes: int
    constant_bytes: int

    @staticmethod
    def of_plan(plan: Plan, files: Mapping[str, str]) -> Package:
        """The package of a plan and the files that `emit` made of it."""
        options = json.loads(files[MANIFEST])["options"]
        return Package(
            name=str(options["name"]), target=plan.target.name, profile=str(plan.profile),
            files=dict(files), arena_bytes=plan.arena_bytes,
            arena_lower_bound=plan.arena_lower_bound, scratch_bytes=plan.scratch_bytes,
            constant_bytes=plan.constant_bytes,
        )  # fmt: skip

    def write(self, folder: str | Path) -> None:
        """Write the project into `folder`, which is made, is empty, or is an earlier output.

        Either everything is written or nothing changes.  An earlier output is replaced file
        by file; files that edgeq did not make stay.

        Raises:
            OutputError: the folder holds something else, or cannot be written.
        """
        write_folder(Path(folder), self.files)
