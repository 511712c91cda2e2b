"""What a network is made from, checked: its sizes, its activations and its batch dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from numbers import Integral

from nnviz.core.activations import Activation, get_activation

MOST_NUMBERS = 2**28  # that an initialiser draws at once: 2 GB


def checked_sizes(sizes: Iterable[int]) -> tuple[int, ...]:
    """Layer sizes as a tuple of int, or a ValueError that says which is wrong."""
    try:
        given = tuple(sizes)
    except TypeError as error:
        raise ValueError(f"sizes is {sizes!r:.60}: it needs a sequence such as (2, 8, 1), the inputs first, the outputs last") from error
    wrong = [size for size in given if isinstance(size, bool) or not isinstance(size, Integral) or size < 1]
    if wrong:
        raise ValueError(f"sizes holds {wrong[0]!r:.60}: each layer needs a whole number of units, 1 or more, as in (2, 8, 1)")
    if len(given) < 2:
        raise ValueError(f"sizes is {given}: a network needs at least 2 sizes, its inputs and its outputs")
    return tuple(int(size) for size in given)


def layer_activations(activations: str | Activation | Sequence[str | Activation], layers: int) -> tuple[Activation, ...]:
    """One activation a layer; a single one stands for every layer."""
    if isinstance(activations, str | Activation):
        return (get_activation(activations),) * layers
    try:
        given = tuple(activations)
    except TypeError as error:
        raise ValueError(f"activations is {activations!r:.60}: give one name, or one for each of the {layers} layers") from error
    if len(given) != layers:
        names = ", ".join(f"{f!r:.20}" for f in given[:8])
        raise ValueError(f"{len(given)} activations were given ({names}) and there are {layers} layers after the input: give one for each")
    return tuple(get_activation(f) for f in given)


def checked_batch(batch: int | Sequence[int]) -> tuple[int, ...]:
    """Batch dimensions as a tuple of int."""
    given = (batch,) if isinstance(batch, Integral) or not isinstance(batch, Iterable) else tuple(batch)
    if any(not isinstance(size, Integral) or size < 0 for size in given):
        raise ValueError(f"batch is {batch!r:.60}: it needs whole numbers of 0 or more, as in (48,)")
    return tuple(int(size) for size in given)


def draw_shape(batch: int | Sequence[int], parameters: int) -> tuple[int, ...]:
    """(*batch, parameters), as an initialiser draws it; ValueError where that is too much at once."""
    shape = (*checked_batch(batch), parameters)
    if prod(shape) > MOST_NUMBERS:
        raise ValueError(f"theta would be {shape}: at most {MOST_NUMBERS} numbers are made at once; take a smaller network or batch")
    return shape
