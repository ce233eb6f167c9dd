"""Metrics by their definitions, on cases small enough to count by hand."""

from __future__ import annotations

from itertools import pairwise, product
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.errors import UsageError
from edgeq.measure.metrics import METRICS, auc, mean_average_precision, sqnr_db, top1


def test_top1_counts_by_class() -> None:
    outputs = np.array([[3.0, 1, 2], [0, 5, 5], [0, 1, 9], [7, 1, 2]])
    value, classes = top1(outputs, np.array([0, 1, 2, 2]))
    assert value == 0.75  # of equal outputs the first counts, as in the C code
    assert classes == {"0": 1.0, "1": 1.0, "2": 0.5}


def area_by_pairs(scores: list[float], positive: list[bool]) -> float:
    """The definition: pairs in order, ties half."""
    yes = [s for s, p in zip(scores, positive, strict=True) if p]
    no = [s for s, p in zip(scores, positive, strict=True) if not p]
    return sum((a > b) + (a == b) / 2 for a, b in product(yes, no)) / (len(yes) * len(no))


LABELLED = st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=30).filter(
    lambda rows: len({label for _, label in rows}) == 2
)


@given(LABELLED)
def test_the_area_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    scores = [float(score) for score, _ in rows]
    labels = [label for _, label in rows]
    wanted = area_by_pairs(scores, labels)
    column = np.array(scores)[:, None]
    assert auc(column, np.array(labels, int))[0] == pytest.approx(wanted)
    assert auc(np.hstack([-column, column]), np.array(labels, int))[0] == pytest.approx(wanted)


def test_the_area_of_many_classes_is_their_mean() -> None:
    outputs = np.array([[5.0, 1, 0], [4, 2, 1], [1, 3, 2], [2, 2, 2], [0, 1, 9]])
    labels = np.array([0, 0, 1, 1, 2])
    value, classes = auc(outputs, labels)
    wanted = {str(c): area_by_pairs(outputs[:, c].tolist(), (labels == c).tolist())
              for c in range(3)}  # fmt: skip
    assert classes == pytest.approx(wanted)
    assert value == pytest.approx(np.mean(list(wanted.values())))


def precision_by_thresholds(scores: list[float], positive: list[bool]) -> float:
    """The definition: at every threshold recall and precision, which never falls to the left."""
    points = []
    for threshold in sorted(set(scores), reverse=True):
        taken = [p for s, p in zip(scores, positive, strict=True) if s >= threshold]
        points.append((sum(taken) / sum(positive), sum(taken) / len(taken)))
    highest = [(r, max(p for q, p in points if q >= r)) for r, _ in points]
    return sum((b[0] - a[0]) * b[1] for a, b in pairwise([(0.0, 0.0), *highest]))


@given(LABELLED)
def test_average_precision_is_the_area_under_its_curve(rows: list[tuple[int, bool]]) -> None:
    scores = [float(score) for score, _ in rows]
    labels = [label for _, label in rows]
    found, classes = mean_average_precision(np.array(scores)[:, None], np.array(labels, int))
    # one output: labels (N, 1), where 1 is of the class
    assert found == classes["0"] == pytest.approx(precision_by_thresholds(scores, labels))


def test_mean_average_precision_takes_many_labels_or_one() -> None:
    outputs = np.array([[0.9, 0.1], [0.8, 0.7], [0.1, 0.9], [0.2, 0.3]])
    many = np.array([[1, 0], [0, 1], [0, 1], [1, 1]])
    value, classes = mean_average_precision(outputs, many)
    wanted = {str(c): precision_by_thresholds(outputs[:, c].tolist(), (many[:, c] == 1).tolist())
              for c in range(2)}  # fmt: skip
    assert classes == pytest.approx(wanted)
    assert value == pytest.approx(np.mean(list(wanted.values())))
    single, by_class = mean_average_precision(outputs, np.array([0, 1, 1, 0]))
    assert by_class["0"] == pytest.approx(
        precision_by_thresholds([0.9, 0.8, 0.1, 0.2], [True, False, False, True])
    )
    assert single == pytest.approx(np.mean(list(by_class.values())))


def test_squared_error_and_noise() -> None:
    outputs = np.array([[1.0, 2], [3, 4]])
    assert METRICS["mse"](outputs, np.array([[[1], [1]], [[3], [6]]]))[0] == 5 / 4
    assert sqnr_db(outputs, outputs) == inf
    assert sqnr_db(np.zeros(3), np.ones(3)) == -inf
    assert sqnr_db(np.full(9, 10.0), np.full(9, 11.0)) == pytest.approx(20)


@pytest.mark.parametrize(
    ("metric", "outputs", "labels", "said"),
    [
        ("top1", np.ones((3, 2)), np.array([0, 1, 2]), "labels range from 0 to 2"),
        ("top1", np.ones((3, 2)), np.array([-1, 0, 1]), "labels range from -1"),
        ("top1", np.ones((3, 2)), np.array([0.5, 0, 1]), "labels are float64"),
        ("top1", np.ones((3, 2)), np.ones((3, 2), int), r"of shape \(3, 2\)"),
        ("top1", np.ones((3, 2)), np.array(["a", "b", "c"]), "labels are <U1"),
        ("auc", np.ones((3, 1)), np.array([1, 1, 1]), "needs labels 0 and 1"),
        ("auc", np.ones((3, 4)), np.array([2, 2, 2]), "needs two classes"),
        ("map", np.ones((3, 2)), np.zeros((3, 2)), "needs a class that occurs"),
        ("mse", np.ones((3, 2)), np.ones(3), r"targets of shape \(3,\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(
    metric: str, outputs: np.ndarray, labels: np.ndarray, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        METRICS[metric](outputs, labels)
