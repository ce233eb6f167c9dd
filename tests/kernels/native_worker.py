"""Calls kernels through cffi, every array between canaries and before a page that faults.

Reads pickled requests (library, declarations, contract, symbol, blocks, skewed) from standard
input, answers (memory, intact) on standard output.  Ends at the end of its input, or by the
signal that a kernel's fault raises.
"""

from __future__ import annotations

import mmap
import pickle
import signal
import sys
from functools import cache
from typing import Any

from cffi import FFI

PAGE = mmap.PAGESIZE
CANARY = 0xA5
MARGIN = 256
SECONDS = 10  # a kernel that takes longer has lost its way

SYSTEM = FFI()
SYSTEM.cdef("int mprotect(void *, size_t, int);")
LIBC: Any = SYSTEM.dlopen(None)


class Region:
    """Memory between two pages that fault; one block at a time lies at its end."""

    def __init__(self, capacity: int) -> None:
        self.bytes = -(-(capacity + MARGIN) // PAGE) * PAGE
        self._map = mmap.mmap(-1, self.bytes + 2 * PAGE)
        self._start = int(SYSTEM.cast("uintptr_t", SYSTEM.from_buffer(self._map)))
        for offset in (0, PAGE + self.bytes):
            if LIBC.mprotect(SYSTEM.cast("void *", self._start + offset), PAGE, 0):
                raise OSError("mprotect failed")
        self._at, self._length = PAGE, 0

    def place(self, data: bytes, align: int, skewed: bool) -> int:
        """Put `data` as near to the end as `align` allows; its address.

        Skewed, the address is a multiple of `align` and of nothing more.
        """
        address = self._start + PAGE + self.bytes - len(data)
        address -= address % align
        if skewed and address % (2 * align) == 0:
            address -= align
        self._at, self._length = address - self._start, len(data)
        self._map[self._at - MARGIN : self._at] = bytes([CANARY]) * MARGIN
        end = self._at + len(data)
        self._map[end : PAGE + self.bytes] = bytes([CANARY]) * (PAGE + self.bytes - end)
        self._map[self._at : end] = data
        return address

    def content(self) -> bytes:
        return self._map[self._at : self._at + self._length]

    def intact(self) -> bool:
        """Whether nothing was written around the block."""
        end = self._at + self._length
        around = self._map[self._at - MARGIN : self._at] + self._map[end : PAGE + self.bytes]
        return around == bytes([CANARY]) * len(around)


@cache
def function(library: str, declarations: str, contract: str, symbol: str) -> tuple[FFI, Any]:
    """The kernel as the type that its header declares."""
    ffi = FFI()
    ffi.cdef(declarations)
    ffi.cdef(f"void {symbol}(void);")
    loaded = ffi.dlopen(library)
    return ffi, ffi.cast(f"eq_{contract}_fn *", ffi.addressof(loaded, symbol))


REGIONS: dict[int, Region] = {}


def region(index: int, capacity: int) -> Region:
    """The region of pointer `index`, grown where it is too small."""
    if index not in REGIONS or REGIONS[index].bytes < capacity + MARGIN:
        REGIONS[index] = Region(capacity)
    return REGIONS[index]


def call(request: tuple[str, str, str, str, list[tuple[bytes, int, int, int]], bool]) -> Any:
    library, declarations, contract, symbol, blocks, skewed = request
    ffi, kernel = function(library, declarations, contract, symbol)
    addresses: list[int] = []
    for i, (data, align, share, _) in enumerate(blocks):
        place = region(i, len(data) + 2 * align).place
        addresses.append(addresses[share] if share >= 0 else place(data, align, skewed))
    types = ffi.typeof(kernel).args
    pointers = [
        ffi.cast(t, address + at)
        for t, address, (*_, at) in zip(types, addresses, blocks, strict=True)
    ]
    signal.alarm(SECONDS)
    kernel(*pointers)
    signal.alarm(0)
    used = [REGIONS[i] for i in range(len(blocks))]
    shared = [share >= 0 for _, _, share, _ in blocks]
    memory = [b"" if s else r.content() for r, s in zip(used, shared, strict=True)]
    return memory, [s or r.intact() for r, s in zip(used, shared, strict=True)]


def main() -> None:
    answers = sys.stdout.buffer
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(call(request), answers)
        answers.flush()


if __name__ == "__main__":
    main()
