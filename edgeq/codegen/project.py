"""What the build files and the self-test of a generated project say."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from edgeq.codegen.golden import RANDOM, SEED, golden_outputs
from edgeq.codegen.levels import level_idents, own_flags, shared_constants
from edgeq.codegen.literals import c_type, initializer
from edgeq.codegen.names import c_comment
from edgeq.codegen.parallel import POOL, has_pool, parallel_files
from edgeq.codegen.view import KEPT, POINTERS, PortView, kernel_path, port_views
from edgeq.ir import Graph, Tensor
from edgeq.ir.file_order import file_orders
from edgeq.plan.plan import Plan
from edgeq.quantize.preprocessing import settings_lines, settings_of_note
from edgeq.targets.levels import level_name
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
        "setup": [*_setup(name, ports, pointers=pointers, entry=bool(plan.levels)),
                  *_pool_setup(plan), *([] if plan.inputs else UNUSED)],
        "run_arguments": _run_arguments(plan), **_selftest_levels(plan, name),
        "inputs": [_test_port(p.tensor, "input", i) for i, p in enumerate(plan.inputs)],
        "outputs": [_test_port(p.tensor, "output", i) for i, p in enumerate(plan.outputs)],
    }  # fmt: skip


def _selftest_levels(plan: Plan, name: str) -> dict[str, object]:
    """The self-test's function: of the model, or of one level, with another for all levels."""
    headers = [
        *(POOL[:1] if has_pool(plan) else ()),
        *([f"{name}_select.h"] if plan.levels else []),
    ]
    head, passed = f"int {name}_selftest(void)", 'EQ_PRINT("PASS\\n");'
    if not plan.levels:
        return {"more_headers": headers, "function_head": [head], "each_level": [],
                "function_end": [*_pool_end(plan), passed], "run": f"{name}_run"}  # fmt: skip
    calls = [
        head, "{", f"    for (int32_t i = 0; i < {name.upper()}_LEVELS; ++i) {{",
        f"        const {name}_entry *entry = {name}_level(i);",
        "        if (entry != 0 && run_level(entry) != 0)", "            return 1;", "    }",
        f"    {passed}", "    return 0;", "}", "",
    ]  # fmt: skip
    return {
        "more_headers": headers, "run": "entry->run", "each_level": calls,
        "function_head": ["/* One level; its name is printed first. */",
                          f"static int run_level(const {name}_entry *entry)"],
        "function_end": [*_pool_end(plan), "EQ_PRINT(entry->level);",
                         'EQ_PRINT(": the expected bytes\\n");'],
    }  # fmt: skip


def _setup(name: str, ports: list[PortView], *, pointers: bool, entry: bool = False) -> list[str]:
    if pointers:
        return [f"const {name}_io io = {{ {', '.join(p.member for p in ports)} }};"]
    calls = [f"{name}_entry_{p.member}(entry, arena)" if entry else f"{p.function}(arena)"
             for p in ports]  # fmt: skip
    return [f"{p.type if p.qualifier else 'const ' + p.type} *{p.member} = {call};"
            for p, call in zip(ports, calls, strict=True)]  # fmt: skip


def _pool_setup(plan: Plan) -> list[str]:
    """A pool to run on, where the project has one."""
    return [f"eq_threads *pool = eq_threads_start({plan.threads});"] if has_pool(plan) else []


def _pool_end(plan: Plan) -> list[str]:
    """The end of that pool."""
    return ["eq_threads_stop(pool);"] if has_pool(plan) else []


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
        "kernel_files": [*_level_files(plan, name),
                         *(kernel_path(k, f) for k, f in plan.used_kernels()),
                         *(path for path in parallel_files(plan) if path.endswith(".c"))],
        "file_lines": [f'set_source_files_properties({path} PROPERTIES COMPILE_OPTIONS '
                       f'"{";".join(flags)}")' for path, flags in own_flags(plan).items()],
        "cflags": " ".join(cflags),
        "board_sources": "".join(f" board/{path.name}" for path in startup),
        "selftest_lines": _selftest_lines(target, name) if cross else [],
        "library_lines": [x.format(name=name) for x in POOL_LINES] if has_pool(plan) else [],
        "test_command": " ".join(command) or f"{name}_selftest",
        "toolchain_hint": "-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake " if cross else "",
        "system": "Generic" if target.is_board else "Linux",
        "processor": c_comment(target.firmware.cpu) if target.firmware else "",
        "cc": " ".join(compiler), "by_hand": _by_hand(plan, name, " ".join([*compiler, *cflags])),
        "usage": _usage(plan, name),
        "constant_bytes": plan.constant_bytes, "level_lines": _level_lines(plan),
        "ports": [_of_any_level(plan, name, port) for port in port_views(plan, name)],
        "preparation": _preparation(plan.graph), "choice": _choice(plan),
    }  # fmt: skip


