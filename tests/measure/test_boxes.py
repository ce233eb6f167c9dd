"""Average precision of boxes, on pictures small enough to work out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import UsageError
from edgeq.measure.boxes import (
    LEAST_SCORE,
    MOST,
    THRESHOLDS,
    Detections,
    box_precision,
    detections,
    overlaps,
)
from edgeq.measure.tally import Boxes, Rows, Rule

UNIT = [0.0, 0.0, 1.0, 1.0]
FAR = [5.0, 5.0, 6.0, 6.0]


def found(*rows: tuple[list[float], float, int]) -> Detections:
    boxes, scores, classes = zip(*rows, strict=True) if rows else ([], [], [])
    return Detections(np.array(boxes, float).reshape(-1, 4), np.array(scores, float),
                      np.array(classes, np.int64))  # fmt: skip


def labels(*pictures: list[list[float]]) -> np.ndarray:
    """Rows of class, x1, y1, x2, y2; short pictures are filled up with class -1."""
    most = max(len(rows) for rows in pictures)
    return np.array([rows + [[-1.0, 0, 0, 0, 0]] * (most - len(rows)) for rows in pictures])


def test_overlap_is_intersection_over_union() -> None:
    others = np.array([UNIT, [0.5, 0, 1.5, 1], [0, 0, 2, 2], [1, 1, 2, 2], [0.2, 0.2, 0.2, 0.9]])
    assert overlaps(np.array(UNIT), others) == pytest.approx([1, 1 / 3, 1 / 4, 0, 0])
    assert overlaps(np.array([1.0, 1, 1, 1]), np.array([[1.0, 1, 1, 1]])) == 0


def test_everything_found_is_one() -> None:
    y = labels([[0, *UNIT], [1, *FAR]], [[1, *UNIT]])
    pictures = [found((UNIT, 0.9, 0), (FAR, 0.4, 1)), found((UNIT, 0.3, 1))]
    assert box_precision(pictures, y, "map") == (1.0, {"0": 1.0, "1": 1.0})


def test_nothing_found_is_zero() -> None:
    y = labels([[0, *UNIT]])
    assert box_precision([found()], y, "map50") == (0.0, {"0": 0.0})
    assert box_precision([found((UNIT, 0.9, 1))], y, "map50")[0] == 0


def test_a_wrong_box_between_two_right_ones() -> None:
    """Precision 1 to a recall of 1/2, then 2/3: recalls 0 to 0.5 are 51 of 101, the rest 50."""
    y = labels([[0, *UNIT], [0, *FAR]])
    picture = found((UNIT, 0.9, 0), ([8.0, 8, 9, 9], 0.8, 0), (FAR, 0.7, 0))
    assert box_precision([picture], y, "map50")[0] == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_label_is_taken_once() -> None:
    """The second box on the same label is wrong; the other label is never found."""
    y = labels([[0, *UNIT], [0, *FAR]])
    picture = found((UNIT, 0.9, 0), (UNIT, 0.8, 0))
    assert box_precision([picture], y, "map50")[0] == pytest.approx(51 / 101)


def test_scores_of_all_pictures_are_sorted_together() -> None:
    """A wrong box of another picture with the best score halves the precision everywhere."""
    y = labels([[0, *UNIT]], [[0, *UNIT]])
    pictures = [found((UNIT, 0.5, 0)), found((FAR, 0.9, 0))]
    assert box_precision(pictures, y, "map50")[0] == pytest.approx(51 * 0.5 / 101)


def test_thresholds_are_averaged() -> None:
    """An overlap of 0.8 counts at 0.5, 0.55, ... 0.8: seven of ten thresholds."""
    y = labels([[3, *UNIT]])
    picture = found(([0.0, 0, 1, 0.8], 0.9, 3))
    assert len(THRESHOLDS["map"]) == 10
    value, by_class = box_precision([picture], y, "map")
    assert value == by_class["3"] == pytest.approx(0.7)
    assert box_precision([picture], y, "map50")[0] == 1


def test_overlapping_detections_are_suppressed_class_by_class() -> None:
    near = [0.0, 0, 1, 0.9]
    boxes = np.array([[UNIT, near, FAR, FAR]])
    scores = np.array([[[0.6, 0.1], [0.9, 0.2], [LEAST_SCORE, 0.5], [0.005, 0.05]]])
    picture = detections([scores, boxes])
    assert picture.scores.tolist() == [0.9, 0.5, 0.2]
    assert picture.classes.tolist() == [0, 1, 1]
    assert picture.boxes.tolist() == [near, FAR, near]


def test_a_picture_has_a_hundred_detections_at_most() -> None:
    corner = np.arange(150.0)[:, None] * [10, 10, 10, 10] + UNIT
    scores = np.linspace(0.1, 0.9, 150)[:, None]
    picture = detections([corner, scores])
    assert len(picture.scores) == MOST == 100
    assert picture.scores.min() == pytest.approx(scores[50, 0])


@pytest.mark.parametrize("shapes", [[(1, 9, 4)], [(1, 9, 4), (1, 8, 2)], [(1, 9, 3), (1, 9, 2)]])
def test_other_outputs_are_refused(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(UsageError, match="no detections"):
        detections([np.zeros(s) for s in shapes])


def test_labels_that_are_no_boxes_are_refused() -> None:
    with pytest.raises(UsageError, match=r"shape \(1, 4\)"):
        box_precision([found()], np.zeros((1, 4)), "map50")
    with pytest.raises(UsageError, match="no picture has a labelled box"):
        box_precision([found()], np.full((1, 2, 5), -1.0), "map50")


def test_labels_choose_the_kind_of_map() -> None:
    assert isinstance(Rule("map", np.zeros((3, 2, 5)), rebuilds=False).tally(), Boxes)
    assert isinstance(Rule("map50", np.zeros((3, 2)), rebuilds=False).tally(), Boxes)
    assert isinstance(Rule("map", np.zeros((3, 5)), rebuilds=False).tally(), Rows)
