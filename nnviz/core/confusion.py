"""Which class was taken for which: the confusion matrix, and precision and recall of each class (Murphy 2022, section 5.1.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
Index = NDArray[np.integer]


def predicted_classes(outputs: ArrayLike) -> Index:
    """The class each sample is taken for: the largest of k outputs, or whether the single one is above ½; (..., k, m) to (..., m)."""
    outputs = np.asarray(outputs)
    if outputs.shape[-2] == 1:
        return (outputs[..., 0, :] > 0.5).astype(np.intp)
    return np.nan_to_num(outputs, nan=-np.inf).argmax(axis=-2)


def confusion_matrix(predicted: ArrayLike, labels: ArrayLike, classes: int) -> Index:
    """How many samples of each class (rows) were taken for which (columns); (..., m) to (..., classes, classes).

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 1], [0, 0, 1, 1], 2).tolist()
    [[1, 1], [0, 2]]
    """
    predicted, labels = np.asarray(predicted, dtype=np.intp), np.asarray(labels, dtype=np.intp)
    rows = predicted.reshape(-1, predicted.shape[-1])
    offsets = np.arange(len(rows))[:, None] * classes**2
    counts = np.bincount((offsets + labels * classes + rows).ravel(), minlength=len(rows) * classes**2)
    return counts.reshape(*predicted.shape[:-1], classes, classes)


def precision_and_recall(matrix: ArrayLike) -> tuple[Array, Array]:
    """Of those taken for a class, how many are of it; of those of a class, how many were found; NaN where there are none; (..., classes).

    Examples
    --------
    >>> precision, recall = precision_and_recall([[1, 1], [0, 2]])
    >>> precision.round(3).tolist(), recall.tolist()
    ([1.0, 0.667], [0.5, 1.0])
    """
    matrix = np.asarray(matrix, dtype=float)
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    with np.errstate(all="ignore"):
        return right / matrix.sum(axis=-2), right / matrix.sum(axis=-1)
