"""Named tensors to a chain of dense layers: how PyTorch's `state_dict` writes a network, and what is asked of a file that holds one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod

import numpy as np

from nnviz.core.convolution import Array

MOST_BYTES = 256 * 2**20
MOST_NUMBERS = 2**24
MOST_LAYERS = 256
MOST_DIMENSIONS = 32
TENSOR_NAME = re.compile(r"(?:(?P<layer>.*)\.)?(?P<part>weight|bias)")
Dense = tuple[Array, Array]  # W (k, n) and b (k,)


class Refused(ValueError):
    """A sentence of ours about a file, told apart from what a library says of broken bytes."""


def dense_layers(tensors: Mapping[str, Array]) -> list[Dense]:
    """The layers, input side first, of tensors named `0.weight`, `layers.0.bias`, `fc1.weight`, `model.net.2.bias` and the like.

    Layers come in the order of their names, numbers read as numbers (2 before 10). Where that order does not fit together (`decoder`
    before `encoder`), the only order in which outputs meet inputs is taken. A missing bias is 0.

    Raises
    ------
    ValueError
        No layers, another name or shape than a dense layer's, no or more than one order that fits, a number that is not finite.
    """
    layers: dict[str, dict[str, Array]] = {}
    for name, tensor in tensors.items():
        match = TENSOR_NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"the file holds {name[:80]!r}: only the .weight and .bias of dense layers can be read; leave out the rest")
        layers.setdefault(match["layer"] or "", {})[match["part"]] = tensor
    if not layers:
        raise ValueError("the file holds no weights: save a network's tensors in it, named '0.weight', '0.bias', '2.weight', …")
    if len(layers) > MOST_LAYERS:
        raise ValueError(f"the file holds {len(layers)} layers: at most {MOST_LAYERS} can be read")
    ordered = _in_order({layer: _dense(layer, parts) for layer, parts in layers.items()})
    return list(ordered.values())


def check_finite(name: str, tensor: Array) -> None:
    """Raise a ValueError where a tensor holds NaN or infinity."""
    broken = tensor.size - int(np.count_nonzero(np.isfinite(tensor)))
    if broken:
        raise Refused(f"{name[:80]} {tensor.shape} holds {broken} numbers that are not finite: save the weights before they diverged")


def check_size(name: str, shape: Sequence[int], before: int = 0) -> int:
    """The numbers of a tensor of that shape, together with those `before` it; a ValueError where they are too many to be read."""
    # A product of thousands of sizes would itself take minutes.
    if len(shape) > MOST_DIMENSIONS or min(shape, default=1) < 0 or prod(shape) + before > MOST_NUMBERS:
        claimed = f"({', '.join(map(str, shape[:4]))}{', …' if len(shape) > 4 else ''})"
        raise Refused(
            f"{name[:80]} claims shape {claimed:.100}: at most {MOST_NUMBERS:,} numbers in all can be read; take a smaller network"
        )
    return prod(shape) + before


def _dense(layer: str, parts: Mapping[str, Array]) -> Dense:
    name = f"{layer[:80]}." if layer else ""
    if "weight" not in parts:
        raise ValueError(f"the file holds {name}bias without {name}weight: a dense layer needs both")
    W = parts["weight"]
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"{name}weight is {W.shape}: a dense layer's is (outputs, inputs); only dense layers can be read")
    b = parts.get("bias", np.zeros(len(W)))
    if b.shape not in ((len(W),), (len(W), 1)):
        raise ValueError(f"{name}bias is {b.shape} and {name}weight {W.shape}: the bias needs one number for each of the {len(W)} rows")
    check_finite(f"{name}weight", W)
    check_finite(f"{name}bias", b)
    return W, b.reshape(-1)


def _in_order(layers: dict[str, Dense]) -> dict[str, Dense]:
    named = sorted(layers, key=_natural)
    if _fits([layers[name] for name in named]):
        return {name: layers[name] for name in named}
    orders = _orders(layers, (), limit=2) if len(layers) <= 12 else []
    if len(orders) != 1:
        shapes = ", ".join(f"{name[:30]} {layers[name][0].shape}" for name in named[:8])
        raise ValueError(f"the layers do not fit together ({shapes}): each needs as many columns as the layer before it has rows")
    return {name: layers[name] for name in orders[0]}


def _orders(layers: dict[str, Dense], begun: tuple[str, ...], limit: int) -> list[tuple[str, ...]]:
    """At most `limit` orders that begin so and in which outputs meet inputs."""
    if len(begun) == len(layers):
        return [begun]
    found: list[tuple[str, ...]] = []
    for name in layers:
        if name not in begun and (not begun or layers[name][0].shape[1] == layers[begun[-1]][0].shape[0]):
            found += _orders(layers, (*begun, name), limit - len(found))
        if len(found) >= limit:
            break
    return found


def _fits(layers: list[Dense]) -> bool:
    return all(after.shape[1] == before.shape[0] for (before, _), (after, _) in pairwise(layers))


def _natural(name: str) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d{1,9}|\D+|\d+", name)
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]
