"""SLICE and STRIDED_SLICE: begin, size and stride of every input dimension."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeq.errors import ModelError
from edgeq.frontends.tflite_source import Meaning, Source
from edgeq.ir import Shape


def slice_(src: Source) -> Meaning:
    """SLICE: a size of -1 takes the rest."""
    x = src.need(0, "x")
    begin = src.integers(1, "begin", len(x.shape))
    size = src.integers(2, "size", len(x.shape))
    size = tuple(d - b if s == -1 else s for d, b, s in zip(x.shape, begin, size, strict=True))
    for d, b, s in zip(x.shape, begin, size, strict=True):
        if not (0 <= b < d and 1 <= s <= d - b):
            raise ModelError(f"begin {begin} and size {size} leave the shape {x.shape}")
    attrs = {"begin": begin, "size": size, "strides": (1,) * len(size)}
    return Meaning("strided_slice", attrs, (0,))


def strided_slice(src: Source) -> Meaning:
    """STRIDED_SLICE with all of its masks."""
    x, options = src.need(0, "x"), src.options
    begin = src.integers(1, "begin")
    end, strides = src.integers(2, "end", len(begin)), src.integers(3, "strides", len(begin))
    if options.flag("Offset"):
        raise ModelError("ends relative to begins are not supported")
    masks = _Masks(*(options.number(f"{m}Mask") for m in _MASKS))
    cut = _Cut(x.shape)
    for i, spec in enumerate(zip(begin, end, strides, strict=True)):
        cut.take(i, spec, masks, len(begin))
    while len(cut.begin) < len(x.shape):
        cut.whole()
    attrs = {"begin": tuple(cut.begin), "size": tuple(cut.size), "strides": tuple(cut.strides)}
    return Meaning("strided_slice", attrs | {"shape": tuple(cut.shape)}, (0,))


_MASKS = ("Begin", "End", "Ellipsis", "NewAxis", "ShrinkAxis")


@dataclass(frozen=True, slots=True)
class _Masks:
    """Bit i of each speaks of the i-th entry of begin, end and strides."""

    begin: int
    end: int
    ellipsis: int
    new_axis: int
    shrink_axis: int


@dataclass(slots=True)
class _Cut:
    """The slice of `source` so far: one entry per dimension taken, and the output's shape."""

    source: Shape
    begin: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    strides: list[int] = field(default_factory=list)
    shape: list[int] = field(default_factory=list)

    def take(self, i: int, spec: tuple[int, int, int], masks: _Masks, entries: int) -> None:
        """Entry i of `entries`: an ellipsis, a new axis, one element, or a range."""
        bit = 1 << i
        if masks.ellipsis & bit:
            rest = bin(masks.new_axis >> (i + 1) & ((1 << (entries - i - 1)) - 1)).count("1")
            for _ in range(len(self.source) - len(self.begin) - (entries - i - 1 - rest)):
                self.whole()
        elif masks.new_axis & bit:
            self.shape.append(1)
        elif masks.shrink_axis & bit:
            self._element(spec[0], bool(masks.begin & bit))
        else:
            self._range(spec, bool(masks.begin & bit), bool(masks.end & bit))

    def whole(self) -> None:
        """The next dimension as it is."""
        extent = self._extent()
        self._add(0, extent, 1)
        self.shape.append(extent)

    def _element(self, at: int, open_begin: bool) -> None:
        extent = self._extent()
        at = 0 if open_begin else at
        if not -extent <= at < extent:
            raise ModelError(f"element {at} does not exist among {extent}")
        self._add(at % extent, 1, 1)

    def _range(self, spec: tuple[int, int, int], open_begin: bool, open_end: bool) -> None:
        extent, (begin, end, stride) = self._extent(), spec
        if stride == 0:
            raise ModelError("a stride is 0")
        taken = range(extent)[None if open_begin else begin : None if open_end else end : stride]
        if not len(taken):
            raise ModelError(f"[{begin}:{end}:{stride}] of {extent} elements is empty")
        self._add(taken[0], len(taken), stride)
        self.shape.append(len(taken))

    def _extent(self) -> int:
        if len(self.begin) >= len(self.source):
            raise ModelError(f"more entries than the {len(self.source)} dimensions")
        return self.source[len(self.begin)]

    def _add(self, begin: int, size: int, stride: int) -> None:
        self.begin.append(begin)
        self.size.append(size)
        self.strides.append(stride)
