"""Numbers at which fixed-point arithmetic breaks first, and exact rational definitions of it."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from edgeq.numerics.fixed_point import INT32_MAX, INT32_MIN, MULT_MAX, MULT_MIN

SHIFTS = range(1, 63)


def around(*values: int, low: int, high: int) -> list[int]:
    """Each value, its negative, and the neighbours of both, within [low, high]."""
    near = {s * v + d for v in values for s in (1, -1) for d in (-1, 0, 1)}
    return sorted(n for n in near if low <= n <= high)


ACCS = around(0, 3, 1000003, *(2**k for k in range(32)), 3 << 29, low=INT32_MIN, high=INT32_MAX)
WIDE_ACCS = around(0, 3, *(2**k for k in range(48)), 5 << 44, low=-(2**47), high=2**47 - 1)
MULTS = (0, MULT_MIN, MULT_MIN + 1, 3 << 29, 0x5A827999, MULT_MAX - 1, MULT_MAX)
WIDE_MULTS = (0, 2**14, 2**14 + 1, 0x5A82, 2**15 - 1)
EXTRAS = (0, 1, 2**24, 2**25 - 1)


def half_up(x: Fraction) -> int:
    """Nearest integer, ties toward +infinity."""
    return floor(x + Fraction(1, 2))


def half_away(x: Fraction) -> int:
    """Nearest integer, ties away from zero."""
    return half_up(x) if x >= 0 else ceil(x - Fraction(1, 2))


def double(acc: int, mult: int, shift: int) -> int:
    """Two roundings: to the high half of the doubled product, then of the right shift."""
    left, right = max(31 - shift, 0), max(shift - 31, 0)
    return half_away(Fraction(half_up(Fraction((acc << left) * mult, 2**31)), 2**right))


def single(acc: int, mult: int, shift: int) -> int:
    return half_up(Fraction(acc * mult, 2**shift))


def fine(acc: int, mult: int, word: int) -> int:
    mantissa = (mult << 25) + (word >> 6)
    return half_up(Fraction(acc * mantissa, 2 ** ((word & 63) + 25)))


def fits(value: int) -> bool:
    return INT32_MIN <= value <= INT32_MAX


def rescales(product: int, shift: int) -> bool:
    """Whether product * 2**-shift fits int32 whichever way it is rounded."""
    return fits(product >> shift) and fits((product >> shift) + 1)


Case = tuple[int, int, int]


def double_cases() -> list[Case]:
    """Every corner for which the left shift stays within int32, as the form requires."""
    return [
        (a, m, s) for a in ACCS for m in MULTS for s in SHIFTS if fits(a << max(31 - s, 0))
    ]  # fmt: skip


def single_cases() -> list[Case]:
    """Every corner whose result fits int32."""
    return [
        (a, m, s) for a in ACCS for m in MULTS for s in SHIFTS if rescales(a * m, s)
    ]  # fmt: skip


def wide_cases() -> list[Case]:
    accs = WIDE_ACCS
    return [(a, m, s) for a in accs for m in WIDE_MULTS for s in SHIFTS if rescales(a * m, s)]


def fine_cases() -> list[Case]:
    cases = single_cases()[::3]
    return [
        (a, m, s | e << 6)
        for a, m, s in cases
        for e in EXTRAS
        if rescales(a * (m + 1), s) and rescales(a * m, s)
    ]


FORMS = {
    "double": (double, double_cases),
    "single": (single, single_cases),
    "wide": (single, wide_cases),
    "fine": (fine, fine_cases),
}
"""Form -> its exact definition, and the corners at which it is defined."""
