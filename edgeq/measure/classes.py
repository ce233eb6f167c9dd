"""Sorts instructions into classes by what objdump prints of them.

A vector instruction counts as `vector` whatever else it does; `mac` are the scalar
multiply-accumulates (the packed ones of the DSP extension among them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

CLASSES = ("load", "store", "mac", "vector", "branch", "other")
Table = Mapping[str, re.Pattern[str]]

ARM_CONDITION = r"(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?"
ARM: Table = {
    "branch": re.compile(rf"(b|bl|bx|blx){ARM_CONDITION}|cbn?z|tb[bh]|letp|le|[dw]ls(tp)?|lctp"),
    "mac": re.compile(r"(ml[as]|smml[as]|sml[as]|umlal|umaal|vmla|vmls|vfn?m[as]).*"),
    "load": re.compile(r"(ldr|ldm|pop|vldr|vldm|vpop).*"),
    "store": re.compile(r"(str|stm|push|vstr|vstm|vpush).*"),
}
AARCH64: Table = {
    "branch": re.compile(r"b|bl|br|blr|ret|b\..*|cbn?z|tbn?z"),
    "mac": re.compile(r"madd|msub|[su]maddl|[su]msubl|fn?madd|fn?msub"),
    "load": re.compile(r"ld.*"),
    "store": re.compile(r"st.*"),
}
RISCV: Table = {
    "branch": re.compile(r"b.*|j|jal|jr|jalr|ret|call|tail"),
    "mac": re.compile(r"fn?m(add|sub)\..*"),
    "load": re.compile(r"l[bhw]u?|ld|fl[wd]|lr\..*"),
    "store": re.compile(r"s[bhwd]|fs[wd]|sc\..*"),
}
X86_BRANCH = re.compile(r"j.*|call.*|ret.*")

ARM_VECTOR_OPERAND = re.compile(r"\bq\d+\b")
ARM_DOUBLE_OPERAND = re.compile(r"\bd\d+\b")
ARM_PREDICATE = re.compile(r"v(ctp|pst|pt|pnot).*")
AARCH64_VECTOR_OPERAND = re.compile(r"\bv\d+\.|\bq\d+\b|\b[vz]\d+\b")
X86_VECTOR_OPERAND = re.compile(r"%[xyz]mm\d+")


def _of_table(table: Table, mnemonic: str) -> str:
    return next((name for name, form in table.items() if form.fullmatch(mnemonic)), "other")


def _arm(mnemonic: str, operands: str) -> str:
    base, _, suffix = mnemonic.partition(".")
    if base.startswith("v"):
        neon = ARM_DOUBLE_OPERAND.search(operands) and re.fullmatch(r"[isup]?\d+|f32", suffix)
        moves = base.startswith(("vmov", "vldr", "vstr"))
        if ARM_VECTOR_OPERAND.search(operands) or ARM_PREDICATE.fullmatch(base):
            return "vector"
        if neon and not moves:
            return "vector"
    return _of_table(ARM, base)


def _aarch64(mnemonic: str, operands: str) -> str:
    if AARCH64_VECTOR_OPERAND.search(operands):
        return "vector"
    return _of_table(AARCH64, mnemonic)


def _riscv(mnemonic: str, operands: str) -> str:
    del operands
    return "vector" if mnemonic.startswith("v") else _of_table(RISCV, mnemonic)


def _x86(mnemonic: str, operands: str) -> str:
    if X86_VECTOR_OPERAND.search(operands) or mnemonic.startswith("vzero"):
        return "vector"
    if X86_BRANCH.fullmatch(mnemonic):
        return "branch"
    if mnemonic.startswith(("push", "pop")):
        return "store" if mnemonic.startswith("push") else "load"
    if mnemonic.startswith("mov") and "(" in operands:
        return "store" if operands.split()[0].endswith(")") else "load"
    return "other"


BY_MACHINE: Mapping[str, Callable[[str, str], str]] = {
    "arm": _arm,
    "aarch64": _aarch64,
    "riscv": _riscv,
    "x86_64": _x86,
}


def classify(machine: str, mnemonic: str, operands: str) -> str:
    """The class of one disassembled instruction; `machine` is a key of BY_MACHINE."""
    return BY_MACHINE[machine](mnemonic, operands)
