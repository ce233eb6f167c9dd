"""Which keys a target file has, and what each value must be: one predicate per key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Check = Callable[[object], str]


def text(value: object) -> str:
    """A string that is not empty."""
    return "" if isinstance(value, str) and value else "must be a string"


def strings(value: object) -> str:
    """A list of strings, possibly empty."""
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return "" if good else "must be a list of strings"


def natural(value: object) -> str:
    """A whole number >= 0."""
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return "" if good else "must be a whole number, 0 or more"


def positive(value: object) -> str:
    """A whole number >= 1."""
    return "" if not natural(value) and value else "must be a whole number, 1 or more"


def power_of_two(value: object) -> str:
    """1, 2, 4, ... 4096."""
    good = isinstance(value, int) and not isinstance(value, bool) and value in POWERS
    return "" if good else "must be a power of two, at most 4096"


def isa_list(value: object) -> str:
    """A list of instruction sets that ends with the portable one."""
    if strings(value) or not isinstance(value, list):
        return strings(value)
    good = bool(value) and value[-1] == "ref" and len(set(value)) == len(value)
    return "" if good else 'must name each instruction set once and end with "ref"'


def memory_kind(value: object) -> str:
    """What a memory is for."""
    return "" if value in ("ram", "flash") else 'must be "ram" or "flash"'


def region_name(value: object) -> str:
    """A name that a linker script can hold."""
    good = isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value)
    return "" if good else "must be a name of letters, digits and _"


def tables(value: object) -> str:
    """One table or more, of distinct names."""
    if not isinstance(value, list) or not value:
        return "must be one [[memory]] table or more"
    names = [entry.get("name") for entry in value if isinstance(entry, dict)]
    return "" if len(set(map(str, names))) == len(value) else "must have distinct names"


def table(value: object) -> str:
    """A table."""
    return "" if isinstance(value, dict) else "must be a table"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one table."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check]

    @property
    def all(self) -> dict[str, Check]:
        return {**self.required, **self.optional}


POWERS = tuple(1 << n for n in range(13))
TARGET_KEYS = Keys(
    {"isa": isa_list, "cc": text, "cflags": strings, "align": power_of_two, "memory": tables},
    {"description": text, "firmware": table, "levels": strings},
)
MEMORY_KEYS = Keys(
    {
        "name": region_name,
        "kind": memory_kind,
        "origin": natural,
        "bytes": positive,
        "rank": natural,
    },
    {},
)
FIRMWARE_KEYS = Keys(
    {"startup": strings, "ldflags": strings, "emulator": strings, "cpu": text},
    {"linker": text, "stand_in": text, "emulated_cflags": strings},
)


def check_table(value: object, keys: Keys, prefix: str) -> list[str]:
    """Everything wrong with a table: keys missing, unknown, or with a senseless value."""
    if not isinstance(value, dict):
        return [] if not prefix else [f"{prefix.rstrip('.')} must be a table"]
    problems = [f"missing {prefix}{key}" for key in keys.required if key not in value]
    problems += [f"unknown {prefix}{key}" for key in value if key not in keys.all]
    for key, check in keys.all.items():
        reason = check(value[key]) if key in value else ""
        if reason:
            problems.append(f"{prefix}{key} {reason}")
    return problems
