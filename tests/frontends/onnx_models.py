"""Tiny .onnx files: one operator each, or a few, as exporters write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[Any]
Shapes = Mapping[str, Sequence[int | str]]

FLOAT = onnx.TensorProto.FLOAT
WHOLE = {"ArgMax": onnx.TensorProto.INT64, "QuantizeLinear": onnx.TensorProto.UINT8}
"""Operators whose results are integers."""

MICROSOFT = "com.microsoft"
OPSET = 13
OLD_IR, NEW_IR, NEW_OPSET = 8, 10, 20
"""Versions of the container, which runtimes check beside the operators'."""


@dataclass
class OnnxModel:
    """A file in the making: `node` adds, `build` gives the bytes.  Nothing is checked."""

    opset: int = OPSET
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    domains: set[str] = field(default_factory=set)

    def node(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str] = ("y",), *,
        domain: str = "", name: str = "", **attrs: Any,
    ) -> OnnxModel:  # fmt: skip
        own = name or f"{op}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(op, list(inputs), list(outputs), own, domain=domain, **attrs)
        )
        self.domains.add(domain)
        return self

    def const(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def graph(self, inputs: Shapes, outputs: Sequence[str] = ("y",), kind: int = FLOAT) -> Any:
        return helper.make_graph(
            self.nodes, "g",
            [helper.make_tensor_value_info(n, kind, list(s)) for n, s in inputs.items()],
            [onnx.ValueInfoProto(name=n) for n in outputs],
            self.constants,
        )  # fmt: skip

    def build(self, inputs: Shapes, outputs: Sequence[str] = ("y",), kind: int = FLOAT) -> bytes:
        """The file's bytes; its outputs have a type only where the runtime infers one."""
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(d, 1) for d in sorted(self.domains) if d]
        model = helper.make_model(self.graph(inputs, outputs, kind), opset_imports=opsets)
        model.ir_version = OLD_IR if self.opset < NEW_OPSET else NEW_IR
        kinds = {name: WHOLE[n.op_type] for n in self.nodes for name in n.output
                 if n.op_type in WHOLE}  # fmt: skip
        for info in model.graph.output:
            info.type.tensor_type.elem_type = kinds.get(info.name, FLOAT)
        return bytes(model.SerializeToString())


def one(
    op: str, inputs: Shapes, consts: Mapping[str, Any] | None = None, *, opset: int = OPSET,
    outputs: Sequence[str] = ("y",), order: Sequence[str] = (), domain: str = "", **attrs: Any,
) -> bytes:  # fmt: skip
    """A model of one node; integer constants are int64, others float32.

    order   of the node's inputs; computed ones, then constants, when it is not given
    """
    model = OnnxModel(opset)
    for name, value in (consts or {}).items():
        array = np.asarray(value)
        kind = np.int64 if array.dtype.kind in "iu" and array.dtype.itemsize > 1 else None
        model.const(name, array, kind or (np.float32 if array.dtype.kind == "f" else array.dtype))
    names = list(order) or [*inputs, *(consts or {})]
    return model.node(op, names, outputs, domain=domain, **attrs).build(inputs, outputs)
