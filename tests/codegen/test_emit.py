"""Generated text depends on the plan alone, and is reviewed as text."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeq.codegen import emit
from edgeq.codegen.folder import MANIFEST
from edgeq.codegen.golden import RANDOM, Generator, random_values
from edgeq.errors import UsageError
from edgeq.ir import DType, Tensor
from edgeq.ir.store import to_bytes
from edgeq.kernels.catalog import catalog
from tests.codegen.project import plan_of, run_well
from tests.graphs import GRAPHS, dense, tiny
from tests.tools import need_tool

ROOT = Path(__file__).parents[2]
DIGEST = """
import hashlib, sys
from tests.codegen.project import plan_of
from tests.graphs import GRAPHS
from edgeq.codegen import emit
for name, graph in GRAPHS.items():
    for path, text in emit(plan_of(graph(), "cortex-m4")).items():
        print(name, path, hashlib.sha256(text.encode()).hexdigest())
"""


def digests(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", DIGEST]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_processes_write_the_same_bytes() -> None:
    first, second = digests("1"), digests("2")
    assert first == second
    assert len(first.splitlines()) > 4 * len(GRAPHS)


@pytest.mark.parametrize("name", GRAPHS)
def test_writing_twice_gives_the_same_bytes(name: str) -> None:
    plan = plan_of(GRAPHS[name]())
    assert emit(plan) == emit(plan) == emit(plan_of(GRAPHS[name]()))


@pytest.mark.parametrize("io", ["arena", "pointers"])
def test_a_tiny_model_as_text(io: str, golden: Callable[[str, str], None]) -> None:
    files = emit(plan_of(tiny(), "cortex-m4", io))
    for name in ("tiny.h", "tiny.c", "tiny_selftest.c", "CMakeLists.txt", "README.md"):
        golden(f"{io}/{name}", files[name])


@pytest.mark.parametrize("name", GRAPHS)
def test_no_date_path_or_host_is_written(name: str) -> None:
    text = "\n".join(emit(plan_of(GRAPHS[name]())).values())
    assert str(ROOT) not in text
    assert os.uname().nodename not in text.split()
    assert not re.search(r"\b20[2-9]\d-\d\d-\d\d\b", text)


def test_the_manifest_says_what_was_made_of_what() -> None:
    plan = plan_of(dense())
    files = emit(plan)
    record = json.loads(files[MANIFEST])
    assert record["model"]["sha256"] == hashlib.sha256(b"bytes of a file").hexdigest()
    assert record["options"] == {
        "name": "dense", "package": "cmake", "target": "x86-64-portable", "numerics": "tflm",
        "io": "arena", "optimize": "speed", "threads": 1,
    }  # fmt: skip
    assert record["files"] == {
        path: hashlib.sha256(text.encode()).hexdigest()
        for path, text in files.items()
        if path != MANIFEST
    }
    assert record["arena_bytes"] == plan.arena_bytes
    assert record["kernels"] == ["eq_fc_s8__ref_double"]


def test_the_manifest_of_a_graph_without_a_file_tells_the_graph() -> None:
    made, other = replace(dense(), source=b""), replace(dense(seed=1), source=b"")
    origins = [json.loads(emit(plan_of(g))[MANIFEST])["model"] for g in (made, made, other)]
    assert origins[0] == {
        "name": "dense",
        "graph_sha256": hashlib.sha256(to_bytes(made)).hexdigest(),
    }
    assert origins[0] == origins[1] != origins[2]


@pytest.mark.parametrize("name", GRAPHS)
def test_only_used_kernels_and_headers_are_there(name: str) -> None:
    plan = plan_of(GRAPHS[name]())
    files = emit(plan)
    kernels = {p for p in files if p.startswith("kernels/")}
    assert kernels == {f"kernels/{k.symbol(form)}.c" for k, form in plan.used_kernels()}
    text = "\n".join(text for path, text in files.items() if path.endswith((".c", ".h")))
    included = set(re.findall(r'#include "(edgeq/[^"]+)"', text))
    assert {p for p in files if p.startswith("include/")} == {f"include/{h}" for h in included}


def test_a_project_without_a_selftest_has_the_same_model() -> None:
    plan = plan_of(dense())
    full, bare = emit(plan), emit(plan, selftest=False)
    assert set(full) - set(bare) == {"dense_selftest.c"}
    assert full["dense.c"] == bare["dense.c"]


def test_there_is_no_other_package_kind() -> None:
    with pytest.raises(UsageError, match="choose from cmake"):
        emit(plan_of(dense()), package="arduino")


def test_every_kernel_is_one_that_exists() -> None:
    paths = {k.path for k in catalog()}
    plan = plan_of(GRAPHS["image"]())
    assert {k.path for k, _ in plan.used_kernels()} <= paths


@pytest.mark.parametrize("dtype", sorted(RANDOM))
def test_python_and_c_make_the_same_random_inputs(dtype: DType, tmp_path: Path) -> None:
    need_tool("gcc")
    tensor, generator = Tensor("x", (300,), dtype), Generator()
    want = [random_values(tensor, generator) for _ in range(2)]
    ctype = {"float32": "float", "bool": "uint8_t"}.get(dtype, f"{dtype}_t")
    (tmp_path / "main.c").write_text(
        f"""#include <stdint.h>
#include <stdio.h>
static uint32_t next(uint32_t *state)
{{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}}
int main(void)
{{
    uint32_t state = 1u;
    for (int i = 0; i < 600; ++i) {{
        const {ctype} x = {RANDOM[dtype]};
        fwrite(&x, sizeof x, 1, stdout);
    }}
    return 0;
}}
""",
        encoding="ascii",
    )
    run_well(["gcc", "-std=c11", "-Wall", "-Wconversion", "-Werror", "main.c", "-o", "m"], tmp_path)
    out = subprocess.run([str(tmp_path / "m")], capture_output=True, check=True).stdout
    assert out == np.concatenate(want).tobytes()
