"""Input shapes as users give them: where a file leaves dimensions open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from edgeq.errors import UsageError
from edgeq.ir import Shape
from edgeq.ir.text import show

Given: TypeAlias = Mapping[str, Sequence[int]] | Sequence[int] | None
"""By input name, or the one shape of the only input."""

ONLY = ""
"""The key of the only input, whatever it is called."""

MAX_DIGITS = 9


def shapes_of_texts(texts: Iterable[str]) -> dict[str, Shape]:
    """Shapes from texts such as "x=1,3,224,224", or "1,3,224,224" for the only input.

    Raises:
        UsageError: a text is not that, or names an input twice.
    """
    shapes: dict[str, Shape] = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        parts = [part.strip() for part in sizes.split(",")]
        if not all(p.isascii() and p.isdigit() and len(p) <= MAX_DIGITS for p in parts):
            raise UsageError(f"{show(text)} is not a shape", fix="write NAME=1,3,224,224")
        if name in shapes:
            raise UsageError(f"two shapes are given for input {show(name)}")
        shapes[name] = tuple(int(p) for p in parts)
    return shapes


def by_name(given: Given, names: Sequence[str]) -> dict[str, Shape]:
    """Shapes by input name.

    Raises:
        UsageError: one without a name, for a model with several inputs or none.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        given = {ONLY: given}
    if ONLY in given and ONLY not in names:
        if len(names) != 1:
            raise UsageError("a shape is given without the name of its input",
                             why=f"the inputs are {', '.join(map(show, names)) or 'none'}",
                             fix="write NAME=1,3,224,224")  # fmt: skip
        given = {(names[0] if k == ONLY else k): v for k, v in given.items()}
    return {name: tuple(int(n) for n in shape) for name, shape in given.items()}
