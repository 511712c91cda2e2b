"""What an initialiser promises: its scale, its reproducibility, and its bad input."""

import pickle

import numpy as np
import pytest

from nnviz.core.initializers import INITIALIZERS, constant, get_initializer, normal
from nnviz.core.network import Network

NETWORK = Network((40, 60, 20))
VARIANCE = {
    "glorot_uniform": lambda n, k: 2 / (n + k),
    "glorot_normal": lambda n, k: 2 / (n + k),
    "he_uniform": lambda n, k: 2 / n,
    "he_normal": lambda n, k: 2 / n,
    "lecun_normal": lambda n, k: 1 / n,
    "torch_linear": lambda n, k: 1 / (3 * n),
    "normal": lambda n, k: 1.0,
}
LIMIT = {
    "glorot_uniform": lambda n, k: np.sqrt(6 / (n + k)),
    "he_uniform": lambda n, k: np.sqrt(6 / n),
    "torch_linear": lambda n, k: np.sqrt(1 / n),
}


@pytest.fixture(params=INITIALIZERS.values(), ids=INITIALIZERS)
def initializer(request):
    return request.param


@pytest.mark.parametrize("name", VARIANCE)
def test_weights_have_the_variance_of_the_paper(name):
    for layer, (k, n) in zip(NETWORK.unpack(NETWORK.initialize(name, batch=50)), NETWORK.shapes, strict=True):
        assert layer.W.mean() == pytest.approx(0, abs=4 * np.sqrt(VARIANCE[name](n, k) / layer.W.size))
        assert layer.W.var() == pytest.approx(VARIANCE[name](n, k), rel=0.03)


@pytest.mark.parametrize("name", LIMIT)
def test_uniform_weights_reach_their_limit_and_no_further(name):
    for layer, (k, n) in zip(NETWORK.unpack(NETWORK.initialize(name)), NETWORK.shapes, strict=True):
        assert np.abs(layer.W).max() <= LIMIT[name](n, k)
        assert np.abs(layer.W).max() == pytest.approx(LIMIT[name](n, k), rel=0.02)


@pytest.mark.parametrize("name", [name for name in INITIALIZERS if name != "torch_linear"])
def test_biases_are_zero(name):
    assert all((layer.b == 0).all() for layer in NETWORK.unpack(NETWORK.initialize(name)))


def test_pytorchs_biases_are_drawn_too():
    for layer, (_, n) in zip(NETWORK.unpack(NETWORK.initialize("torch_linear")), NETWORK.shapes, strict=True):
        assert (np.abs(layer.b) > 0).all()
        assert (np.abs(layer.b) <= 1 / np.sqrt(n)).all()


@pytest.mark.parametrize("sizes", [(8, 8), (3, 9), (9, 3)])
def test_orthogonal_weights_have_orthonormal_rows_or_columns(sizes):
    W = Network(sizes).unpack(Network(sizes).initialize("orthogonal", batch=(2, 3)))[0].W
    gram = W @ W.swapaxes(-1, -2) if sizes[0] >= sizes[1] else W.swapaxes(-1, -2) @ W
    assert gram == pytest.approx(np.broadcast_to(np.eye(min(sizes)), gram.shape), abs=1e-12)


def test_orthogonal_matrices_prefer_no_direction():
    traces = np.trace(Network((2, 2)).unpack(Network((2, 2)).initialize("orthogonal", batch=4000))[0].W, axis1=-2, axis2=-1)
    assert traces.mean() == pytest.approx(0, abs=0.06)
    assert traces.var() == pytest.approx(1, rel=0.1)  # of the Haar measure on O(n)


def test_zeros_and_constants_are_what_they_say():
    assert (NETWORK.initialize("zeros") == 0).all()
    assert all((layer.W == 0.5).all() for layer in NETWORK.unpack(NETWORK.initialize("constant(0.5)")))


def test_a_seed_gives_the_same_numbers_again(initializer):
    assert (NETWORK.initialize(initializer, seed=3) == NETWORK.initialize(initializer.name, seed=3)).all()


def test_another_seed_gives_other_numbers():
    assert (NETWORK.initialize("he_normal", seed=3) != NETWORK.initialize("he_normal", seed=4)).any()


def test_a_run_does_not_depend_on_the_size_of_its_batch(initializer):
    small, large = NETWORK.initialize(initializer, seed=1, batch=(2,)), NETWORK.initialize(initializer, seed=1, batch=(5,))
    assert (small == large[:2]).all()
    assert (NETWORK.initialize(initializer, seed=1) == large[0]).all()
    assert NETWORK.initialize(initializer, batch=(2, 3)).shape == (2, 3, NETWORK.parameter_count)


def test_an_initialiser_is_known_by_its_name_and_survives_pickling(initializer):
    assert get_initializer(initializer.name) is initializer is pickle.loads(pickle.dumps(initializer))


def test_values_are_part_of_the_name():
    assert get_initializer("normal(0.1)") == normal(0.1) != normal()
    assert get_initializer("constant(-2)") == constant(-2.0) != constant()


@pytest.mark.parametrize(
    "name", ["xavier", "normal(-1)", "normal(1e)", "constant(inf)", "constant(1e999)", "normal(nan)", "normal()", None]
)
def test_an_unknown_initialiser_is_refused(name):
    with pytest.raises(ValueError, match="initialiser") as refused:
        get_initializer(name)
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize(("kwargs", "message"), [
    ({"seed": -1}, "seed is -1"), ({"seed": 0.5}, "seed is 0.5"), ({"seed": None}, "seed is None"), ({"batch": (-2,)}, "batch is"),
    ({"batch": (2.5,)}, "batch is"), ({"batch": None}, "batch is"), ({"batch": (10**6, 10**6)}, "at most"),
])  # fmt: skip
def test_seeds_and_batches_that_cannot_be_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        NETWORK.initialize("he_normal", **kwargs)
