"""The language of directives: integers and names, and nothing that Python could do."""

from __future__ import annotations

import pytest

from edgeq.errors import KernelError
from edgeq.kernels.expr import UnknownNameError, evaluate

VALUES = {"a": 7, "b": 3, "zero": 0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4 * a + b", 31),
        ("a / b", 2),
        ("a // b", 2),
        ("-a / b", -3),
        ("a % b == 1", 1),
        ("a << b", 56),
        ("1 < b < a", 1),
        ("1 < a < b", 0),
        ("a > 1 and zero", 0),
        ("zero or b >= 3", 1),
        ("not zero", 1),
        ("a != b and a <= 7", 1),
        ("max(a, b, 9) - min(a, b)", 6),
        ("(a + 15) / 16 * 16", 16),
    ],
)
def test_value(text: str, value: int) -> None:
    assert evaluate(text, VALUES) == value


def test_an_unknown_name_is_said_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="known: a, b, zero"):
        evaluate("a + in_dim", VALUES)


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "a.real", "a[0]", "1.5", "'x'", "lambda: 1", "a if b else 1", "a ** b",
     "f(a)", "max(*a)", "(a := 1)", "a +", "a in b", "~a", "a / zero", "1 << -a"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(KernelError):
        evaluate(text, VALUES)
