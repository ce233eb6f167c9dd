"""What the build files and the self-test of a generated project say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edgeq.codegen.golden import RANDOM, SEED, golden_outputs
from edgeq.codegen.literals import c_type, initializer
from edgeq.codegen.names import c_comment
from edgeq.codegen.parallel import POOL, has_pool, parallel_files
from edgeq.codegen.view import POINTERS, PortView, kernel_path, port_views
from edgeq.ir import Graph, Tensor
from edgeq.ir.file_order import file_orders
from edgeq.plan.plan import Plan
from edgeq.quantize.preprocessing import settings_lines, settings_of_note
from edgeq.targets.target import Target, emulated, emulator_command, linker_script

# Statements of a self-test that draws no random number.
UNUSED = ("(void)next;", "(void)state;")
PREPARE = "Prepare the input on the device as the data was that the model was calibrated with:"
POOL_LINES = (
    "find_package(Threads REQUIRED)",
    "target_link_libraries({name} PUBLIC Threads::Threads)",
)
QUOTED_INCLUDE = re.compile(r'#include "([\w.]+)"')


@dataclass(frozen=True, slots=True)
class Golden:
    """Expected outputs of one port for every vector."""

    type: str
    name: str
    count: int
    values: str
    comment: str


@dataclass(frozen=True, slots=True)
class TestPort:
    """An input that the self-test fills, or an output that it compares."""

    member: str
    index: int
    count: int
    random: str
    golden: str
    itemsize: int
    bytes: int


def selftest_view(plan: Plan, name: str) -> dict[str, object]:
    """What selftest.c.j2 substitutes beside `model_view`."""
    vectors, outputs = golden_outputs(plan)
    pointers = plan.io == POINTERS
    ports = port_views(plan, name)
    goldens = [
        Golden(c_type(v.dtype), f"golden{i}", v.size // vectors, initializer(v), c_comment(name))
        for i, (name, v) in enumerate(outputs.items())
    ]
    return {
        "vectors": vectors, "goldens": goldens, "seed": SEED,
        "buffers": ports if pointers else [],
        "setup": [*_setup(name, ports, pointers=pointers), *_pool_setup(plan),
                  *([] if plan.inputs else UNUSED)],
        "run_arguments": _run_arguments(plan), "pool_headers": POOL[:1] if has_pool(plan) else (),
        "inputs": [_test_port(p.tensor, "input", i) for i, p in enumerate(plan.inputs)],
        "outputs": [_test_port(p.tensor, "output", i) for i, p in enumerate(plan.outputs)],
    }  # fmt: skip


def _setup(name: str, ports: list[PortView], *, pointers: bool) -> list[str]:
    if pointers:
        return [f"const {name}_io io = {{ {', '.join(p.member for p in ports)} }};"]
    return [
        f"{p.type if p.qualifier else 'const ' + p.type} *{p.member} = {p.function}(arena);"
        for p in ports
    ]


def _pool_setup(plan: Plan) -> list[str]:
    """A pool to run on, where the project has one."""
    return [f"eq_threads *pool = eq_threads_start({plan.threads});"] if has_pool(plan) else []


def _run_arguments(plan: Plan) -> str:
    """What a caller passes to NAME_run."""
    arguments = "arena, &io" if plan.io == POINTERS else "arena"
    if plan.threads == 1:
        return arguments
    return f"{arguments}, {'eq_threads_parallel(pool)' if has_pool(plan) else '0'}"


def _test_port(tensor: Tensor, kind: str, index: int) -> TestPort:
    itemsize = tensor.dtype.numpy.itemsize
    return TestPort(
        f"{kind}{index}", index, tensor.size, RANDOM.get(tensor.dtype, "0"), f"golden{index}",
        itemsize, tensor.nbytes,
    )  # fmt: skip


def project_view(plan: Plan, name: str) -> dict[str, object]:
    """What the build files substitute beside `model_view`."""
    target = emulated(plan.target)  # the self-test runs on the stand-in's board
    cross = target.firmware is not None and bool(target.firmware.emulator)
    command = [*emulator_command(target), f"$<TARGET_FILE:{name}_selftest>"] if cross else []
    compiler, cflags = _compiler(target)
    startup = target.firmware.startup if cross and target.firmware else ()
    return {
        "kernel_files": [kernel_path(k, f) for k, f in plan.used_kernels()]
                        + [name for name in parallel_files(plan) if name.endswith(".c")],
        "cflags": " ".join(cflags),
        "board_sources": "".join(f" board/{path.name}" for path in startup),
        "selftest_lines": _selftest_lines(target, name) if cross else [],
        "library_lines": [x.format(name=name) for x in POOL_LINES] if has_pool(plan) else [],
        "test_command": " ".join(command) or f"{name}_selftest",
        "toolchain_hint": "-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake " if cross else "",
        "system": "Generic" if target.is_board else "Linux",
        "processor": c_comment(target.firmware.cpu) if target.firmware else "",
        "cc": " ".join(compiler), "usage": _usage(plan, name),
        "preparation": _preparation(plan.graph), "choice": _choice(plan),
    }  # fmt: skip


def _compiler(target: Target) -> tuple[list[str], list[str]]:
    """The compiler's command, of which the first flags may be a part (`zig cc`), and its flags."""
    flags = list(target.cflags)
    words = [target.cc]
    while flags and not flags[0].startswith("-"):
        words.append(flags.pop(0))
    return words, flags


