"""Other runtimes that are timed in turns with ours: which file each is given, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from numpy.typing import NDArray

from edgeq.errors import EdgeqError, Problems, ToolError
from edgeq.exporters.source import TFLITE_IDENTIFIER
from edgeq.ir import Graph
from edgeq.verify.compare import file_inputs
from edgeq.verify.oracle import Oracle, OracleRefused

Values: TypeAlias = Mapping[str, NDArray[Any]]
Clock: TypeAlias = Callable[[int], int]
"""Nanoseconds of that many runs."""

ONNXRUNTIME = "onnxruntime"
PEERS: Mapping[str, str] = {
    "litert": "litert-default", "tflm": "tflm", "onnxruntime": "onnxruntime-default",
    "onnxruntime-precise": "onnxruntime-precise", "openvino": "openvino",
}  # fmt: skip
"""What a peer is asked as: LiteRT as it runs on PCs and phones, not its reference kernels.  ONNX
Runtime's default is its fastest, which without VNNI adds pairs of products that may saturate;
the precise one takes other kernels there."""


class PeerRefused(ToolError):  # noqa: N818 (a word, not an error of ours)
    """A peer does not take this model: `why` says it in its words.

    peer   of PEERS
    """

    def __init__(self, peer: str, error: EdgeqError) -> None:
        self.peer = peer
        super().__init__(f"{peer} cannot be measured on this model", why=error.text())


class Rival:
    """A peer that has the model and an input.

    native   whether it was called from C, as ours is, or from Python; known once it was timed
    """

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self.native = False

    def clock(self, library: str) -> Clock:
        """Times it by a library made of targets/timing/timer.c."""

        def time(times: int) -> int:
            nanoseconds, self.native = self._oracle.time(times, timer=library)
            return nanoseconds

        return time


@contextmanager
def rival(graph: Graph, inputs: Values, name: str) -> Iterator[Rival]:
    """A peer with the model and `inputs` in a process of its own.

    Raises:
        PeerRefused: it does not take the model.
        ToolError: it is not installed.
    """
    with Oracle(PEERS[name]) as oracle:
        try:
            model, values = _file_for(name, graph, inputs)
            oracle.load(model)
            oracle.invoke(values)
        except (OracleRefused, Problems) as error:
            raise PeerRefused(name, error) from error
        yield Rival(oracle)


def _file_for(name: str, graph: Graph, inputs: Values) -> tuple[bytes, list[NDArray[Any]]]:
    """The model's file, and `inputs` as that wants them.

    ONNX Runtime is given .tflite models in the form of which it makes its fastest integer
    operators on x86 (onnxruntime.ai/docs/performance/model-optimizations/quantization.html:
    QDQ, activations uint8, weights int8).
    """
    if not name.startswith(ONNXRUNTIME) or graph.source[4:8] != TFLITE_IDENTIFIER:
        return graph.source, file_inputs(graph, inputs)
    try:
        from edgeq.exporters.qdq import to_qdq, unsigned
    except ImportError as error:
        raise ToolError("onnxruntime is given .tflite models as .onnx files, which needs onnx",
                        why=str(error), fix="pip install edgeq[onnx]") from None  # fmt: skip
    return to_qdq(graph), [unsigned(inputs[port]) for port in graph.inputs]
