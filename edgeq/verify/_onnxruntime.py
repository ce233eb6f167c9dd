"""ONNX Runtime behind the interface of `_oracle_engines.py`: its Python API, its C API for time.

Of the C API only functions of its fifth version are called, whose places in OrtApi are fixed:
github.com/microsoft/onnxruntime, include/onnxruntime/core/session/onnxruntime_c_api.h.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from enum import IntEnum
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LIBRARIES = "libonnxruntime.so*"
VERSION = 5
ERRORS_ONLY = 3
THREADS = 1
LEVELS = {True: ("ORT_ENABLE_ALL", 99), False: ("ORT_DISABLE_ALL", 0)}
"""Name and number of the graph optimization level: as it likes, or the graph as it stands."""

PRECISE = ("session.x64quantprecision", "1")
"""Sums of two products of uint8 by int8 must not saturate, as they may on x86 without VNNI:
onnxruntime_session_options_config_keys.h."""

ARENA, DEFAULT_MEMORY = 1, 0
ELEMENTS = {"float32": 1, "uint8": 2, "int8": 3, "int16": 5, "int32": 6, "int64": 7, "bool": 9}
"""ONNXTensorElementDataType by numpy's names."""


class Slot(IntEnum):
    """Which of OrtApi's pointers a function is."""

    GET_ERROR_MESSAGE = 2
    CREATE_ENV = 3
    CREATE_SESSION_FROM_ARRAY = 8
    CREATE_SESSION_OPTIONS = 10
    SET_SESSION_GRAPH_OPTIMIZATION_LEVEL = 23
    SET_INTRA_OP_NUM_THREADS = 24
    CREATE_TENSOR_WITH_DATA_AS_ORT_VALUE = 49
    CREATE_CPU_MEMORY_INFO = 69
    ADD_SESSION_CONFIG_ENTRY = 130
    RUN_WITH_BINDING = 133
    CREATE_IO_BINDING = 134
    BIND_INPUT = 136
    BIND_OUTPUT = 137


class BoundSession(ctypes.Structure):
    """eq_bound_session of targets/timing/timer.c."""

    _fields_ = (("session", ctypes.c_void_p), ("binding", ctypes.c_void_p))


class OnnxRuntime:
    """ONNX Runtime on the CPU: without fusing or rewriting anything, or optimized as it likes.

    The option `precise` forbids sums that saturate.
    """

    def __init__(self, model: bytes, options: dict[str, Any]) -> None:
        import_module("onnxruntime.capi")  # a package of that name alone is not it
        self._runtime = import_module("onnxruntime")
        self._model, self._optimize = model, bool(options.get("optimize"))
        self._entries = [PRECISE] if options.get("precise") else []
        settings = self._runtime.SessionOptions()
        level, _ = LEVELS[self._optimize]
        settings.graph_optimization_level = getattr(self._runtime.GraphOptimizationLevel, level)
        settings.intra_op_num_threads = THREADS
        settings.log_severity_level = ERRORS_ONLY
        for key, value in self._entries:
            settings.add_session_config_entry(key, value)
        self._session = self._runtime.InferenceSession(
            model, settings, providers=["CPUExecutionProvider"]
        )
        self._feeds: dict[str, Array] = {}
        self._results: dict[str, Array] = {}
        self._native: tuple[int, int, str] | None = None
        self._kept: list[object] = []

    def again(self) -> None:
        self._session.run(None, self._feeds)

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        names = [i.name for i in self._session.get_inputs()]
        self._feeds = dict(zip(names, map(np.ascontiguousarray, inputs), strict=True))
        results = [np.asarray(y) for y in self._session.run(None, self._feeds)]
        names = [y.name for y in self._session.get_outputs()]
        self._results = dict(zip(names, results, strict=True))
        self._native = None
        return results, {}

    def native(self) -> tuple[int, int, str] | None:
        """OrtApi::RunWithBinding, and a session of the same model and inputs made by the C API."""
        if self._native is not None:
            return self._native
        folder = Path(import_module("onnxruntime.capi").__file__ or "").parent
        found = sorted(folder.glob(LIBRARIES))
        arrays = (*self._feeds.values(), *self._results.values())
        if not found or any(a.dtype.name not in ELEMENTS for a in arrays):
            return None
        api = _Api(ctypes.CDLL(str(found[0])))
        results = {name: np.zeros_like(y) for name, y in self._results.items()}
        settings = api.settings(LEVELS[self._optimize][1], self._entries)
        bound = api.bound(self._model, settings, self._feeds, results)
        api.run(bound)
        if any(y.tobytes() != self._results[name].tobytes() for name, y in results.items()):
            raise RuntimeError("ONNX Runtime's C API and its Python API give different outputs")
        self._kept = [api, bound]
        function = api.address(Slot.RUN_WITH_BINDING)
        self._native = function, ctypes.addressof(bound), "eq_time_session"
        return self._native


