"""How well outputs fit labels: top-1, area under the ROC curve, average precision, squared error.

Sources: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006
(the area as the share of ordered pairs, ties counting half); M. Everingham et al., "The PASCAL
Visual Object Classes Challenge", IJCV 88, 2010 (average precision as the area under the
interpolated precision-recall curve).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.quantize.errors import decibels

Array = NDArray[Any]
Reals = NDArray[np.float64]
Score = tuple[float, dict[str, float]]
"""The metric, and its value for each class where there are classes."""

TWO = 2


def top1(outputs: Reals, y: Array) -> Score:
    """The share of samples whose largest output is the label's; for each label, of its samples.

    Args:
        outputs: (N, C).
        y: (N,) classes, positions in the output.
    """
    labels = _classes(outputs, y)
    right = outputs.argmax(axis=1) == labels
    return float(right.mean()), {
        str(c): float(right[labels == c].mean()) for c in np.unique(labels)
    }


def auc(outputs: Reals, y: Array) -> Score:
    """The area under the ROC curve.

    Args:
        outputs: (N, 1) scores, (N, 2) scores of no and yes, or (N, C): each class against the
            others, averaged.
        y: (N,) 0 and 1, or classes.
    """
    labels = _classes(outputs, y)
    if outputs.shape[1] <= TWO:
        _need(set(np.unique(labels)) == {0, 1}, "area under the curve needs labels 0 and 1")
        score = outputs[:, 0] if outputs.shape[1] == 1 else outputs[:, 1] - outputs[:, 0]
        return _area(score, labels == 1), {}
    present = [c for c in np.unique(labels) if not (labels == c).all()]
    _need(bool(present), "area under the curve needs two classes or more")
    areas = {str(c): _area(outputs[:, c], labels == c) for c in present}
    return float(np.mean(list(areas.values()))), areas


def mean_average_precision(outputs: Reals, y: Array) -> Score:
    """The mean over classes of the average precision of their scores, over all samples.

    Args:
        outputs: (N, C) scores.
        y: (N, C) with 1 where a sample is of a class, else 0; or (N,) classes.
    """
    truth = y.reshape(len(y), -1) == 1 if y.size == outputs.size else (
        _classes(outputs, y)[:, None] == np.arange(outputs.shape[1])
    )  # fmt: skip
    present = [c for c in range(outputs.shape[1]) if truth[:, c].any()]
    _need(bool(present), "average precision needs a class that occurs")
    found = {str(c): _average_precision(outputs[:, c], truth[:, c]) for c in present}
    return float(np.mean(list(found.values()))), found


def mean_squared_error(outputs: Reals, y: Array) -> Score:
    """The mean of (output - target)**2.

    Args:
        outputs: (N, C).
        y: targets, as many numbers.
    """
    _need(y.size == outputs.size, f"targets of shape {y.shape} for outputs of {outputs.shape}")
    return float(np.mean((outputs - np.asarray(y, np.float64).reshape(outputs.shape)) ** 2)), {}


METRICS: Mapping[str, Callable[[Reals, Array], Score]] = {
    "top1": top1, "auc": auc, "map": mean_average_precision, "mse": mean_squared_error,
}  # fmt: skip


def sqnr_db(signal: Reals, noisy: Reals) -> float:
    """10 log10 of the power of `signal` over that of the difference; infinite when equal."""
    return decibels(float(np.sum(signal**2)), float(np.sum((signal - noisy) ** 2)))


def _classes(outputs: Reals, y: Array) -> NDArray[np.int64]:
    """The labels as classes that the outputs have."""
    whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and np.array_equal(y, np.round(y)))
    _need(y.size == len(outputs) and whole, f"labels are {y.dtype} of shape {y.shape}")
    labels = y.reshape(-1).astype(np.int64)
    most = max(outputs.shape[1], TWO) - 1
    _need(
        bool(labels.min() >= 0 and labels.max() <= most),
        f"labels range from {labels.min()} to {labels.max()}, classes from 0 to {most}",
    )
    return labels


def _area(scores: Reals, positive: NDArray[np.bool_]) -> float:
    """The share of (positive, negative) pairs in order, ties counting half: by ranks."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse.reshape(-1)]
    yes, no = int(positive.sum()), int((~positive).sum())
    return float((ranks[positive].sum() - yes * (yes + 1) / 2) / (yes * no))


def _average_precision(scores: Reals, positive: NDArray[np.bool_]) -> float:
    """Area under precision over recall, precision never falling towards lower recall.

    Samples of equal score come together, whatever their order.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(positive[order])[ends]
    precision = hits / (np.flatnonzero(ends) + 1)
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(hits, prepend=0) * highest).sum() / positive.sum())


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise UsageError(what, fix="look at the array y")
