"""The runtimes of others behind one interface, each with a model in it.

They are imported when one is asked for, in the oracle's own process (`_oracle_worker.py`).
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeq.verify._onnxruntime import OnnxRuntime
from edgeq.verify._openvino import OpenVino

Array = NDArray[Any]
Header = dict[str, Any]

# Where LiteRT's interpreter runs: a member function of no arguments, called as a C function of one.
LITERT_LIBRARY = "libpywrap_litert_common.so"
LITERT_INVOKE = "_ZN6tflite4impl11Interpreter6InvokeEv"
LITERT_EXPORT = "Wrapped_PyInit__pywrap_litert_interpreter_wrapper"

# Resource handles and strings have no array.
SHOWN_TYPES = ("INT8", "INT16", "INT32", "INT64", "UINT8", "FLOAT32", "FLOAT16", "FLOAT64", "BOOL")


class Engine(Protocol):
    """A runtime with a model in it."""

    def invoke(self, inputs: Sequence[Array]) -> tuple[list[Array], dict[int, Array]]:
        """Run one sample from a fresh state: the outputs, and tensors by index."""

    def again(self) -> None:
        """Run once more on the inputs that are set."""

    def native(self) -> tuple[int, int, str] | None:
        """Find a C function that does the same, or None.

        Its address, an argument's, and the function of targets/timing/timer.c that calls it.
        """


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

    def native(self) -> tuple[int, int, str] | None:
        return None

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

    def native(self) -> tuple[int, int, str] | None:
        """Interpreter::Invoke, which the package's library holds without exporting it."""
        library = Path(import_module("ai_edge_litert").__file__ or "").parent / LITERT_LIBRARY
        function = hidden_function(library, LITERT_INVOKE, LITERT_EXPORT)
        return (function, int(self._it._native_handle()), "eq_time_run") if function else None

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


def hidden_function(library: Path, name: str, exported: str) -> int:
    """The address of a function that a loaded library's symbol table names, or 0.

    Args:
        library: its file.
        name: of the function.
        exported: of one that the library exports, whose address is known.
    """
    said = subprocess.run(["nm", str(library)], capture_output=True, text=True, check=False).stdout
    at = {line.split()[-1]: int(line.split()[0], 16) for line in said.splitlines()
          if line.endswith((f" {name}", f" {exported}"))}  # fmt: skip
    if set(at) != {name, exported}:
        return 0
    known = ctypes.cast(getattr(ctypes.CDLL(str(library)), exported), ctypes.c_void_p).value
    return (known or 0) - at[exported] + at[name] if known else 0


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
    "tflm": Tflm, "litert": Litert, "onnxruntime": OnnxRuntime, "openvino": OpenVino,
}  # fmt: skip
