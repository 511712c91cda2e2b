"""What the tests of the engine share: PyTorch's numbers for networks, and each entry of the registries in turn."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.losses import LOSSES


@pytest.fixture(scope="session")
def torch_network():
    """PyTorch's numbers, made by tests/references/make_network.py."""
    with np.load(Path(__file__).parents[1] / "references" / "network.npz") as kept:
        return dict(kept)


@pytest.fixture(params=[f for f in ACTIVATIONS.values() if f.elementwise], ids=lambda f: f.name)
def elementwise(request):
    """Each activation that has a derivative."""
    return request.param


@pytest.fixture(params=ACTIVATIONS.values(), ids=ACTIVATIONS)
def activation(request):
    """Each activation."""
    return request.param


@pytest.fixture(params=LOSSES.values(), ids=LOSSES)
def loss(request):
    """Each loss."""
    return request.param
