"""Each rule as its source prints it makes the very steps that the engine makes."""

from dataclasses import replace

import numpy as np
import pytest

from nnviz.core.anatomy import RULES, anatomy, recorded
from nnviz.core.descent import descend
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, ClippedByValue, Decayed
from nnviz.core.surfaces import SURFACES, Noisy

SURFACE = SURFACES["himmelblau"]
AROUND = {
    "plain": lambda o: o,
    "clipped": lambda o: ClippedByNorm(o, 1.0),
    "clipped by value": lambda o: ClippedByValue(o, 2.0),
    "decayed": lambda o: Decayed(o, 0.02),
    "clipped and penalised": lambda o: ClippedByNorm(Decayed(o, 0.02, decoupled=False), 5.0),
}


def taken_apart(optimizer, objective=SURFACE, steps=150, schedule=None):
    run = descend(objective, optimizer, [0.7, -1.0], steps, schedule, recorded(optimizer))
    return anatomy(optimizer, run, SURFACE)


def test_every_optimiser_but_muon_can_be_taken_apart():
    assert set(RULES) == set(OPTIMIZERS) - {"muon"}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("name", RULES)
def test_the_rule_makes_the_engines_steps(name, around):
    inside = taken_apart(around(OPTIMIZERS[name]()), schedule="cosine" if name != "lbfgs" else None)
    assert inside.difference < 1e-12
    assert len(inside) == 150


@pytest.mark.parametrize("name", [name for name in RULES if hasattr(OPTIMIZERS[name](), "bias_correction")])
def test_also_without_bias_correction_and_with_noise(name):
    optimizer = replace(OPTIMIZERS[name](), bias_correction=False, learning_rate=0.05)
    assert taken_apart(optimizer, Noisy(SURFACE, 3.0, 1)).difference < 1e-12


def test_arrows_point_downhill_at_first():
    arrows = taken_apart(OPTIMIZERS["adam"](learning_rate=0.1)).arrows()
    assert list(arrows) == ["gradient", "first_moment", "corrected_first", "step"]
    slope = -arrows["gradient"][0]
    assert all(vector[0] @ slope < 0 for vector in arrows.values())
    np.testing.assert_allclose(arrows["corrected_first"][0], arrows["gradient"][0])


def test_adams_first_step_is_the_rate_and_without_correction_root_of_a_thousand_over_ten():
    corrected, plain = (
        taken_apart(OPTIMIZERS["adam"](learning_rate=0.1, bias_correction=on)).quantities["step"][0] for on in (True, False)
    )
    np.testing.assert_allclose(np.abs(corrected), 0.1, rtol=1e-6)
    np.testing.assert_allclose(np.abs(plain), 0.1 * np.sqrt(1000) / 10, rtol=1e-4)


@pytest.mark.parametrize("name", ["sgd", "momentum", "heavy_ball", "nesterov"])
def test_a_run_that_diverges_is_taken_apart_without_a_warning_and_as_exactly(name):
    inside = taken_apart(OPTIMIZERS[name](learning_rate=1e6), steps=40)
    assert inside.difference < 1e-12


def test_what_was_not_recorded_is_named():
    run = descend(SURFACE, "adam", [0.0, 0.0], 3, record=("update",))
    with pytest.raises(ValueError, match="gradient was not recorded"):
        anatomy(OPTIMIZERS["adam"](), run, SURFACE)
