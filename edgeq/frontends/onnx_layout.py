"""Where the elements of an ONNX tensor lie: its dimensions, cut into atoms in memory order.

ONNX images are (N, C, H, W), edgeq's lie as (N, H, W, C).  A layout says which is which, so
that a transpose moves nothing and a reshape moves nothing as long as it cuts or joins whole
atoms; only an operator that needs another order makes a transpose.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from math import prod

from edgeq.ir import Shape

Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """A shape and its order in memory.

    sizes   of the atoms, outermost in memory first, each at least 2
    dims    for every dimension its atoms, outermost first; none where its size is 1
    """

    sizes: Shape
    dims: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(shape: Shape, order: Order | None = None) -> Layout:
        """Dimension order[i] of `shape` is the i-th in memory; as written without an order."""
        ranked = [d for d in (order or range(len(shape))) if shape[d] > 1]
        dims = tuple((ranked.index(d),) if n > 1 else () for d, n in enumerate(shape))
        return Layout(tuple(shape[d] for d in ranked), dims)

    @property
    def shape(self) -> Shape:
        return tuple(prod(self.sizes[a] for a in dim) for dim in self.dims)

    @property
    def atoms(self) -> tuple[int, ...]:
        """Every atom, in the order of the dimensions."""
        return tuple(a for dim in self.dims for a in dim)

    def in_order(self, order: Order) -> tuple[int, ...]:
        """Every atom, when the dimensions come in `order`."""
        return tuple(a for d in order for a in self.dims[d])

    def lies(self, order: Order) -> bool:
        """Whether memory holds the dimensions in `order`."""
        return self.in_order(order) == tuple(range(len(self.sizes)))

    def transposed(self, perm: Order) -> Layout:
        """Dimension i becomes what was dimension perm[i]."""
        return Layout(self.sizes, tuple(self.dims[p] for p in perm))

    def reshaped(self, shape: Shape) -> Layout | None:
        """The same memory under another shape; None when that cuts through an atom."""
        left = [(a, self.sizes[a]) for a in self.atoms]
        taken: list[tuple[int, int]] = []  # atom, size of the piece; pieces come outermost first
        dims: list[list[int]] = []
        for size in shape:
            dims.append([])
            while size > 1:
                if not left:
                    return None
                atom, piece = left.pop(0)
                if piece % size == 0 and piece > size:
                    left.insert(0, (atom, piece // size))
                    piece = size
                if size % piece:
                    return None
                dims[-1].append(len(taken))
                taken.append((atom, piece))
                size //= piece
        return None if left else _joined(taken, dims)

    def order(self) -> Order | None:
        """The dimensions as memory holds them; None when one of them is torn apart.

        Dimensions of size 1 may stand anywhere: channels last where that fits four
        dimensions, else as written, else in front.
        """
        if any(len(dim) > 1 for dim in self.dims):
            return None
        rank = len(self.dims)
        wishes = [channels_last(rank), tuple(range(rank))]
        for wish in wishes if rank == len("NCHW") else wishes[::-1]:
            if self.lies(wish):
                return wish
        ones = [d for d, dim in enumerate(self.dims) if not dim]
        long = sorted((d for d, dim in enumerate(self.dims) if dim), key=lambda d: self.dims[d])
        return (*ones, *long)

    def usual_order(self) -> Order:
        """`order`, or what to bring a torn tensor into: images channels last."""
        rank = len(self.dims)
        return self.order() or (channels_last(rank) if rank == len("NCHW") else tuple(range(rank)))

    def extended(self, rank: int) -> Layout:
        """Dimensions of size 1 in front, as broadcasting adds them."""
        return Layout(self.sizes, ((),) * (rank - len(self.dims)) + self.dims)


def channels_last(rank: int) -> Order:
    """(N, C, ...) to (N, ..., C)."""
    return (0, *range(2, rank), 1) if rank > 1 else tuple(range(rank))


def _joined(taken: list[tuple[int, int]], dims: list[list[int]]) -> Layout:
    """Number the pieces as they lie; neighbours in memory and in one dimension are one atom."""
    pieces = [i for dim in dims for i in dim]
    memory = sorted(pieces, key=lambda i: (taken[i][0], i))
    place = {piece: at for at, piece in enumerate(memory)}
    leads = [True] * len(pieces)
    for dim in dims:
        for a, b in itertools.pairwise(dim):
            if place[b] == place[a] + 1:
                leads[place[b]] = False
    atom, number = [], -1
    for lead in leads:
        number += lead
        atom.append(number)
    sizes = [1] * (number + 1)
    for piece in pieces:
        sizes[atom[place[piece]]] *= taken[piece][1]
    found = [[atom[place[i]] for i in dim if leads[place[i]]] for dim in dims]
    return Layout(tuple(sizes), tuple(tuple(dim) for dim in found))
