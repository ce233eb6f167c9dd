"""A fat target: code for several levels of a machine in one library; the program takes one.

Its file lists other targets as `levels`, best first; it is itself the last, which every machine of
its kind runs.  What a level asks of a CPU are the `cpuinfo` flags of its instruction sets, which
generated code finds out by CPUID.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeq.errors import TargetError
from edgeq.kernels.isa import isas
from edgeq.targets.target import Target, own_target

AVX, AVX512 = 0x6, 0xE6


@dataclass(frozen=True, slots=True)
class Feature:
    """Where CPUID tells that a CPU has something, and what the system must save for it (XCR0).

    register   0 to 3 for eax, ebx, ecx, edx
    """

    leaf: int
    subleaf: int
    register: int
    bit: int
    state: int = AVX


# By the names that Linux gives them in /proc/cpuinfo.  Source: Intel 64 and IA-32 Architectures
# Software Developer's Manual, volume 2A, CPUID, and volume 1, 13.3 (XCR0).
FEATURES = {
    "avx2": Feature(7, 0, 1, 5),
    "fma": Feature(1, 0, 2, 12),
    "avx_vnni": Feature(7, 1, 0, 4),
    "avx_vnni_int8": Feature(7, 1, 3, 4),
    "avx512f": Feature(7, 0, 1, 16, AVX512),
    "avx512dq": Feature(7, 0, 1, 17, AVX512),
    "avx512bw": Feature(7, 0, 1, 30, AVX512),
    "avx512vl": Feature(7, 0, 1, 31, AVX512),
    "avx512_vbmi": Feature(7, 0, 2, 1, AVX512),
    "avx512_vnni": Feature(7, 0, 2, 11, AVX512),
}


def levels_of(target: Target) -> tuple[Target, ...]:
    """The levels of a fat target, best first, itself without levels as the last; () of others.

    Each has the compiler, flags and memories of `target` and instruction sets of its own: the name
    of a level is that of its best set.

    Raises:
        TargetError: a level that is unknown, fat itself, or cannot be told from others.
    """
    if not target.levels:
        return ()
    found = [_level(target, own_target(name)) for name in target.levels]
    found.append(replace(target, levels=()))
    names = [level_name(level) for level in found]
    if len(set(names)) < len(names):
        raise TargetError(f"has two levels of one name: {', '.join(names)}", where=target.name)
    return tuple(found)


def level_name(level: Target) -> str:
    """What a level is called in generated code: its best instruction set."""
    return level.isa[0]


def features_of(level: Target) -> tuple[Feature, ...]:
    """What a CPU must have for a level."""
    flags = dict.fromkeys(flag for name in level.isa for flag in isas()[name].cpuinfo)
    return tuple(FEATURES[flag] for flag in flags)


def _level(target: Target, other: Target) -> Target:
    """`other` as a level of `target`."""
    unknown = [f for name in other.isa for f in isas()[name].cpuinfo if f not in FEATURES]
    if other.levels or other.is_board or other.align != target.align or unknown:
        raise TargetError(
            f"{other.name} cannot be one of its levels", where=target.name,
            why=f"no place in CPUID is known of {', '.join(unknown)}" if unknown
            else "it has levels itself, is a board, or has another alignment",
            fix="see edgeq/targets/levels.py",
        )  # fmt: skip
    return replace(target, name=f"{target.name}, level {level_name(other)}", isa=other.isa,
                   levels=())  # fmt: skip
