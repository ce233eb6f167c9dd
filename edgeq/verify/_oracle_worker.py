"""The process an oracle lives in: it answers framed requests, and may die without harm.

Started by `oracle.py` as a plain script, so it needs numpy and the runtime alone.  A frame
is two lengths, a JSON header and the bytes of its arrays one after the other; nothing is
pickled.  Standard output belongs to the frames: whatever a runtime prints goes to stderr.
"""

from __future__ import annotations

import json
import math
import os
import struct
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Header = dict[str, Any]

LENGTHS = struct.Struct("<IQ")

# Resource handles and strings have no array.
SHOWN_TYPES = ("INT8", "INT16", "INT32", "INT64", "UINT8", "FLOAT32", "FLOAT16", "FLOAT64", "BOOL")


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


class Engine(Protocol):
    """A runtime with a model in it."""

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        """Run one sample from a fresh state: the outputs, and tensors by index."""

    def again(self) -> None:
        """Run once more on the inputs that are set."""


class Tflm:
    """TensorFlow Lite Micro's interpreter with its reference kernels."""

    def __init__(self, model: bytes, options: Header) -> None:
        runtime = import_module("tflite_micro.python.tflite_micro.runtime")
        schema = import_module("tflite_micro.tensorflow.lite.micro.python.schema_py_generated")
        keep = options["intermediates"]
        config = "kPreserveAllTensors" if keep else "kAllocationRecording"
        self._it = runtime.Interpreter.from_bytes(
            model,
            arena_size=options["arena_bytes"],
            intrepreter_config=runtime.InterpreterConfig[config],
        )
        self._outputs = range(schema.Model.GetRootAs(model).Subgraphs(0).OutputsLength())
        self._shown = computed_tensors(schema, model) if keep else []

    def again(self) -> None:
        self._it.invoke()

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        self._it.reset()
        for i, x in enumerate(inputs):
            self._it.set_input(x, i)
        self._it.invoke()
        outputs = [np.array(self._it.get_output(i)) for i in self._outputs]
        return outputs, {i: np.array(self._it.GetTensor(i, 0)["tensor_data"]) for i in self._shown}


class Litert:
    """LiteRT: its reference kernels without a delegate, or what it does by default."""

    def __init__(self, model: bytes, options: Header) -> None:
        schema = import_module("ai_edge_litert.schema_py_generated")
        self._model, self._reference = model, options["resolver"] == "reference"
        self._keep = options["intermediates"] and self._reference
        self._it = self._interpreter()
        self._inputs = [int(d["index"]) for d in self._it.get_input_details()]
        self._outputs = [int(d["index"]) for d in self._it.get_output_details()]
        self._shown = computed_tensors(schema, model) if self._keep else []
        self._has_resources = uses_resources(schema, model)

    def again(self) -> None:
        self._it.invoke()

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        if len(inputs) != len(self._inputs):
            raise ValueError(f"{len(inputs)} inputs given, the model has {len(self._inputs)}")
        if self._has_resources:  # they outlive reset_all_variables
            self._it = self._interpreter()
        self._resize(inputs)
        self._it.reset_all_variables()
        for index, x in zip(self._inputs, inputs, strict=True):
            self._it.set_tensor(index, x)
        self._it.invoke()
        outputs = [self._it.get_tensor(i) for i in self._outputs]
        return outputs, {i: self._it.get_tensor(i) for i in self._shown}

    def _resize(self, inputs: Sequence[Array]) -> None:
        """Take another batch than the file's, when the samples have one."""
        now = [tuple(d["shape"]) for d in self._it.get_input_details()]
        if [s[1:] for s in now] != [x.shape[1:] for x in inputs]:
            return  # no matter of the batch: set_tensor says what is wrong
        for index, shape, x in zip(self._inputs, now, inputs, strict=True):
            if shape != x.shape:
                self._it.resize_tensor_input(index, x.shape)
        if now != [x.shape for x in inputs]:
            self._it.allocate_tensors()

    def _interpreter(self) -> Any:  # noqa: ANN401 (a class of the runtime)
        litert = import_module("ai_edge_litert.interpreter")
        interpreter = litert.Interpreter(
            model_content=self._model,
            num_threads=1,
            experimental_op_resolver_type=litert.OpResolverType[
                "BUILTIN_REF" if self._reference else "AUTO"
            ],
            experimental_preserve_all_tensors=self._keep,
        )
        interpreter.allocate_tensors()
        return interpreter


class OnnxRuntime:
    """ONNX Runtime on the CPU, without fusing or rewriting anything."""

    def __init__(self, model: bytes, options: Header) -> None:
        del options
        import_module("onnxruntime.capi")  # a package of that name alone is not it
        runtime = import_module("onnxruntime")
        settings = runtime.SessionOptions()
        settings.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.intra_op_num_threads = 1
        settings.log_severity_level = 3
        self._session = runtime.InferenceSession(
            model, settings, providers=["CPUExecutionProvider"]
        )
        self._inputs = [i.name for i in self._session.get_inputs()]
        self._feeds: dict[str, Array] = {}

    def again(self) -> None:
        self._session.run(None, self._feeds)

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        self._feeds = dict(zip(self._inputs, inputs, strict=True))
        return [np.asarray(y) for y in self._session.run(None, self._feeds)], {}


def computed_tensors(schema: ModuleType, model: bytes) -> list[int]:
    """Indices of the numeric tensors that an operator of the first subgraph writes, ascending."""
    graph, types = schema.Model.GetRootAs(model).Subgraphs(0), schema.TensorType
    found: set[int] = set()
    for i in range(graph.OperatorsLength()):
        operator = graph.Operators(i)
        found.update(operator.Outputs(k) for k in range(operator.OutputsLength()))
    numeric = {getattr(types, name) for name in SHOWN_TYPES}
    return sorted(i for i in found if i >= 0 and graph.Tensors(i).Type() in numeric)


def uses_resources(schema: ModuleType, model: bytes) -> bool:
    """Whether the model keeps state in resource variables."""
    graph = schema.Model.GetRootAs(model).Subgraphs(0)
    kinds = {graph.Tensors(i).Type() for i in range(graph.TensorsLength())}
    return schema.TensorType.RESOURCE in kinds


ENGINES: dict[str, Callable[[bytes, Header], Engine]] = {
    "tflm": Tflm, "litert": Litert, "onnxruntime": OnnxRuntime,
}  # fmt: skip


def serve(engine: str, requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer requests until the stream ends.

    They are "load" (array 0: the file), "invoke" (one array per input) and "time" (`times`
    more runs on the same inputs).  A reply has `ok`; when true, arrays `outputs` then one for
    each index in `tensors`, or `nanoseconds`; else `why`, or `missing` when the runtime's
    package cannot be imported.
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
                reply = _time(loaded, header["times"])
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


def _time(loaded: Engine | None, times: int) -> Header:
    if loaded is None:
        raise ValueError("no model is loaded")
    start = time.perf_counter_ns()
    for _ in range(times):
        loaded.again()
    return {"ok": True, "nanoseconds": time.perf_counter_ns() - start}


def main() -> None:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.argv[1], sys.stdin.buffer, replies)


if __name__ == "__main__":
    main()
