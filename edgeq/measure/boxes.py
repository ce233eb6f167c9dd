"""Average precision of detected boxes, as COCO measures it.

Boxes are corners x1, y1, x2, y2 in any one unit, the same for outputs and labels.  A network
gives boxes (A, 4) and scores (A, C) for A anchors.  For each class anchors of a score above
LEAST_SCORE are detections; of those that overlap by more than SUPPRESSED the best stays (greedy
non-maximum suppression), and of each picture the MOST best ones count.  In the order of their
scores detections take the free labelled box that they overlap most, by at least the threshold;
precision at a recall is the highest at that recall or above, and its mean over 101 recalls is
the average precision.

Sources: T.-Y. Lin et al., "Microsoft COCO: Common Objects in Context", 2014, and its evaluation's
definitions (101 recalls, thresholds 0.5, 0.55, ... 0.95, 100 detections a picture).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeq.errors import UsageError
from edgeq.measure.metrics import Score

Array = NDArray[Any]
Reals = NDArray[np.float64]

CORNERS = 4
LABEL = 5  # class, x1, y1, x2, y2
LEAST_SCORE = 0.01
SUPPRESSED = 0.5
MOST = 100
RECALLS = np.linspace(0, 1, 101)
THRESHOLDS = {
    "map": tuple(0.5 + 0.05 * i for i in range(10)),
    "map50": (0.5,),
}
"""Overlaps (intersection over union) that count as found, by metric."""


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What was found in one picture: boxes (n, 4), their scores and classes (n,), best first."""

    boxes: Reals
    scores: Reals
    classes: NDArray[np.int64]


def detections(outputs: Sequence[Reals]) -> Detections:
    """The detections of one picture in a network's outputs.

    Args:
        outputs: one of shape (..., A, 4), the boxes, and one of shape (..., A, C), the scores;
            others are left alone.

    Raises:
        UsageError: there is no such pair.
    """
    boxes, scores = _pair(outputs)
    found: list[tuple[float, int, int]] = []
    for c in range(scores.shape[1]):
        kept = _suppressed(boxes, scores[:, c])
        found += [(-float(scores[anchor, c]), c, anchor) for anchor in kept]
    best = sorted(found)[:MOST]
    anchors = np.array([anchor for _, _, anchor in best], np.int64)
    return Detections(boxes[anchors], np.array([-s for s, _, _ in best]),
                      np.array([c for _, c, _ in best], np.int64))  # fmt: skip


def box_precision(found: Sequence[Detections], y: Array, metric: str) -> Score:
    """The mean over classes of their average precision, itself the mean over thresholds.

    Args:
        found: one for each picture.
        y: (N, M, 5) of class, x1, y1, x2, y2; rows of a class below 0 are none.
        metric: a name of THRESHOLDS.

    Raises:
        UsageError: labels of another shape, or none at all.
    """
    if y.ndim != LABEL - 2 or y.shape[2] != LABEL:
        raise UsageError(f"labels have shape {y.shape}",
                         why="boxes are (N, M, 5): class, x1, y1, x2, y2")  # fmt: skip
    present = sorted({int(c) for c in np.unique(y[..., 0]) if c >= 0})
    if not present:
        raise UsageError("no picture has a labelled box", fix="look at the array y")
    by_class = {
        str(c): float(np.mean([_average(found, y, c, t) for t in THRESHOLDS[metric]]))
        for c in present
    }
    return float(np.mean(list(by_class.values()))), by_class


def overlaps(box: Reals, others: Reals) -> Reals:
    """Intersection over union of one box (4,) with others (n, 4)."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(np.clip(others[:, 2:] - others[:, :2], 0, None), axis=1)
    union = areas + float(np.prod(np.clip(box[2:] - box[:2], 0, None))) - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(union), where=union > 0))


def _pair(outputs: Sequence[Reals]) -> tuple[Reals, Reals]:
    matrices = [o.reshape(-1, o.shape[-1]) for o in outputs if o.ndim > 1]
    for boxes in matrices:
        scores = [m for m in matrices if m is not boxes and len(m) == len(boxes)]
        if boxes.shape[1] == CORNERS and scores:
            return boxes, scores[0]
    said = ", ".join(str(o.shape) for o in outputs)
    raise UsageError(
        f"the outputs {said} are no detections",
        why="labels (N, M, 5) ask for boxes (A, 4) and scores (A, C) for the same A",
        fix="decode the boxes in the model, as corners x1, y1, x2, y2",
    )


def _suppressed(boxes: Reals, scores: Reals) -> list[int]:
    """The anchors of one class that stay, best first."""
    order = [int(a) for a in np.argsort(-scores, kind="stable") if scores[a] > LEAST_SCORE]
    left, kept = np.array(order, np.int64), list[int]()
    while left.size and len(kept) < MOST:
        best, left = int(left[0]), left[1:]
        kept.append(best)
        left = left[overlaps(boxes[best], boxes[left]) <= SUPPRESSED]
    return kept


def _average(found: Sequence[Detections], y: Array, c: int, threshold: float) -> float:
    """The average precision of one class at one threshold."""
    scores: list[float] = []
    hits: list[bool] = []
    wanted = 0
    for picture, labels in zip(found, y, strict=True):
        truth = np.asarray(labels[labels[:, 0] == c, 1:], np.float64)
        mine = picture.classes == c
        wanted += len(truth)
        scores += picture.scores[mine].tolist()
        hits += _matched(picture.boxes[mine], truth, threshold)
    order = np.argsort(-np.array(scores), kind="stable")
    right = np.cumsum(np.array(hits, np.float64)[order])
    recall, precision = right / wanted, right / np.arange(1, len(right) + 1)
    highest = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(highest[np.searchsorted(recall, RECALLS - 1e-12)].mean())


def _matched(boxes: Reals, truth: Reals, threshold: float) -> list[bool]:
    """Which detections of one picture, best first, take a labelled box that is still free."""
    free = np.ones(len(truth), bool)
    hits = []
    for box in boxes:
        shared = np.where(free, overlaps(box, truth), -1.0)
        best = int(np.argmax(shared)) if len(truth) else -1
        hit = best >= 0 and bool(shared[best] >= threshold - 1e-12)
        if hit:
            free[best] = False
        hits.append(hit)
    return hits
