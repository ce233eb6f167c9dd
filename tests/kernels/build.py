"""Compiles kernels for the tests: one translation unit per kernel, with all its rounding forms.

So every build also shows that a unit may hold the same file once per form.  Results are kept
by content for the session and shared by its worker processes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest

from edgeq.build.cc import link_program
from edgeq.errors import ToolError
from edgeq.kernels.catalog import Kernel
from edgeq.targets import load_target
from tests.kernels.ahead import (
    RUNNER,
    RUNNER_FILES,
    BuildError,
    compile_c,
    runner,
    with_intrinsics,
)
from tests.kernels.trial import forms_of
from tests.precompiled import key_of

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow",
            "-Wmissing-prototypes", "-Werror")  # fmt: skip
# Clang's is the quickest build with sanitizers, and its own check every pointer given to memcpy.
CLANG = "clang-19"
QUICKLY = ("-O0", "-g1", "-mllvm", "-asan-instrumentation-with-call-threshold=0")


def need(tool: str) -> str:
    """The path of `tool`; without it the test is skipped, or in CI has failed."""
    found = shutil.which(tool)
    if found is None:
        _lacks(tool)
    return found or tool


def need_sanitizers() -> None:
    """The same of Clang's sanitizers, which Debian has in a package of their own."""
    if not _has_sanitizers(need(CLANG)):
        _lacks(f"{CLANG}'s libclang_rt.asan")


@cache
def _has_sanitizers(clang: str) -> bool:
    said = subprocess.run(
        [clang, "-print-resource-dir"], capture_output=True, text=True, check=True
    )
    return any(Path(said.stdout.strip(), "lib").rglob("libclang_rt.asan*"))


def _lacks(what: str) -> None:
    lack = pytest.fail if os.environ.get("CI") else pytest.skip
    lack(f"{what} is not installed")


def include_folder(kernel: Kernel) -> Path:
    """The headers beside the kernel's own folder, which may be a copy."""
    return kernel.path.parents[1] / "include"


@cache
def headers(folder: Path) -> bytes:
    """What is in all headers of a folder, which no test changes; short."""
    return key_of(*(path.read_bytes() for path in sorted(folder.rglob("*.h")))).encode()


def unit(kernel: Kernel) -> str:
    """A translation unit that includes the kernel once per rounding form."""
    if not kernel.contract.forms:
        return f'#include "{kernel.path}"\n'
    parts = (
        f'#define EQ_FORM {form}\n#include "{kernel.path}"\n#undef EQ_FORM\n'
        for form in kernel.contract.forms
    )
    return "\n".join(parts)


def calls(kernel: Kernel) -> str:
    """`eq_test_call(which, pointers)`: a call of the kernel in its form number `which`."""
    names = [f"a[{i}]" for i in range(len(kernel.contract.parameters))]
    cases = (
        f"    if (which == {i})\n        {kernel.symbol(form)}({', '.join(names)});\n"
        for i, form in enumerate(forms_of(kernel))
    )
    head = "void eq_test_call(int32_t which, void *const *a)"
    return f"{head};\n{head}\n{{\n{''.join(cases)}}}\n"


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds into `folder`, which worker processes may share."""

    folder: Path

    def library(self, kernel: Kernel) -> Path:
        """A shared library of the kernel in all forms, for this machine."""
        return self._build(kernel, unit(kernel), ["-O2", "-fPIC"], run=False)

    def sanitized(self, kernel: Kernel) -> Path:
        """A program that runs recorded calls under the address and UB sanitizers."""
        need_sanitizers()
        flags = [*QUICKLY, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        by_clang = replace(kernel, isa=replace(kernel.isa, cc=CLANG))
        return self._build(by_clang, unit(kernel) + calls(kernel), flags, run=True)

    def program(self, kernel: Kernel) -> Path:
        """A program that runs recorded calls between fences, for the kernel's own ISA."""
        text = unit(kernel) + calls(kernel)
        if kernel.isa.target:
            return self._firmware(kernel, text)
        static = ["-static"] if kernel.isa.emulator else []
        flags = [*kernel.isa.emulated_cflags, *static, "-O2", "-DEQ_TEST_FENCE"]
        return self._build(kernel, text, flags, run=True)

    def _build(self, kernel: Kernel, text: str, flags: Sequence[str], *, run: bool) -> Path:
        """A program that runs recorded calls, or a shared library."""
        isa = () if kernel.isa.emulated_cflags and "-static" in flags else kernel.isa.cflags
        command = [need(kernel.isa.cc), "-std=c11", *WARNINGS, *isa, *flags]

        def make(source: Path, partial: Path) -> None:
            given = with_intrinsics(kernel, command, self.folder)
            rest = [str(runner(command, self.folder))] if run else ["-shared"]
            compile_c([*command, f"-I{include_folder(kernel)}", *given, str(source), *rest,
                       "-o", str(partial)])  # fmt: skip

        return self._made(kernel, text, f"{' '.join(command)} {run}", make)

    def _firmware(self, kernel: Kernel, text: str) -> Path:
        need(kernel.isa.cc)
        flags = [*WARNINGS, "-DEQ_TEST_BOARD"]

        def make(source: Path, partial: Path) -> None:
            try:
                link_program([source, RUNNER], partial, load_target(kernel.isa.target),
                             include=[include_folder(kernel)], extra=flags)  # fmt: skip
            except ToolError as error:
                raise BuildError(str(error)) from error

        return self._made(kernel, text, f"{kernel.isa.target} {' '.join(flags)}", make)

    def _made(
        self, kernel: Kernel, text: str, how: str, make: Callable[[Path, Path], None]
    ) -> Path:
        """What `make` (source, result) gives, unless it is there already."""
        read = [p.read_bytes() for p in (kernel.path, *RUNNER_FILES)]
        key = key_of(text.encode(), how.encode(), headers(include_folder(kernel)), *read)
        result = self.folder / f"{kernel.base_symbol}-{key}"
        if not result.exists():
            source = self.folder / f"{kernel.base_symbol}-{key}-{os.getpid()}.c"
            source.write_text(text, encoding="utf-8")
            partial = source.with_suffix("")
            make(source, partial)
            partial.replace(result)
        return result
