"""The process an oracle lives in: it answers framed requests, and may die without harm.

Started by `oracle.py`; it needs numpy and the runtime alone.  A frame is two lengths, a JSON
header and the bytes of its arrays one after the other; nothing is pickled.  Standard output
belongs to the frames: whatever a runtime prints goes to stderr.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import struct
import sys
import time
from collections.abc import Sequence
from typing import IO

import numpy as np

from edgeq.verify._oracle_engines import ENGINES, Array, Engine, Header

LENGTHS = struct.Struct("<IQ")


def write_frame(stream: IO[bytes], header: Header, arrays: Sequence[Array] = ()) -> None:
    """Send a header with the shape, dtype and bytes of each array."""
    shown = [np.asarray(a) for a in arrays]
    described = [[a.dtype.str, list(a.shape)] for a in shown]
    text = json.dumps({**header, "arrays": described}).encode()
    stream.write(LENGTHS.pack(len(text), sum(a.nbytes for a in shown)))
    stream.write(text)
    for array in shown:
        stream.write(array.tobytes())
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[Header, list[Array]]:
    """Receive one frame.

    Raises:
        EOFError: the other side closed the stream, perhaps in the middle of a frame.
    """
    head_bytes, body_bytes = LENGTHS.unpack(_exactly(stream, LENGTHS.size))
    header: Header = json.loads(_exactly(stream, head_bytes))
    body = _exactly(stream, body_bytes)
    arrays, at = [], 0
    for code, shape in header.pop("arrays"):
        dtype, count = np.dtype(code), math.prod(shape)
        arrays.append(np.frombuffer(body, dtype, count, at).reshape(shape))
        at += count * dtype.itemsize
    return header, arrays


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError
    return data


def serve(engine: str, requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests until the stream ends.

    They are "load" (array 0: the file), "invoke" (one array per input) and "time" (`times`
    more runs on the same inputs, from the library `timer` unless that is "").  A reply has `ok`;
    when true, arrays `outputs` then one for each index in `tensors`, or `nanoseconds`; else
    `why`, or `missing` when the runtime's package cannot be imported.
    """
    loaded: Engine | None = None
    while True:
        try:
            header, arrays = read_frame(requests)
        except EOFError:
            return
        reply: Header = {}
        shown: list[Array] = []
        try:
            if header["do"] == "load":
                loaded = None  # its memory is needed
                loaded = ENGINES[engine](arrays[0].tobytes(), header)
                reply = {"ok": True}
            elif header["do"] == "time":
                reply = _time(loaded, header["times"], header["timer"])
            else:
                reply, shown = _invoke(loaded, arrays)
        except ImportError as error:
            reply = {"ok": False, "missing": str(error)}
        except Exception as error:  # whatever the runtime throws is its answer
            reply = {"ok": False, "why": f"{type(error).__name__}: {error}"}
        write_frame(replies, reply, shown)


def _invoke(loaded: Engine | None, inputs: Sequence[Array]) -> tuple[Header, list[Array]]:
    if loaded is None:
        raise ValueError("no model is loaded")
    outputs, tensors = loaded.invoke(inputs)
    reply = {"ok": True, "outputs": len(outputs), "tensors": list(tensors)}
    return reply, [*outputs, *tensors.values()]


def _time(loaded: Engine | None, times: int, timer: str) -> Header:
    """Nanoseconds of `times` runs, from C where `timer` is a library and the engine allows it."""
    if loaded is None:
        raise ValueError("no model is loaded")
    native = loaded.native() if timer else None
    if native:
        function, argument, name = native
        run = getattr(ctypes.CDLL(timer), name)
        run.restype = ctypes.c_int64
        run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32]
        nanoseconds = run(function, argument, times)
        if nanoseconds < 0:
            raise RuntimeError("a run failed while it was timed")
        return {"ok": True, "nanoseconds": nanoseconds, "native": True}
    start = time.perf_counter_ns()
    for _ in range(times):
        loaded.again()
    return {"ok": True, "nanoseconds": time.perf_counter_ns() - start, "native": False}


def main() -> None:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