class _Api:
    """Functions of OrtApi; what they need to live is kept here."""

    def __init__(self, library: ctypes.CDLL) -> None:
        library.OrtGetApiBase.restype = ctypes.POINTER(ctypes.c_void_p)
        get = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint32)
        self._slots = get(library.OrtGetApiBase()[0])(VERSION)
        self._kept: list[object] = [library]
        self._memory = self._made(Slot.CREATE_CPU_MEMORY_INFO, ARENA, DEFAULT_MEMORY)

    def address(self, slot: Slot) -> int:
        return int(self._slots[slot])

    def settings(self, level: int, entries: list[tuple[str, str]]) -> ctypes.c_void_p:
        """Session options: one thread, a graph optimization level, and configuration entries."""
        options = self._made(Slot.CREATE_SESSION_OPTIONS)
        self.call(Slot.SET_SESSION_GRAPH_OPTIMIZATION_LEVEL, options, level)
        self.call(Slot.SET_INTRA_OP_NUM_THREADS, options, THREADS)
        for entry in entries:
            words = [ctypes.c_char_p(word.encode()) for word in entry]
            self.call(Slot.ADD_SESSION_CONFIG_ENTRY, options, *words)
        return options

    def bound(
        self,
        model: bytes,
        settings: ctypes.c_void_p,
        inputs: dict[str, Array],
        outputs: dict[str, Array],
    ) -> BoundSession:
        """A session that reads and writes arrays."""
        env = self._made(Slot.CREATE_ENV, ERRORS_ONLY, ctypes.c_char_p(b"edgeq"))
        data, size = ctypes.create_string_buffer(model, len(model)), ctypes.c_size_t(len(model))
        session = self._made(Slot.CREATE_SESSION_FROM_ARRAY, env, data, size, settings)
        binding = self._made(Slot.CREATE_IO_BINDING, session)
        for slot, arrays in ((Slot.BIND_INPUT, inputs), (Slot.BIND_OUTPUT, outputs)):
            for name, array in arrays.items():
                self.call(slot, binding, ctypes.c_char_p(name.encode()), self._value(array))
        return BoundSession(session, binding)

    def _value(self, array: Array) -> ctypes.c_void_p:
        """A tensor that lies in `array`."""
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        self._kept.append(array)
        return self._made(
            Slot.CREATE_TENSOR_WITH_DATA_AS_ORT_VALUE, self._memory,
            ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(array.nbytes), shape,
            ctypes.c_size_t(array.ndim), ELEMENTS[array.dtype.name],
        )  # fmt: skip

    def run(self, bound: BoundSession) -> None:
        """Run a session once."""
        session, binding = ctypes.c_void_p(bound.session), ctypes.c_void_p(bound.binding)
        self.call(Slot.RUN_WITH_BINDING, session, None, binding)

    def call(self, slot: Slot, *arguments: object) -> None:
        """Call a function that returns a status.

        Raises:
            RuntimeError: the status is an error.
        """
        status = ctypes.CFUNCTYPE(ctypes.c_void_p)(self.address(slot))(*arguments)
        if status:
            message = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)
            text = message(self.address(Slot.GET_ERROR_MESSAGE))(status) or b""
            raise RuntimeError(f"ONNX Runtime's C API: {text.decode(errors='replace')}")

    def _made(self, slot: Slot, *arguments: object) -> ctypes.c_void_p:
        """What a function gives through its last argument."""
        made = ctypes.c_void_p()
        self.call(slot, *arguments, ctypes.byref(made))
        return made
