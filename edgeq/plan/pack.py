"""Packs constants in the order that a kernel asks for: `@packs w (o/16, i/4, o%16, i%4)`.

A packing is a blocked index order over the logical dimensions that the contract header names,
slowest part first.  A part is a dimension, whole (`i`) or cut by `/` and `%`: with O = 40 the
part `o/16` counts 0..2, `o%16` counts 0..15.  Blocks that reach past a dimension are filled
with zeros, so a kernel may compute with them and must not store what it gets.  Names of
dimensions that follow each other, joined, are one dimension: `khkwi/32` of (O, KH, KW, I)
counts blocks of 32 taps.

Elements that the contract calls nibbles are then put into bytes, two that follow each other
in that order in one: `@packs w (o, i/32, i%16, i/16%2)` makes i and i + 16 share a byte.

`@joins w` stores neighbours b0, b1 of that order as the int16 256 * b1 + b0, low byte first: a
16-bit multiplication then serves b1, and one of the sign-extended low byte serves b0.

`@flushes w` and `@slides w` have orders of their own: flushes.py, slides.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import KernelError, QuantError
from edgeq.kernels.catalog import Kernel
from edgeq.kernels.contract import Parameter
from edgeq.numerics.nibbles import to_nibbles
from edgeq.plan.flushes import flushed
from edgeq.plan.slides import slid

PART = re.compile(r"([a-z]\w*)((?:\s*[/%]\s*[1-9]\d*)*)$")
CUT = re.compile(r"([/%])\s*(\d+)")

Element = TypeVar("Element", bound=np.generic)


def pack(
    array: NDArray[Element], dims: tuple[str, ...], order: tuple[str, ...]
) -> NDArray[Element]:
    """`array` in blocked index order, flat, partial blocks filled with zeros.

    Args:
        array: any dtype, one dimension for each of `dims`.
        dims: names of the dimensions as in the header's shape comment, ("O", "I").
        order: parts from slowest to fastest, ("o/16", "i/4", "o%16", "i%4").

    Raises:
        KernelError: the parts of some dimension do not count each index exactly once.
    """
    array, names = _merged(array, _names(array.shape, dims), order)
    radices = _radices(names, order)
    blocked = {name: prod(r for r in _inner(radices, name)) for name in names}
    full = [-(-size // blocked[n]) * blocked[n] for n, size in zip(names, array.shape, strict=True)]
    filled = np.zeros(full, array.dtype)
    filled[tuple(map(slice, array.shape))] = array
    parts = [key for name in names for key in _parts(radices, name)]
    split = [radices[key] or full[names.index(key[0])] // blocked[key[0]] for key in parts]
    axes = [parts.index(key) for key in radices]
    return filled.reshape(split).transpose(axes).reshape(-1)


def together(order: tuple[str, ...], dimension: str) -> int:
    """How many indices of a dimension an order keeps together: 16 of `o` in (o/16, i, o%16)."""
    return prod(radix for name, _, radix in map(_part, order) if name == dimension and radix)


def pack_arguments(kernel: Kernel, args: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """`args` by parameter name, each as `stored` by `kernel`.

    Arguments absent from `args` (activations, which are never packed) are left out.
    """
    parameters = {q.name: q for q in kernel.contract.parameters}
    return {name: stored(kernel, parameters[name], array, args) for name, array in args.items()}


def stored(
    kernel: Kernel, parameter: Parameter, array: NDArray[Any], args: Mapping[str, Any] = {}
) -> NDArray[Any]:
    """A constant of logical shape as `kernel` wants it in memory: in its order, int4 in nibbles.

    `args` are all constants of the call, for what `@offset` adds.

    Raises:
        KernelError: its `@packs` is no index order of the parameter's dimensions.
        QuantError: a value does not fit int4.
    """
    for name, factor, source in kernel.offsets:
        if name == parameter.name:
            array = _offset(kernel, parameter, array, factor, kernel.contract.parameter(source),
                            args)  # fmt: skip
    order = dict(kernel.packs).get(parameter.name)
    if order is not None:
        try:
            array = pack(array, parameter.dims, order)
        except KernelError as error:
            raise KernelError(
                f"@packs {parameter.name} ({', '.join(order)})", where=str(kernel.path),
                why=error.what,
            ) from None  # fmt: skip
    if parameter.name in kernel.flushes:
        return flushed(array, f"{kernel.path}: @flushes {parameter.name}")
    if parameter.name in kernel.slides:
        return slid(array, f"{kernel.path}: @slides {parameter.name}")
    if parameter.name in kernel.joins:
        return joined(array, f"{kernel.path}: @joins {parameter.name}")
    return to_nibbles(array) if parameter.nibbles else array


def _offset(
    kernel: Kernel, parameter: Parameter, array: NDArray[Any], factor: int, source: Parameter,
    args: Mapping[str, Any],
) -> NDArray[Any]:  # fmt: skip
    """`array` plus `factor` times the sums of `source` over the dimensions that it has not.

    Modulo 2^32, as vectors of int32 add: what a kernel sums up with it is in range again.
    """
    weights = args.get(source.name)
    if not isinstance(weights, np.ndarray) or array.dtype != np.int32:
        raise KernelError(f"@offset {parameter.name} needs the constant {source.name}",
                          where=str(kernel.path))  # fmt: skip
    away = tuple(i for i, dim in enumerate(source.dims) if dim not in parameter.dims)
    sums: NDArray[np.int64] = array.astype(np.int64)
    sums = sums + factor * weights.astype(np.int64).sum(axis=away)
    return sums.astype(np.uint32).view(np.int32)


def joined(array: NDArray[Any], where: str) -> NDArray[np.int8]:
    """Neighbours b0, b1 of a flat int8 array as the bytes of the int16 256 * b1 + b0.

    Raises:
        KernelError: an odd number of elements, or no int8.
        QuantError: a sum does not fit int16, as b1 = -128 above a negative b0.
    """
    if array.dtype != np.int8 or array.size % 2:
        raise KernelError(
            f"{array.size} elements of {array.dtype} do not make int16 pairs", where=where
        )
    pairs = array.reshape(-1, 2).astype(np.int64)
    sums = 256 * pairs[:, 1] + pairs[:, 0]
    if sums.min(initial=0) < np.iinfo(np.int16).min:
        raise QuantError("a weight of -128 cannot be joined", where=where,
                         fix="the kernel must ask for min_w >= -127")  # fmt: skip
    return sums.astype("<i2").view(np.int8)


# A part is identified by (dimension, divisor): (d // divisor) % radix, radix 0 for the rest.
Key = tuple[str, int]


def _names(shape: tuple[int, ...], dims: tuple[str, ...]) -> tuple[str, ...]:
    if len(shape) != len(dims):
        raise KernelError(f"an array of shape {shape} does not have the dimensions {dims}")
    return tuple(d.lower() for d in dims)


def _merged(
    array: NDArray[Element], names: tuple[str, ...], order: tuple[str, ...]
) -> tuple[NDArray[Element], tuple[str, ...]]:
    """Dimensions that follow each other made one wherever a part names them joined."""
    asked = {match[1] for part in order if (match := PART.match(part))}
    for first, last in combinations(range(len(names) + 1), 2):
        joined = "".join(names[first:last])
        if last - first > 1 and joined in asked:
            shape = (*array.shape[:first], -1, *array.shape[last:])
            return _merged(array.reshape(shape), (*names[:first], joined, *names[last:]), order)
    return array, names


def _radices(names: tuple[str, ...], order: tuple[str, ...]) -> dict[Key, int]:
    """The parts in the order given, each with its radix; checked to be a bijection."""
    radices: dict[Key, int] = {}
    for text in order:
        name, divisor, radix = _part(text)
        if name not in names:
            raise KernelError(f"{text}: no dimension is called {name}, only {', '.join(names)}")
        if (name, divisor) in radices:
            raise KernelError(f"{text} counts what another part counts already")
        radices[name, divisor] = radix
    for name in names:
        _check(radices, name)
    return radices


@cache
def _part(text: str) -> tuple[str, int, int]:
    """(dimension, divisor, radix) of one part; radix 0 when nothing bounds it."""
    match = PART.match(text)
    if match is None:
        raise KernelError(f"'{text}' is not a dimension cut by / and %")
    divisor, radix = 1, 0
    for sign, digits in CUT.findall(match[2]):
        number = int(digits)
        if sign == "%":
            radix = number
        elif radix % number:
            raise KernelError(f"{text}: {number} does not divide {radix}")
        else:
            divisor, radix = divisor * number, radix // number
    return match[1], divisor, radix


def _parts(radices: dict[Key, int], name: str) -> list[Key]:
    """The parts of one dimension, slowest first."""
    return sorted((key for key in radices if key[0] == name), key=lambda key: -key[1])


def _inner(radices: dict[Key, int], name: str) -> list[int]:
    """The radices of every part of a dimension but the slowest."""
    return [radices[key] for key in _parts(radices, name)[1:]]


def _check(radices: dict[Key, int], name: str) -> None:
    reached = 1
    parts = _parts(radices, name)
    for key in reversed(parts):
        outermost = key == parts[0]
        if key[1] != reached or (radices[key] == 0) != outermost:
            raise KernelError(f"the parts of {name} do not count each of its indices once")
        reached *= radices[key]
    if not parts:
        raise KernelError(f"no part counts {name}")