def _level_files(plan: Plan, name: str) -> list[str]:
    """The C files of levels beside NAME.c."""
    if not plan.levels:
        return []
    shared = [f"{name}_shared.c"] if shared_constants(plan, name) else []
    return [*(f"{ident}.c" for ident, _ in level_idents(plan, name)), *shared, f"{name}_select.c"]


def _level_lines(plan: Plan) -> list[str]:
    """The budget of each level, in Markdown."""
    if not plan.levels:
        return []
    head = [
        "| level | arena | of it scratch | constants | kernels by |",
        "| --- | --- | --- | --- | --- |",
    ]
    rows = [f"| {level_name(p.target)} | {p.arena_bytes} | {p.scratch_bytes} | "
            f"{p.constant_bytes} | {p.costs.label or 'order'} |" for p in plan.levels]  # fmt: skip
    return [*head, *rows, ""]


def _of_any_level(plan: Plan, name: str, port: PortView) -> PortView:
    """An input or output as it is reached in every level."""
    if not plan.levels or plan.io == POINTERS:
        return port
    notes = {p.member: p.note for level in plan.levels for p in port_views(level, name)
             if p.member == port.member and p.note != KEPT}  # fmt: skip
    return replace(port, label=f"{name}_entry_{port.member}(entry, arena)",
                   note=notes.get(port.member, port.note))  # fmt: skip


def _by_hand(plan: Plan, name: str, command: str) -> list[str]:
    """How the sources are compiled without CMake, in Markdown."""
    more = [*_level_files(plan, name), *(f for f in parallel_files(plan) if f.endswith(".c"))]
    files = " ".join([f"{name}.c", *more])
    link = "; link with `-pthread`" if has_pool(plan) else ""
    if not plan.levels:
        return [f"By hand: `{command} -I. -Iinclude -c {files} kernels/*.c`{link}."]
    flags = dict.fromkeys((k.isa.name, " ".join(k.isa.cflags)) for k, _ in plan.used_kernels())
    return [
        f"By hand, the kernels of each level with flags of their own{link}:", "", "```",
        f"{command} -I. -Iinclude -c {files}",
        *(f"{command} {own}{' ' * bool(own)}-I. -Iinclude -c kernels/*__{isa}*.c"
          for isa, own in flags),
        "```", "",
    ]  # fmt: skip


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
    entry = [f"const {name}_entry *entry = {name}_select(); /* keep it */"] if plan.levels else []
    run = "entry->run" if plan.levels else f"{name}_run"
    buffers = [f"static {p.type} {p.member}[{p.macro}_SIZE];" for p in ports if pointers]
    body = [*entry, *_setup(name, ports, pointers=pointers, entry=bool(entry))]
    body += ["/* fill the inputs */", f"{run}({_run_arguments(plan)});", "/* read the outputs */"]
    pool = [f"static eq_threads *pool; /* once: pool = eq_threads_start({plan.threads}) */"]
    headers = [f"{name}{'_select' if entry else ''}.h", *(POOL[:1] if has_pool(plan) else [])]
    return "\n".join([
        *(f'#include "{header}"' for header in headers), "",
        f"static _Alignas({macro}_ARENA_ALIGN) uint8_t arena[{macro}_ARENA_BYTES];",
        f"{macro}_CHECK_ARENA(arena);", *buffers, *(pool if has_pool(plan) else []), "",
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
