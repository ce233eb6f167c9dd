"""How many bytes of each kind a compiler made: code, constants, data, zeroed memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeq.build.cc import COMPILE_SECONDS, binutil, checked, run_tool

# By the beginning of a section's name; what is loaded to no memory has none of these.
KINDS = {
    ".text": "text", ".vectors": "text", ".init": "text", ".fini": "text", ".plt": "text",
    ".rodata": "rodata", ".srodata": "rodata", ".ARM.ex": "rodata", ".eh_frame": "rodata",
    ".data.rel.ro": "rodata", ".data": "data", ".sdata": "data", ".tdata": "data",
    ".got": "data", ".bss": "bss", ".sbss": "bss", ".tbss": "bss", "COMMON": "bss",
}  # fmt: skip
FIELDS = 3


def section_sizes(files: Sequence[Path], cc: str) -> dict[str, int]:
    """Bytes of objects or of a program: {text, rodata, data, bss}, summed over the files.

    text is code, rodata constants (the `size` tool calls both together text), data is
    initialized memory (it counts in flash and in RAM), bss zeroed memory.

    Raises:
        ToolError: the toolchain of `cc` has no `size`, or it cannot read a file.
    """
    command = [str(binutil(cc, "size")), "-A", "-d", *map(str, files)]
    sizes = {"text": 0, "rodata": 0, "data": 0, "bss": 0}
    for line in checked(run_tool(command, timeout=COMPILE_SECONDS)).stdout.splitlines():
        words = line.split()
        if len(words) != FIELDS or not words[1].isdigit():
            continue
        kind = next((k for start, k in KINDS.items() if words[0].startswith(start)), None)
        if kind is not None:
            sizes[kind] += int(words[1])
    return sizes