def _selftest_lines(target: Target, name: str) -> list[str]:
    script = ["-T", "${CMAKE_CURRENT_SOURCE_DIR}/board/linker.ld"] if target.is_board else []
    ldflags = target.firmware.ldflags if target.firmware else ()
    flags = _compiler(target)[1]
    link = " ".join([*flags, *ldflags, *script])
    return [
        f"target_compile_definitions({name}_selftest PRIVATE EQ_PROBE)",
        f"target_include_directories({name}_selftest PRIVATE board)",
        f"target_compile_options({name}_selftest PRIVATE {' '.join(flags)})",
        f"target_link_options({name}_selftest PRIVATE {link})",
    ]


def _preparation(graph: Graph) -> list[str]:
    """How inputs lie, and how the data was prepared that calibrated the model, in Markdown."""
    orders = {n: o for n, o in file_orders(graph).items() if n in graph.inputs}
    lines = [f"Dimensions of `{c_comment(name)}` are those of the model's file in the order "
             f"{', '.join(map(str, order))}." for name, order in orders.items()]  # fmt: skip
    lines += [""] * bool(lines)
    if (settings := settings_of_note(graph.notes)) is not None:
        lines += [PREPARE, "", *(f"- {line}" for line in settings_lines(settings)), ""]
    return lines


def _choice(plan: Plan) -> list[str]:
    """By which measured costs the kernels were chosen, in Markdown."""
    if not plan.costs.origin:
        return []
    return [f"Kernels were chosen by measured costs: {plan.costs.origin}, SHA-256",
            f"`{plan.costs.sha256}`.", ""]  # fmt: skip


def _usage(plan: Plan, name: str) -> str:
    """A C file that runs the model once."""
    macro, ports, pointers = name.upper(), port_views(plan, name), plan.io == POINTERS
    buffers = [f"static {p.type} {p.member}[{p.macro}_SIZE];" for p in ports if pointers]
    body = [*_setup(name, ports, pointers=pointers), "/* fill the inputs */"]
    body += [*_pool_setup(plan), f"{name}_run({_run_arguments(plan)});", "/* read the outputs */"]
    return "\n".join([
        f'#include "{name}.h"', "",
        f"static _Alignas({macro}_ARENA_ALIGN) uint8_t arena[{macro}_ARENA_BYTES];",
        f"{macro}_CHECK_ARENA(arena);", *buffers, "",
        "void infer(void)", "{", *(f"    {line}" for line in body), "}",
    ])  # fmt: skip


def board_files(target: Target) -> dict[str, str]:
    """Start-up code, its headers and the linker script that the self-test needs to run."""
    target = emulated(target)
    firmware = target.firmware
    if firmware is None or not firmware.emulator:
        return {}
    files: dict[str, str] = {}
    waiting: list[Path] = list(firmware.startup)
    while waiting:
        path = waiting.pop()
        files[f"board/{path.name}"] = text = path.read_text(encoding="utf-8")
        headers = (path.parent / h for h in QUOTED_INCLUDE.findall(text))
        waiting += [h for h in headers if h.exists() and f"board/{h.name}" not in files]
    if target.is_board:
        files["board/linker.ld"] = linker_script(target)
    return files
