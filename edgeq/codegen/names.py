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
    """.split()  # noqa: SIM905 (a list of eighty literals reads worse)
)


# A target of these names cannot be added to a CMake project.
CMAKE_TARGETS = frozenset(
    {"all", "clean", "edit_cache", "help", "install", "package", "rebuild_cache", "test"}
)

# The project's own folder is an include path: NAME.h must not hide a header of the system.
HEADERS = frozenset(
    """
    alloca assert byteswap complex ctype dirent dlfcn elf endian err errno error execinfo fcntl
    features fenv getopt glob grp iconv inttypes iso646 langinfo libgen limits link locale malloc
    math memory monetary netdb newlib paths picolibc poll printf pthread pwd reent regex resolv
    sched search semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stdckdint stddef
    stdint stdio stdlib stdnoreturn string strings sysexits syslog tar termios tgmath threads
    time uchar ucontext unistd unwind utime values wait wchar wctype wordexp
    """.split()  # noqa: SIM905 (a list of eighty literals reads worse)
)
OUR_PREFIXES = ("eq_", "edgeq_")  # kernels, and the include guards of their headers
RESERVED = KEYWORDS | CMAKE_TARGETS | HEADERS


def c_identifier(text: str) -> str:
    """A C and C++ identifier that resembles `text`: ASCII letters, digits and `_` only.

    Never empty, a keyword, reserved (leading or double underscore), the name of a system's
    header or of a target that CMake has, or longer than LONGEST_NAME.
    """
    cleaned = re.sub(r"[^A-Za-z0-9]+", "_", text[: 4 * LONGEST_NAME])
    name = cleaned.strip("_")[:LONGEST_NAME].rstrip("_") or "model"
    lower = name.lower()
    if name[0].isdigit() or lower in RESERVED or f"{lower}_".startswith(OUR_PREFIXES):
        name = f"m_{name}"[:LONGEST_NAME].rstrip("_")
    return name


def c_comment(text: str) -> str:
    """`text` as the inside of a C comment: printable ASCII that can neither close nor continue it.

    Also safe in a `//` comment, in Markdown code and in CMake comments: `*/`, backslashes,
    quotes, backticks and `$` become `_`.
    """
    kept = re.sub(r"[^A-Za-z0-9 _.,:;()=<>+-]", "_", text[: LONGEST_COMMENT + 1])
    return kept if len(kept) <= LONGEST_COMMENT else kept[: LONGEST_COMMENT - 3] + "..."
