"""Looking into input space: the plane (or line) of inputs on which a network's outputs are drawn, and what its units say there.

With two coordinates the plane is all there is. With more, two are chosen and the others held at their training means, or the plane is that
of the two largest principal components (Jolliffe 2002, section 1.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnviz.core.network import Network
from nnviz.core.samples import DataSet

Array = NDArray[np.floating]
CHUNK_NUMBERS = 2_000_000  # of activations held at once


@dataclass(frozen=True, eq=False)
class Slice:
    """A grid in input space, and where the samples lie over it."""

    x: Array  # (r,)
    y: Array  # (r,); empty for a line
    inputs: Array  # (n, r·r), row by row of y, as the network sees them; (n, r) for a line
    samples: Array  # (2, m), or (1, m) for a line
    names: tuple[str, ...]  # of the axes
    held: str  # what was done with the other coordinates, "" where there are none

    @property
    def shape(self) -> tuple[int, ...]:
        """(r, r), or (r,) for a line."""
        return (len(self.y), len(self.x)) if len(self.y) else (len(self.x),)


def slice_of(data: DataSet, axes: tuple[int, int] | None = None, resolution: int = 50) -> Slice:
    """The plane of two coordinates of the data, the others at their means; of the principal components where `axes` is None.

    Data of two coordinates need no choice, data of one give a line.

    Raises
    ------
    ValueError
        A coordinate that is not there, or the same one twice.

    Examples
    --------
    >>> from nnviz.core.datasets import DATASETS
    >>> seen = slice_of(DATASETS["iris"](), axes=(2, 3), resolution=20)
    >>> seen.inputs.shape, seen.shape, seen.held
    ((4, 400), (20, 20), '2 other coordinates at their means')
    """
    count = data.coordinates.shape[0]
    if count == 1:
        x = np.linspace(*data.bounds[0], 4 * resolution)
        return Slice(x, np.empty(0), data.at(x[None]), data.coordinates[:1], data.coordinate_names[:1], "")
    if count == 2 or axes is not None:
        first, second = (0, 1) if axes is None else axes
        if first == second or not (0 <= first < count and 0 <= second < count):
            raise ValueError(f"coordinates {first} and {second} were asked for: choose two different ones from 0 to {count - 1}")
        return _of_coordinates(data, first, second, resolution)
    return _principal(data, resolution)


def _of_coordinates(data: DataSet, first: int, second: int, resolution: int) -> Slice:
    x, y = (np.linspace(*data.bounds[axis], resolution) for axis in (first, second))
    points = np.repeat(data.coordinates[:, data.train_index].mean(axis=1)[:, None], resolution**2, axis=1)
    grid_x, grid_y = np.meshgrid(x, y)
    points[first], points[second] = grid_x.ravel(), grid_y.ravel()
    others = data.coordinates.shape[0] - 2
    held = f"{others} other coordinate{'s' if others > 1 else ''} at their means" if others else ""
    names = (data.coordinate_names[first], data.coordinate_names[second])
    return Slice(x, y, data.at(points), data.coordinates[[first, second]], names, held)


@dataclass(frozen=True, eq=False)
class PrincipalPlane:
    """The plane through the mean of what the network sees, in which the training part differs most (Jolliffe, 2002, section 1.1)."""

    centre: Array  # (n, 1)
    directions: Array  # (n, 2), of length 1; each sign is that of the direction's largest entry
    names: tuple[str, str]  # of the axes, with the share of the variance along each

    def places(self, inputs: Array) -> Array:
        """Where inputs (n, m) lie in it, (2, m)."""
        return self.directions.T @ (inputs - self.centre)


def principal_plane(data: DataSet) -> PrincipalPlane:
    """Of data with two inputs or more."""
    centre = data.train.X.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh((data.train.X - centre) @ (data.train.X - centre).T)
    directions = vectors[:, :-3:-1]
    directions = directions * np.sign(directions[np.abs(directions).argmax(axis=0), [0, 1]])
    shares = values[:-3:-1] / max(float(values.sum()), np.finfo(float).tiny)
    return PrincipalPlane(centre, directions, (f"principal component 1 ({shares[0]:.0%})", f"principal component 2 ({shares[1]:.0%})"))


def _principal(data: DataSet, resolution: int) -> Slice:
    plane = principal_plane(data)
    samples = plane.places(data.inputs)
    low, high = samples.min(axis=1), samples.max(axis=1)
    margin = np.where(high > low, 0.05 * (high - low), 1.0)
    x, y = (np.linspace(low[axis] - margin[axis], high[axis] + margin[axis], resolution) for axis in (0, 1))
    grid_x, grid_y = np.meshgrid(x, y)
    inputs = plane.centre + plane.directions @ np.stack([grid_x.ravel(), grid_y.ravel()])
    return Slice(x, y, inputs, samples, plane.names, f"the plane in which {data.coordinates.shape[0]} coordinates differ most")


def activations_on(network: Network, theta: ArrayLike, inputs: Array, layers: tuple[int, ...]) -> list[Array]:
    """The activations of some layers at many points for many networks, a few networks at a time.

    Parameters
    ----------
    theta : (s, P)
    inputs : (n, points)
    layers : numbers from 1 to L

    Returns
    -------
    list of (s, k, points) float32, one for each of the layers
    """
    theta = np.atleast_2d(np.asarray(theta, dtype=float))
    made = [np.empty((len(theta), network.sizes[layer], inputs.shape[1]), dtype=np.float32) for layer in layers]
    chunk = max(1, CHUNK_NUMBERS // (sum(network.sizes) * inputs.shape[1]))
    with np.errstate(all="ignore"):
        for start in range(0, len(theta), chunk):
            forward = network.forward(theta[start : start + chunk], inputs)
            for found, layer in zip(made, layers, strict=True):
                found[start : start + chunk] = forward.A[layer]
    return made
