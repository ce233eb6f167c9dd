"""Other people's interpreters, asked what a model file computes.

Each runs in a process of its own (`_oracle_worker.py`), because a runtime may abort, crash or
hang on a model; here that is an answer, not an accident.

name             runtime                                               shows
tflm             TensorFlow Lite Micro, reference kernels              every tensor
litert           LiteRT, BUILTIN_REF kernels, no delegate              every tensor
litert-default   LiteRT as it runs on PCs and phones (XNNPACK)         outputs only
onnxruntime      ONNX Runtime on the CPU, the graph as it stands       outputs only
onnxruntime-default  the same, optimized as it likes                   outputs only
onnxruntime-precise  optimized, but sums of products never saturate    outputs only
openvino         OpenVINO on the CPU, one thread                       outputs only
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np

from edgeq.errors import ToolError, UsageError
from edgeq.verify import _oracle_worker
from edgeq.verify._oracle_engines import Array, Header
from edgeq.verify._oracle_worker import read_frame, write_frame

# What the worker is started with and what "load" carries, by oracle.
ORACLES: Mapping[str, tuple[str, Header]] = {
    "tflm": ("tflm", {}),
    "litert": ("litert", {"resolver": "reference"}),
    "litert-default": ("litert", {"resolver": "default"}),
    "onnxruntime": ("onnxruntime", {}),
    "onnxruntime-default": ("onnxruntime", {"optimize": True}),
    "onnxruntime-precise": ("onnxruntime", {"optimize": True, "precise": True}),
    "openvino": ("openvino", {}),
}

EXTRAS = {"openvino": "peers"}  # what brings an oracle's package; of others it is "verify"

ARENA_BYTES = 256 << 20
TIMEOUT_SECONDS = 120.0
WORDS_SHOWN = 2000


class OracleRefused(ToolError):  # noqa: N818 (a word, not an error of ours)
    """The oracle does not take this model or input: `why` holds its own words."""


@dataclass(frozen=True, slots=True, eq=False)
class OracleSample:
    """What an oracle computed from one sample.

    outputs   one array per model output, in the model's order, in the tensor's own dtype
    tensors   every numeric tensor that an operator wrote, by its index in the file; empty unless
              intermediates were asked for
    """

    outputs: tuple[Array, ...]
    tensors: Mapping[int, Array]


class Oracle:
    """One runtime in one process, for many models: `with Oracle("tflm") as oracle: ...`.

    The process is started by the first `load` and again after it died.

    timeout       seconds that one `load` or `invoke` may take
    arena_bytes   memory that TFLM may plan in; touched only as far as the model needs it
    """

    def __init__(
        self, name: str, *, timeout: float = TIMEOUT_SECONDS, arena_bytes: int = ARENA_BYTES
    ) -> None:
        if name not in ORACLES:
            raise UsageError(
                f"no oracle is called '{name}'", fix=f"use one of {', '.join(ORACLES)}"
            )
        self.name = name
        self._timeout, self._arena_bytes = timeout, arena_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def load(self, model: bytes, *, intermediates: bool = False) -> None:
        """Take a model file; the one before is forgotten.

        Raises:
            OracleRefused: the runtime refused the file, or died of it.
            ToolError: its package is not installed, or it did not answer in time.
        """
        options = {"intermediates": intermediates, "arena_bytes": self._arena_bytes}
        if self._process is None:
            self._start()
        header = {"do": "load", **options, **ORACLES[self.name][1]}
        self._ask(header, [np.frombuffer(model, np.uint8)])

    def invoke(self, inputs: Sequence[Array]) -> OracleSample:
        """Run one sample, one array per model input in the model's order, from a fresh state.

        Raises:
            OracleRefused: the runtime refused the input, or died of it (then `load` again).
            ToolError: it did not answer in time.
            UsageError: no model is loaded.
        """
        if self._process is None:
            raise UsageError(f"oracle '{self.name}' has no model", fix="call load first")
        header, arrays = self._ask({"do": "invoke"}, inputs)
        count = header["outputs"]
        tensors = dict(zip(header["tensors"], arrays[count:], strict=True))
        return OracleSample(tuple(arrays[:count]), tensors)

    def time(self, times: int, *, timer: str = "") -> tuple[int, bool]:
        """Nanoseconds of `times` runs on the inputs of the last `invoke`.

        They are called from C by `timer`, a library with eq_time_run, where that is given and
        the runtime allows it, which the second value says; otherwise from Python.

        Raises:
            OracleRefused, ToolError, UsageError: as `invoke` does.
        """
        if self._process is None:
            raise UsageError(f"oracle '{self.name}' has no model", fix="call load first")
        header, _ = self._ask({"do": "time", "times": times, "timer": timer}, ())
        return int(header["nanoseconds"]), bool(header["native"])

    def run(
        self, model: bytes, samples: Sequence[Sequence[Array]], *, intermediates: bool = False
    ) -> tuple[OracleSample, ...]:
        """Load a model and invoke it on every sample; raises as `load` and `invoke` do."""
        self.load(model, intermediates=intermediates)
        return tuple(self.invoke(inputs) for inputs in samples)

    def close(self) -> None:
        """End the process; the oracle can be used again."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    _close_quietly(stream)
        if self._words is not None:
            self._words.close()
        self._process = self._words = None

    def _start(self) -> None:
        packages = str(Path(_oracle_worker.__file__).parents[2])
        known = os.environ.get("PYTHONPATH")
        paths = os.pathsep.join(filter(None, [packages, known]))
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", _oracle_worker.__name__, ORACLES[self.name][0]],
            env=os.environ | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
        )

    def _ask(self, header: Header, arrays: Sequence[Array]) -> tuple[Header, list[Array]]:
        reply = self._exchange(header, arrays)
        if reply is None:
            why = self._last_words()
            self.close()
            raise OracleRefused(f"oracle '{self.name}' died of the model", why=why)
        if "missing" in reply[0]:
            raise ToolError(
                f"oracle '{self.name}' is not installed",
                why=reply[0]["missing"],
                fix=f"pip install edgeq[{EXTRAS.get(self.name, 'verify')}]",
            )
        if not reply[0]["ok"]:
            why = "\n".join(filter(None, [reply[0]["why"], self._printed()]))
            what = "model" if header["do"] == "load" else "input, or the model"
            raise OracleRefused(f"oracle '{self.name}' refuses the {what}", why=why)
        return reply

    def _exchange(
        self, header: Header, arrays: Sequence[Array]
    ) -> tuple[Header, list[Array]] | None:
        """The worker's reply, or None when it died before it had sent one."""
        process, words = self._process, self._words
        if process is None or process.stdin is None or process.stdout is None or words is None:
            return None
        words.seek(0)
        words.truncate()
        late = threading.Event()

        def expire() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._timeout, expire)
        timer.start()
        try:
            write_frame(process.stdin, header, arrays)
            return read_frame(process.stdout)
        except (EOFError, BrokenPipeError):
            if not late.is_set():
                return None
        finally:
            timer.cancel()
        self.close()
        raise ToolError(f"oracle '{self.name}' did not answer within {self._timeout:g} s")

    def _printed(self) -> str:
        """The end of what the runtime wrote to stderr since it was asked."""
        if self._words is None:
            return ""
        fd = self._words.fileno()
        size = os.fstat(fd).st_size
        text = os.pread(fd, WORDS_SHOWN, max(0, size - WORDS_SHOWN))
        return text.decode(errors="replace").strip()

    def _last_words(self) -> str:
        code = self._process.wait() if self._process is not None else 0
        cause = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return "\n".join(filter(None, [f"the process ended with {cause}", self._printed()]))


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:  # what was still buffered for a dead process
        return


def run_oracle(
    name: str,
    model: bytes,
    samples: Sequence[Sequence[Array]],
    *,
    intermediates: bool = False,
    timeout: float = TIMEOUT_SECONDS,
) -> tuple[OracleSample, ...]:
    """Ask one oracle for many samples of one .tflite file, in a fresh process.

    Args:
        name: "tflm", "litert" or "litert-default".
        model: the file's bytes.
        samples: per sample one array for each model input, in the model's order, with the
            file's shape and dtype.
        intermediates: also return every tensor that an operator wrote (not litert-default).
        timeout: seconds for each sample.

    Raises:
        OracleRefused: the runtime refused the model or an input, or died of it.
        ToolError: its package is not installed, or it did not answer in time.
    """
    with Oracle(name, timeout=timeout) as oracle:
        return oracle.run(model, samples, intermediates=intermediates)
