"""TRANSPOSE_CONV: its padding follows from the output's shape, which is an operand."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.errors import GraphError, QuantError
from edgeq.exporters.draft import Draft
from edgeq.exporters.windows import SAME, VALID, products
from edgeq.ir import DType, Node, Tensor


def conv_transpose_2d(draft: Draft, node: Node) -> None:
    """TRANSPOSE_CONV, and a SLICE behind where its border is neither that of SAME nor VALID.

    Every output pixel is the same sum whatever is cut off around it.
    """
    x, w, y = draft.need(node, 0, "x"), draft.need(node, 1, "weights"), draft.output(node)
    if node.attrs.get("dilation", (1, 1)) != (1, 1):
        raise GraphError(f"TRANSPOSE_CONV has no dilation {node.attrs['dilation']}")
    if w.dtype is DType.INT4:
        raise QuantError("TRANSPOSE_CONV takes no int4 weights",
                         fix="quantize this layer with scheme int8")  # fmt: skip
    (_, *constants), fields = products(draft, node, axis=0)
    axes = [_Axis.of(node, x, w, y, axis) for axis in range(2)]
    code = next((c for c in (VALID, SAME) if all(a.fits(c) for a in axes)), None)
    full = y if code is not None else _uncut(draft, node, y, axes)
    shape = draft.parameter(node, "output_shape", full.shape)
    height, width = node.ints("stride")
    options = {"Padding": VALID if code is None else code, "StrideH": height, "StrideW": width}
    inputs = [shape, constants[0], x.name, *constants[1:]]
    draft.emit("TRANSPOSE_CONV", inputs, [full.name], "TransposeConvOptions", options | fields)
    if code is None:
        begin = draft.parameter(node, "begin", (0, axes[0].before, axes[1].before, 0))
        size = draft.parameter(node, "size", y.shape)
        draft.emit("SLICE", [full.name, begin, size], [y.name], "SliceOptions")


@dataclass(frozen=True, slots=True)
class _Axis:
    """Height or width: sizes of image and output, taps, stride, and what is cut off in front.

    The runtimes take an output size that a convolution with the padding would turn into the
    image's.
    """

    image: int
    output: int
    taps: int
    stride: int
    before: int

    @classmethod
    def of(cls, node: Node, x: Tensor, w: Tensor, y: Tensor, axis: int) -> _Axis:
        image, output, taps = (tensor.shape[1 + axis] for tensor in (x, y, w))
        stride, before = node.ints("stride")[axis], node.ints("padding")[2 * axis]
        return cls(image, output, taps, stride, before)

    def fits(self, code: int) -> bool:
        """Whether SAME or VALID means this axis."""
        if code == VALID:
            return self.before == 0 and 0 <= self.output - self.spread < self.stride
        count = -(-self.output // self.stride)
        cut = max((count - 1) * self.stride + self.taps - self.output, 0)
        return count == self.image and cut // 2 == self.before

    @property
    def spread(self) -> int:
        """The size of all that the image reaches."""
        return (self.image - 1) * self.stride + self.taps

    def uncut(self) -> int:
        """The least size of a VALID output that holds this one behind what is cut off.

        Raises:
            GraphError: none does.
        """
        size = max(self.spread, self.before + self.output)
        if size - self.spread >= self.stride:
            raise GraphError(
                f"TRANSPOSE_CONV has no output of {self.output} behind {self.before} cut off",
                why=f"its image reaches {self.spread}, and it goes on for less than a stride",
            )
        return size


def _uncut(draft: Draft, node: Node, y: Tensor, axes: list[_Axis]) -> Tensor:
    """The output with what is cut off around it."""
    shape = (y.shape[0], axes[0].uncut(), axes[1].uncut(), y.shape[3])
    return draft.tensors[draft.between(node, "uncut", y, shape)]
