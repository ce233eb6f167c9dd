"""The tester sees faults: each one here is planted in a copy of the kernels and must be reported.

A fault that slips through shows that the cases, or the machinery, are not ugly enough.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from edgeq.kernels.catalog import Kernel, catalog, read_kernel
from edgeq.kernels.contract import includes
from edgeq.resources import data_root
from tests.kernels.rig import Rig
from tests.precompiled import key_of

KERNELS = data_root() / "kernels"
QUICK_FAULTS = 4  # of each instruction set that an emulator runs


@dataclass(frozen=True, slots=True)
class Fault:
    """See faults.toml."""

    name: str
    kernel: str
    file: str
    old: str
    new: str
    says: str
    sanitizer: bool = False
    slow: bool = False


def listed() -> Iterator[Any]:
    """All faults; beyond the first few of an instruction set they are marked slow."""
    seen: Counter[str] = Counter()
    isa_of = {kernel.base_symbol: kernel.isa.name for kernel in catalog()}
    with Path(__file__).with_name("faults.toml").open("rb") as file:
        for entry in tomllib.load(file)["fault"]:
            fault = Fault(**entry)
            isa = isa_of[fault.kernel]
            seen[isa] += not fault.slow
            late = isa != "ref" and seen[isa] > QUICK_FAULTS
            marks = [pytest.mark.slow] if fault.slow or late else []
            yield pytest.param(fault, id=f"{fault.kernel}: {fault.name}", marks=marks)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of copies of kernels/, each with a fault."""
    return tmp_path_factory.mktemp("copies")


def plant(fault: Fault, copies: Path) -> Kernel:
    """The kernel in a copy of kernels/ that holds the fault; the copy of its kind is made once."""
    copy = copies / key_of(*(s.encode() for s in (fault.file, fault.old, fault.new))) / "kernels"
    faulty = copy / fault.file
    if not copy.exists():
        text = (KERNELS / fault.file).read_text(encoding="utf-8")
        assert fault.old in text, f"{fault.file} has changed: there is no place for the fault"
        copy.parent.mkdir()
        link_around(Path(fault.file).parts, KERNELS, copy)
        faulty.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    kernel = next(k for k in catalog() if k.base_symbol == fault.kernel)
    path = copy / kernel.path.relative_to(KERNELS)
    if path == faulty:  # its directives may have changed
        return read_kernel(path, kernel.isa, {kernel.contract.name: kernel.contract})
    return replace(kernel, path=path)


def link_around(way: Sequence[str], real: Path, copy: Path) -> None:
    """Make folder `copy` with links to all that is in `real`, but for folders on the `way`."""
    copy.mkdir()
    for path in real.iterdir():
        if path.name != way[0]:
            (copy / path.name).symlink_to(path)
    if len(way) > 1:
        link_around(way[1:], real / way[0], copy / way[0])


def first_report(kernel: Kernel, look: Callable[[Kernel], str]) -> str:
    """What `look` says of one rounding form after another: most faults show in the first."""
    forms: list[tuple[str, ...]] = [(form,) for form in kernel.contract.forms] or [()]
    alone = (replace(kernel, contract=replace(kernel.contract, forms=f)) for f in forms)
    return next(filter(None, map(look, alone)), "")


@pytest.mark.parametrize("fault", list(listed()))
def test_is_reported(fault: Fault, rig: Rig, copies: Path) -> None:
    report = first_report(plant(fault, copies), rig.misdeed if fault.sanitizer else rig.difference)
    assert report, "the fault was not seen"
    assert re.search(fault.says, report), report


def users(call: str) -> list[Kernel]:
    """The portable kernels that make a `call`, themselves or through a header of theirs."""
    return [
        kernel
        for kernel in catalog()
        if kernel.isa.name == "ref"
        and any(re.search(call, path.read_text(encoding="utf-8")) for path in sources(kernel))
    ]


def sources(kernel: Kernel) -> list[Path]:
    return [kernel.path, *(p for p in includes(kernel.path) if p.name != "fixed_point.h")]


def plant_in_header(kernel: Kernel, code: str, copies: Path) -> Kernel:
    """The kernel in a copy of kernels/ whose fixed_point.h ends with `code`."""
    end = "\n#endif\n"
    fault = Fault("", kernel.base_symbol, "include/edgeq/fixed_point.h", end, code + end, "")
    return plant(fault, copies)


CLAMP = """
static inline int32_t eq_faulty_clamp(int32_t x, int32_t lo, int32_t hi)
{
    const int32_t right = eq_clamp(x, lo, hi);
    return right == BOUND ? BY : right;
}
#define eq_clamp eq_faulty_clamp
"""
BOUNDS = {"low": ("lo", "lo + (lo < hi)"), "high": ("hi", "hi - (lo < hi)")}


@pytest.mark.parametrize("kernel", users(r"\beq_clamp\("), ids=attrgetter("base_symbol"))
@pytest.mark.parametrize("end", BOUNDS)
def test_every_clamp_is_reached_at_both_ends(
    kernel: Kernel, end: str, rig: Rig, copies: Path
) -> None:
    bound, by = BOUNDS[end]
    faulty = plant_in_header(kernel, CLAMP.replace("BOUND", bound).replace("BY", by), copies)
    assert first_report(faulty, rig.difference), f"no case reaches the {end} end"


TIE = """
static inline int32_t eq_at_tie(int64_t acc, int32_t mult, int32_t shift)
{
    const int64_t product = acc * mult, unit = (int64_t)1 << (shift & 63);
    return (product & (unit - 1)) == unit / 2;
}
#undef eq_requantize
#undef eq_requantize64
#define eq_requantize(a, m, s) (EQ_SYM(eq_requantize)(a, m, s) + eq_at_tie(a, m, s))
#define eq_requantize64(a, m, s) (EQ_SYM(eq_requantize64)(a, m, s) + eq_at_tie(a, m, s))
"""
RESCALED = [
    pytest.param(kernel, form, id=kernel.symbol(form))
    for kernel in users(r"\beq_requantize(64)?\(")
    for form in kernel.contract.forms
    if form != "fine"  # its mantissa of 56 bits has no ties
]


@pytest.mark.parametrize(("kernel", "form"), RESCALED)
def test_every_rescale_meets_a_tie(kernel: Kernel, form: str, rig: Rig, copies: Path) -> None:
    faulty = plant_in_header(kernel, TIE, copies)
    alone = replace(faulty, contract=replace(faulty.contract, forms=(form,)))
    assert rig.difference(alone), "no case has a tie"
