"""Turns names that came from a model, which is untrusted, into C identifiers and comments."""

from __future__ import annotations

import re

LONGEST_NAME = 40
LONGEST_COMMENT = 60

KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl
    const constexpr const_cast continue decltype default delete do double dynamic_cast else
    enum explicit export extern false float for friend goto if inline int long main mutable
    namespace new noexcept not not_eq nullptr operator or or_eq private protected public
    register reinterpret_cast restrict return short signed sizeof static static_assert
    static_cast struct switch template this thread_local throw true try typedef typeid
    typename typeof union unsigned using virtual void volatile wchar_t while xor xor_eq
    """.split()
)


def c_identifier(text: str) -> str:
    """A C and C++ identifier that resembles `text`: ASCII letters, digits and `_` only.

    Never empty, a keyword, reserved (leading underscore) or longer than LONGEST_NAME.
    """
    cleaned = re.sub(r"[^A-Za-z0-9]+", "_", text[: 4 * LONGEST_NAME])
    name = cleaned.strip("_")[:LONGEST_NAME].rstrip("_") or "model"
    if name[0].isdigit() or name in KEYWORDS or name.startswith("eq_"):
        name = f"m_{name}"
    return name


def c_comment(text: str) -> str:
    """`text` as the inside of a C comment: printable ASCII that can neither close nor continue it.

    Also safe in a `//` comment, in Markdown code and in CMake comments: `*/`, backslashes,
    quotes, backticks and `$` become `_`.
    """
    kept = re.sub(r"[^A-Za-z0-9 _.,:;()=<>+-]", "_", text[: LONGEST_COMMENT + 1])
    return kept if len(kept) <= LONGEST_COMMENT else kept[: LONGEST_COMMENT - 3] + "..."
