"""Classes of unequal size: what a network that knows nothing but the shares of the classes is drawn to, and what weighting changes.

Predicting the same ŷ for every sample costs `C(ŷ) = w·π·L(ŷ, 1) + (1 − π)·L(ŷ, 0)`, with π the share of the positives and w their weight
(torch.nn.BCEWithLogitsLoss, pos_weight). Cross-entropy and squared error both have their minimum at `w·π/(w·π + 1 − π)`.

Source: Elkan (2001), The foundations of cost-sensitive learning, section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from nnviz.core.losses import Loss, get_loss, share_of_label

Array = NDArray[np.floating]


def constant_cost(loss: str | Loss, predictions: ArrayLike, share: float, weight: float = 1.0) -> tuple[Array, Array]:
    """What positives and negatives add to the cost when every sample is predicted alike: two arrays of the shape of `predictions`.

    Raises
    ------
    ValueError
        A share outside [0, 1], or a weight that is negative or not finite.
    """
    loss, predictions = checked(loss, share, weight), np.asarray(predictions, dtype=float)
    row = predictions.reshape(1, -1)
    # A class that is not there costs nothing, also where its loss would be infinite.
    with np.errstate(all="ignore"):
        positives = share_of_label(np.asarray(weight * share), loss.values(row, [[1.0]]))
        negatives = share_of_label(np.asarray(1 - share), loss.values(row, [[0.0]]))
    return positives.reshape(predictions.shape), negatives.reshape(predictions.shape)


def constant_slope(loss: str | Loss, predictions: ArrayLike, share: float, weight: float = 1.0) -> Array:
    """The derivative of that cost by the prediction, of the shape of `predictions`. Raises as `constant_cost`."""
    loss, predictions = checked(loss, share, weight), np.asarray(predictions, dtype=float)
    row = predictions.reshape(1, -1)
    with np.errstate(all="ignore"):
        positives = share_of_label(np.asarray(weight * share), loss.derivative(row, [[1.0]]))
        slope = positives + share_of_label(np.asarray(1 - share), loss.derivative(row, [[0.0]]))
    return slope.reshape(predictions.shape)


def weighted_share(share: float, weight: float = 1.0) -> float:
    """`w·π/(w·π + 1 − π)`, the best prediction for all under cross-entropy and squared error; ½ where nothing counts."""
    total = weight * share + 1 - share
    return weight * share / total if total > 0 else 0.5


def best_constant(loss: str | Loss, share: float, weight: float = 1.0) -> float:
    """The prediction in [0, 1] that costs least. Raises as `constant_cost`.

    Examples
    --------
    >>> round(best_constant("binary_cross_entropy", 0.05), 4), round(best_constant("binary_cross_entropy", 0.05, 19.0), 4)
    (0.05, 0.5)
    """
    loss = checked(loss, share, weight)

    def cost(prediction: float) -> float:
        return float(sum(part.item() for part in constant_cost(loss, np.array([prediction]), share, weight)))

    found = minimize_scalar(cost, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    return min((float(found.x), 0.0, 1.0), key=lambda place: (np.nan_to_num(cost(place), nan=np.inf), abs(place - 0.5)))


def checked(loss: str | Loss, share: float, weight: float) -> Loss:
    """The loss, once share and weight are known to be sensible."""
    if not 0 <= share <= 1:
        raise ValueError(f"the share of the positives is {share}: it needs to be a number from 0 to 1")
    if not 0 <= weight < np.inf:
        raise ValueError(f"the weight of the positives is {weight}: it needs to be a finite number of 0 or more")
    return get_loss(loss)
