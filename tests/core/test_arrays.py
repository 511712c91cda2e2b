"""Numbers from outside: seeds and penalties are what they need to be, wherever they are given, or a sentence."""

import numpy as np
import pytest

from nnviz.core.arrays import checked_penalty, checked_seed, one_penalty
from nnviz.core.complexity import DenseLayer
from nnviz.core.far_gradient import radius_sweep
from nnviz.core.filters import random
from nnviz.core.linear_maps import random_matrix
from nnviz.core.network import Network
from nnviz.core.recurrent_network import RecurrentNetwork
from nnviz.core.ripples import depth_study
from nnviz.core.sequences import make_task
from nnviz.core.surfaces import SURFACES, Noisy

RECURRENT = RecurrentNetwork(1, 2, 1)
SEEDED = {
    "network": lambda seed: Network((2, 1)).initialize(seed=seed),
    "recurrent network": lambda seed: RECURRENT.initialize(seed=seed),
    "noisy gradient": lambda seed: Noisy(SURFACES["bowl"], 1.0, seed),
    "depth study": lambda seed: depth_study("tanh", depth=2, width=2, seed=seed),
    "random matrix": lambda seed: random_matrix("gaussian", 2, seed),
    "filter": lambda seed: random(3, seed),
    "radii": lambda seed: radius_sweep(RECURRENT, [1.0], span=2, draws=1, seed=seed),
    "work": lambda seed: DenseLayer(2, 2).program(1, seed),
    "sine": lambda seed: make_task("sine", 10, 2, seed),
    "echo": lambda seed: make_task("echo", 10, 2, seed),
    "adding": lambda seed: make_task("adding", 10, 2, seed),
}


@pytest.mark.parametrize("name", SEEDED)
@pytest.mark.parametrize("seed", [-1, "a", 1.5, None])
def test_what_draws_by_a_seed_names_one_that_is_none(name, seed):
    with pytest.raises(ValueError, match=r"seed is .*whole number of 0 or more"):
        SEEDED[name](seed)


def test_a_seed_may_be_any_whole_number():
    assert checked_seed(np.int64(3)) == checked_seed(3) == 3


def test_a_penalty_is_a_number_or_one_for_each_run():
    assert checked_penalty("l2", 0.1) == checked_penalty("l2", np.array(0.1)) == one_penalty("l2", 0.1) == 0.1
    assert checked_penalty("l2", [[0.1], [0.2]]).tolist() == [[0.1], [0.2]]


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, "a", None, [0.1, 0.2], [[0.1], [0.1, 0.2]]])
def test_what_is_no_penalty_is_a_sentence(value):
    for checked in (checked_penalty, one_penalty):
        with pytest.raises(ValueError, match=r"l2 is .*a penalty needs to be a number"):
            checked("l2", value)


def test_where_all_runs_share_a_penalty_one_for_each_is_a_sentence():
    with pytest.raises(ValueError, match=r"l2 is .*one number"):
        one_penalty("l2", [[0.1], [0.2]])
