"""Writes the generated project: `{path: text}`.

The templates loop and substitute, nothing else; what they see comes from `view` and
`project`.  The text depends on the plan alone: no date, no path, no host.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edgeq._version import __version__
from edgeq.codegen.folder import MANIFEST
from edgeq.codegen.levels import (
    Shared,
    level_idents,
    levels_view,
    shared_constants,
)
from edgeq.codegen.names import c_comment, c_identifier
from edgeq.codegen.parallel import parallel_files
from edgeq.codegen.project import board_files, project_view, selftest_view
from edgeq.codegen.view import kernel_path, model_view, run_notes
from edgeq.errors import UsageError
from edgeq.ir import Graph
from edgeq.ir.store import to_bytes
from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import includes
from edgeq.plan.plan import Plan
from edgeq.resources import data_root
from edgeq.targets.levels import level_name

PACKAGES = ("cmake",)


@cache
def environment() -> Environment:
    """The strict template environment: an undefined name is an error."""
    return Environment(
        loader=FileSystemLoader(data_root() / "templates"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, autoescape=False, keep_trailing_newline=True,
    )  # fmt: skip


def emit(
    plan: Plan, *, name: str = "", package: str = "cmake", selftest: bool = True
) -> dict[str, str]:
    """The files of a generated project.

    Args:
        plan: what is written.
        name: of the C module; the model's own name when empty. Made a C identifier.
        package: "cmake".
        selftest: with golden vectors, which take an exact run or more.

    Raises:
        UsageError: there is no such package kind.
    """
    if package not in PACKAGES:
        raise UsageError(f"no package kind {package!r}", fix=f"choose from {', '.join(PACKAGES)}")
    ident = c_identifier(name or plan.graph.name)
    shared = shared_constants(plan, ident)
    names = {constant.key: name for name, constant in shared.items()}
    model = model_view(replace(plan, levels=()), ident, shared=names)
    model["run_notes"] = [*run_notes(plan, ident)]
    project = {**model, **project_view(plan, ident)}
    files = {
        f"{ident}.h": _render("model.h.j2", model),
        f"{ident}.c": _render("model.c.j2", model),
        "CMakeLists.txt": _render(f"{package}/CMakeLists.txt.j2", project),
        "README.md": _render(f"{package}/README.md.j2", project),
    }
    if selftest:
        values = {**model, **selftest_view(plan, ident)}
        files[f"{ident}_selftest.c"] = _render("selftest.c.j2", values)
    if project["toolchain_hint"]:
        files["toolchain.cmake"] = _render(f"{package}/toolchain.cmake.j2", project)
    files |= level_files(plan, ident, model, names)
    files |= kernel_files(plan) | board_files(plan.target) | parallel_files(plan)
    files[MANIFEST] = manifest(plan, ident, package, files)
    return files


def _render(template: str, values: Mapping[str, object]) -> str:
    return environment().get_template(template).render(values)


def level_files(
    plan: Plan, ident: str, model: Mapping[str, object], names: Shared
) -> dict[str, str]:
    """What a fat target's project has beside: levels, their shared constants, and the choice."""
    if not plan.levels:
        return {}
    files: dict[str, str] = {}
    for name, level in level_idents(plan, ident):
        view = model_view(level, name, base=ident, shared=names)
        files |= {f"{name}.{ending}": _render(f"model.{ending}.j2", view) for ending in "hc"}
    parts = ("select", "shared") if names else ("select",)
    values = {**model, **levels_view(plan, ident)}
    return files | {
        f"{ident}_{part}.{ending}": _render(f"levels/{part}.{ending}.j2", values)
        for part in parts for ending in "hc"
    }  # fmt: skip


def kernel_files(plan: Plan) -> dict[str, str]:
    """The used kernels, one file for each rounding form, and the headers they include."""
    files: dict[str, str] = {}
    for kernel, form in plan.used_kernels():
        files[kernel_path(kernel, form)] = kernel_text(kernel, form)
        for header in includes(kernel.path):
            files[f"include/edgeq/{header.name}"] = header.read_text(encoding="utf-8")
    return dict(sorted(files.items()))


def kernel_text(kernel: Kernel, form: str) -> str:
    """A kernel's source as it is, with its rounding form defined on top."""
    text = kernel.path.read_text(encoding="utf-8")
    return f"#define EQ_FORM {form}\n{text}" if form else text


def manifest(plan: Plan, ident: str, package: str, files: Mapping[str, str]) -> str:
    """What was made of what, with which options: JSON with SHA-256 sums."""
    record = {
        "edgeq": __version__,
        "model": {"name": c_comment(plan.graph.name), **_origin(plan.graph)},
        "options": {
            "name": ident, "package": package, "target": c_comment(plan.target.name),
            "numerics": str(plan.profile), "io": plan.io, "optimize": plan.optimize,
            "threads": plan.threads,
        },
        "costs": {"table": plan.costs.origin, "sha256": plan.costs.sha256},
        "levels": [_level_record(level) for level in plan.levels],
        "arena_bytes": plan.arena_bytes,
        "constant_bytes": plan.constant_bytes,
        "kernels": [kernel.symbol(form) for kernel, form in plan.used_kernels()],
        "files": {path: _sha256(text.encode()) for path, text in sorted(files.items())},
    }  # fmt: skip
    return json.dumps(record, indent=2) + "\n"


def _level_record(plan: Plan) -> dict[str, object]:
    """What a level costs, and what its kernels were chosen by."""
    return {
        "level": level_name(plan.target), "arena_bytes": plan.arena_bytes,
        "scratch_bytes": plan.scratch_bytes, "constant_bytes": plan.constant_bytes,
        "costs": {"table": plan.costs.origin, "sha256": plan.costs.sha256},
    }  # fmt: skip


def _origin(graph: Graph) -> dict[str, str]:
    """The sum of the file that the graph came from, or of the graph where there was none."""
    if graph.source:
        return {"sha256": _sha256(graph.source)}
    return {"graph_sha256": _sha256(to_bytes(graph))}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
