"""The graph that every stage reads: frozen dataclasses, NHWC activations, OHWI weights."""

from edgeq.ir.graph import Attr, DType, Graph, Node, QuantParams, Shape, Tensor

__all__ = ["Attr", "DType", "Graph", "Node", "QuantParams", "Shape", "Tensor"]
