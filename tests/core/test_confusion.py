"""Confusion matrices count every sample once, batched as one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.core.confusion import confusion_matrix, precision_and_recall, predicted_classes


def test_one_output_is_a_probability_of_the_second_class():
    assert predicted_classes(np.array([[0.2, 0.5, 0.9]])).tolist() == [0, 0, 1]


def test_several_outputs_are_won_by_the_largest_and_nan_never_wins():
    assert predicted_classes(np.array([[0.2, np.nan], [0.5, 0.1], [0.3, 0.0]])).tolist() == [1, 1]


@given(st.integers(2, 5), st.integers(1, 30), st.integers(0, 10_000))
def test_every_sample_is_counted_once_and_batches_are_their_members(classes, samples, seed):
    rng = np.random.default_rng(seed)
    labels, predicted = rng.integers(classes, size=samples), rng.integers(classes, size=(3, samples))
    matrices = confusion_matrix(predicted, labels, classes)
    assert (matrices.sum(axis=-1) == np.bincount(labels, minlength=classes)).all()
    assert np.array_equal(matrices[1], confusion_matrix(predicted[1], labels, classes))


def test_perfect_predictions_have_precision_and_recall_one_and_absent_classes_none():
    precision, recall = precision_and_recall(confusion_matrix([0, 1, 1], [0, 1, 1], 3))
    assert precision[:2] == pytest.approx(1)
    assert recall[:2] == pytest.approx(1)
    assert np.isnan([precision[2], recall[2]]).all()
