"""OpenVINO behind the interface of `_oracle_engines.py`: its Python API, and its C API for time."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SETTINGS = {"INFERENCE_NUM_THREADS": "1", "PERFORMANCE_HINT": "LATENCY"}
LIBRARIES = "libopenvino_c.so*"


class Dimension(ctypes.Structure):
    """ov_dimension_t."""

    _fields_ = (("least", ctypes.c_int64), ("most", ctypes.c_int64))


class PartialShape(ctypes.Structure):
    """ov_partial_shape_t."""

    _fields_ = (("rank", Dimension), ("dims", ctypes.POINTER(Dimension)))


class OpenVino:
    """OpenVINO on the CPU, one thread, with every shape fixed to that of the first inputs."""

    def __init__(self, model: bytes, options: dict[str, Any]) -> None:
        del options
        self._runtime = import_module("openvino")
        self._bytes = model
        with _file_of(model) as path:
            self._model = self._runtime.Core().read_model(path)
        self._request: Any = None
        self._inputs: list[Array] = []
        self._native: tuple[int, int, str] | None = None

    def again(self) -> None:
        self._request.infer()

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        self._inputs = [np.ascontiguousarray(x) for x in inputs]
        self._native = None
        if self._request is None:
            self._model.reshape({i: list(x.shape) for i, x in enumerate(inputs)})
            compiled = self._runtime.Core().compile_model(self._model, "CPU", SETTINGS)
            self._request = compiled.create_infer_request()
        for i, x in enumerate(self._inputs):
            self._request.set_input_tensor(i, self._runtime.Tensor(x))
        self._request.infer()
        outputs = range(len(self._model.outputs))
        return [np.array(self._request.get_output_tensor(i).data) for i in outputs], {}

    def native(self) -> tuple[int, int, str] | None:
        """ov_infer_request_infer, and a request of the same model and inputs made by the C API."""
        if self._native is not None:
            return self._native
        libraries = Path(self._runtime.__file__ or "").parent / "libs"
        found = sorted(libraries.glob(LIBRARIES))
        if not found or len(self._inputs) != 1:  # the C API reshapes a single input simply
            return None
        library = ctypes.CDLL(str(found[0]))
        with _file_of(self._bytes) as path:
            request = _request(library, path, self._inputs[0])
        function = ctypes.cast(library.ov_infer_request_infer, ctypes.c_void_p).value
        self._native = (function, request, "eq_time_run") if function and request else None
        return self._native


@contextmanager
def _file_of(model: bytes) -> Iterator[Path]:
    """The model as a file, gone afterwards: this process may be killed at any other time."""
    with tempfile.TemporaryDirectory(prefix="edgeq-") as folder:
        path = Path(folder) / ("model.tflite" if model[4:8] == b"TFL3" else "model.onnx")
        path.write_bytes(model)
        yield path


def _request(library: ctypes.CDLL, path: Path, x: Array) -> int:
    """An infer request of the C API with x as its input.

    Raises:
        RuntimeError: a function of the library failed.
    """
    core, model, compiled, request = (ctypes.c_void_p() for _ in range(4))
    shape, dims = PartialShape(), (ctypes.c_int64 * x.ndim)(*x.shape)
    settings = [word.encode() for pair in SETTINGS.items() for word in pair]
    library.ov_model_reshape_single_input.argtypes = [ctypes.c_void_p, PartialShape]
    _need(library.ov_core_create(ctypes.byref(core)))
    _need(library.ov_core_read_model(core, str(path).encode(), None, ctypes.byref(model)))
    rank = ctypes.c_int64(x.ndim)
    _need(library.ov_partial_shape_create_static(rank, dims, ctypes.byref(shape)))
    _need(library.ov_model_reshape_single_input(model, shape))
    count = ctypes.c_size_t(len(settings))
    _need(library.ov_core_compile_model(core, model, b"CPU", count, ctypes.byref(compiled),
                                        *settings))  # fmt: skip
    _need(library.ov_compiled_model_create_infer_request(compiled, ctypes.byref(request)))
    _fill(library, request, x)
    _need(library.ov_infer_request_infer(request))
    return request.value or 0


def _fill(library: ctypes.CDLL, request: ctypes.c_void_p, x: Array) -> None:
    """Put x into the input of a request; raises as `_request` does."""
    tensor, data, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    first = ctypes.c_size_t(0)
    get = library.ov_infer_request_get_input_tensor_by_index
    _need(get(request, first, ctypes.byref(tensor)))
    _need(library.ov_tensor_get_byte_size(tensor, ctypes.byref(size)))
    _need(library.ov_tensor_data(tensor, ctypes.byref(data)))
    if size.value != x.nbytes:
        raise RuntimeError(f"OpenVINO's input has {size.value} bytes, the sample {x.nbytes}")
    ctypes.memmove(data, x.ctypes.data, x.nbytes)


def _need(code: int) -> None:
    if code:
        raise RuntimeError(f"OpenVINO's C API failed with code {code}")
