"""Mutate good models and read them: `python -m tests.frontends.fuzz SEED COUNT` prints JSON.

It runs in a process of its own, whose memory and time are limited: a reader that allocates
what a file claims, or loops over it, dies here and not in the test session.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgeq.errors import EdgeqError
from edgeq.frontends.tflite import read_tflite
from edgeq.numerics.profile import Profile
from edgeq.ops.base import lower_node
from edgeq.passes import prepare
from tests.examples import DTYPES, EXAMPLES

ADDRESS_SPACE, CPU_SECONDS = 2 << 30, 300

WORDS = tuple(b.to_bytes(4, "little") for b in (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**16, 2**30))
INTEGERS = (0, 1, -1, 2, 3, 5, -2, -128, 127, 128, 255, 2**31 - 1, -(2**31), 2**30, 65536, 1000)
FLOATS = (0.0, -1.0, float("nan"), float("inf"), 1e38, 1e-45, 1.0)


def flip_bytes(data: bytes, rng: random.Random) -> bytes:
    """Bits, bytes, words and copies, a few to many; sometimes a truncation."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        at, kind = rng.randrange(len(out)), rng.randrange(4)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at] = rng.randrange(256)
        else:
            start = rng.randrange(len(out))
            word = rng.choice(WORDS) if kind == 2 else out[start : start + 4]
            out[at : at + 4] = word
    return bytes(out[: rng.randrange(len(out))] if rng.random() < 0.1 else out)


def bend_objects(data: bytes, rng: random.Random) -> bytes:
    """A valid flatbuffer whose numbers, vectors and lists say something else."""
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    for _ in range(rng.choice((1, 1, 2, 3))):
        owner, key = rng.choice(list(_fields(model)))
        setattr(owner, key, _bent(getattr(owner, key), rng))
    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except Exception:  # what the schema cannot say, no file can
        return data
    return bytes(builder.Output())


def _fields(value: Any) -> Iterator[tuple[Any, str]]:
    for key, child in vars(value).items():
        if isinstance(child, bool | int | float | np.ndarray | list):
            yield value, key
        for nested in child if isinstance(child, list) else [child]:
            if hasattr(nested, "__dict__"):
                yield from _fields(nested)


def _bent(value: Any, rng: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return rng.choice(FLOATS if isinstance(value, float) else INTEGERS)
    items = list(value) if isinstance(value, list) else value.tolist()
    kind = rng.randrange(5)
    if kind == 0 or not items:
        return items + items[:1]
    if kind == 1:
        return items[:-1]
    if kind == 2:
        return rng.sample(items, len(items))
    if kind == 3 and isinstance(items[0], int | float):
        items[rng.randrange(len(items))] = _bent(items[0], rng)
    return items


def attempt(data: bytes, counts: Counter[str]) -> str:
    """Read, prepare and lower a file; the traceback of whatever is no EdgeqError."""
    try:
        graph = read_tflite(data)
        counts["read"] += 1
        graph = prepare(graph)
        counts["prepared"] += 1
        for node in graph.nodes:
            lower_node(graph, node, Profile.TFLM)
        counts["lowered"] += 1
    except EdgeqError as error:
        counts["refused"] += 1
        error.text()
    except Exception:
        return traceback.format_exc()
    return ""


def main(seed: int, count: int) -> None:
    """Print counts, the slowest file in seconds, and the first crashes."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    warnings.simplefilter("error")
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    models = [build(d, numbers) for build in EXAMPLES.values() for d in DTYPES]
    counts: Counter[str] = Counter()
    crashes: list[str] = []
    slowest = 0.0
    for i in range(count):
        data = (flip_bytes if i % 2 else bend_objects)(rng.choice(models), rng)
        start = time.perf_counter()
        crashes += filter(None, [attempt(data, counts)])
        slowest = max(slowest, time.perf_counter() - start)
    print(json.dumps({**counts, "slowest": slowest, "crashes": crashes[:3]}))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
