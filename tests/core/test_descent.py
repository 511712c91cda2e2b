"""What a descent promises: the theory of quadratics holds, its record is what happened, and divergence is a result."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nnviz.core.descent import descend, descending
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm
from nnviz.core.schedules import SCHEDULES
from nnviz.core.surfaces import SURFACES, Noisy, Surface, ravine


class Quadratic:
    """½θᵀAθ in any number of parameters."""

    def __init__(self, *curvatures):
        rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(len(curvatures),) * 2))[0]
        self.A = rotation * curvatures @ rotation.T
        self.dimension = len(curvatures)

    def value_and_gradient(self, theta):
        gradient = theta @ self.A
        return 0.5 * (theta * gradient).sum(-1), gradient


LARGEST = 4.0
BOWL = Quadratic(LARGEST, 1.0, 0.5)
BETA = 0.7
LIMITS = {  # of the learning rate, in units of 1/λ_max (mathematics, section 7)
    "sgd": 2.0,
    "momentum": 2 * (1 + BETA) / (1 - BETA),
    "heavy_ball": 2 * (1 + BETA),
    "nesterov": 2 * (1 + BETA) / (1 + 2 * BETA),
}


def with_momentum(name, learning_rate):
    return OPTIMIZERS[name](learning_rate) if name == "sgd" else OPTIMIZERS[name](learning_rate, beta=BETA)


@pytest.mark.parametrize("name", LIMITS)
def test_a_quadratic_converges_below_the_limit_and_only_there(name):
    rates = LIMITS[name] / LARGEST * np.array([1e-2, 0.5, 0.99, 1.01, 1.5])[:, None]
    run = descend(BOWL, with_momentum(name, rates), np.ones(3), steps=3000)
    assert np.array_equal(run.value[-1] < run.value[0], [True, True, True, False, False])
    assert np.all(run.value[-1, 1:3] < 1e-15)
    assert np.all(~(run.value[-1, 3:] < 1e6))


@pytest.mark.parametrize("learning_rate", [0.1, 0.4])
def test_asymptotic_rate_of_gradient_descent_is_that_of_its_slowest_mode(learning_rate):
    run = descend(BOWL, OPTIMIZERS["sgd"](learning_rate), np.ones(3), steps=400)
    slowest = np.abs(1 - learning_rate * np.array([LARGEST, 1.0, 0.5])).max()
    assert_allclose((run.gradient_norm[300] / run.gradient_norm[200]) ** 0.01, slowest, rtol=1e-6)


@pytest.mark.parametrize(("name", "quadratic"), [(name, curvature) for name in LIMITS for curvature in (0.5, 4.0)])
def test_asymptotic_rate_with_momentum_is_the_spectral_radius_of_its_recursion(name, quadratic):
    alpha = 0.2
    recursion = {  # of (θ, v) in one mode
        "sgd": [[1 - alpha * quadratic, 0], [0, 0]],
        "momentum": [[1 - alpha * (1 - BETA) * quadratic, -alpha * BETA], [(1 - BETA) * quadratic, BETA]],
        "heavy_ball": [[1 - alpha * quadratic, -alpha * BETA], [quadratic, BETA]],
        "nesterov": [[1 - alpha * (1 + BETA) * quadratic, -alpha * BETA**2], [quadratic, BETA]],
    }[name]
    radius = np.abs(np.linalg.eigvals(recursion)).max()
    run = descend(Quadratic(quadratic), with_momentum(name, alpha), np.ones(1), steps=300)
    envelope = np.log(np.abs(run.theta[1:, 0]) + 1e-300)  # of a mode that may swing: the least slope over its peaks
    peaks = [envelope[k : k + 30].max() for k in (60, 260 if radius > 0.9 else 160)]
    assert_allclose(np.exp((peaks[1] - peaks[0]) / (200 if radius > 0.9 else 100)), radius, rtol=0.02)


def test_heavy_ball_tuned_to_a_ravine_beats_gradient_descent_tuned_to_it():
    kappa = 400.0
    best = {
        "sgd": OPTIMIZERS["sgd"](2 / (1 + kappa)),
        "heavy_ball": OPTIMIZERS["heavy_ball"](4 / (1 + kappa**0.5) ** 2, beta=((kappa**0.5 - 1) / (kappa**0.5 + 1)) ** 2),
    }
    ends = {name: descend(ravine(kappa), optimizer, [2.0, 1.0], steps=300).value[-1] for name, optimizer in best.items()}
    assert ends["heavy_ball"] < 1e-15 < ends["sgd"]


def test_plain_descent_sits_on_a_saddle_and_noise_frees_it():
    still, noisy = (descend(objective, "sgd", [1.0, 0.0], 1500) for objective in (SURFACES["saddle"], Noisy(SURFACES["saddle"], 0.01, 0)))
    assert_allclose(still.theta[-1], 0, atol=1e-5)
    assert abs(noisy.theta[-1, 1]) > 100


# ----------------------------------------------------------------------------------------------------------------- the record


@pytest.mark.parametrize("batch", [(), (3,), (2, 3)])
@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "muon"])
def test_the_record_is_what_happened(name, batch):
    surface, optimizer = SURFACES["himmelblau"], OPTIMIZERS[name](learning_rate=0.01)
    start = np.random.default_rng(0).uniform(-3, 3, size=(*batch, 2))
    run = descend(surface, optimizer, start, steps=12, record=("update", "gradient", *optimizer.memory))
    theta = start.copy()
    state = optimizer.start(theta, surface)
    for step in range(13):
        value, gradient = surface.value_and_gradient(theta)
        assert_allclose(run.theta[step], theta, rtol=1e-10, atol=1e-12)
        assert_allclose(run.value[step], value, rtol=1e-9)
        assert_allclose(run.gradient_norm[step], np.linalg.norm(gradient, axis=-1), rtol=1e-8, atol=1e-10)
        assert_allclose(run.state["gradient"][step], gradient, rtol=1e-8, atol=1e-10)
        for kept in optimizer.memory:
            assert_allclose(run.state[kept][step], state[kept], rtol=1e-8, atol=1e-10)
        optimizer.step(theta, gradient, state)
    assert run.theta.shape == (13, *batch, 2)
    assert run.value.shape == run.gradient_norm.shape == (13, *batch)
    assert run.diverged_at.shape == batch
    assert np.all(run.diverged_at == -1)


def test_updates_add_up_to_the_path():
    run = descend(SURFACES["beale"], "adam", [[1.0, 1.0], [-2.0, 0.5]], steps=30)
    assert list(run.state) == ["update"]
    assert not run.state["update"][0].any()
    assert_allclose(run.theta[0] + run.state["update"].cumsum(axis=0), run.theta, atol=1e-14)


def test_a_batch_gives_what_each_run_gives():
    starts = np.random.default_rng(1).uniform(-2, 2, size=(4, 5, 2))
    together = descend(SURFACES["rosenbrock"], "radam", starts, steps=50)
    alone = descend(SURFACES["rosenbrock"], "radam", starts[3, 1], steps=50)
    assert_allclose(together.theta[:, 3, 1], alone.theta, rtol=1e-10)
    assert_allclose(together.value[:, 3, 1], alone.value, rtol=1e-9)


def test_many_parameters_are_descended_as_few_are():
    many = Quadratic(*np.linspace(1, 2, 20))
    run = descend(many, OPTIMIZERS["sgd"](0.5), np.random.default_rng(0).normal(size=(3, 20)), steps=200)
    assert run.theta.shape == (201, 3, 20)
    assert_allclose(run.theta[-1], 0, atol=1e-12)


def test_an_array_of_rates_makes_a_run_for_each():
    rates = np.array([0.01, 0.1, 0.3])[:, None]
    run = descend(SURFACES["bowl"], OPTIMIZERS["sgd"](rates), [1.0, 2.0], steps=10)
    assert_allclose(run.theta[-1], (1 - rates) ** 10 * [1.0, 2.0])
    clipped = descend(SURFACES["bowl"], ClippedByNorm(OPTIMIZERS["sgd"](rates), 0.1), [1.0, 2.0], steps=1)
    assert_allclose(np.linalg.norm(clipped.state["update"][1], axis=-1), 0.1 * rates[:, 0], rtol=1e-5)


def test_a_schedule_scales_each_step():
    run = descend(SURFACES["bowl"], OPTIMIZERS["sgd"](0.1), [1.0, 1.0], steps=20, schedule=lambda step: 1 / (1 + step))
    assert_allclose(run.theta[-1], np.prod(1 - 0.1 / np.arange(1, 21)))
    cosine = descend(SURFACES["bowl"], "sgd", [1.0, 1.0], steps=20, schedule="cosine")
    assert_allclose(cosine.learning_rate_factor, (1 + np.cos(np.pi * np.arange(20) / 20)) / 2)
    assert_allclose(cosine.theta[-1], np.prod(1 - 0.01 * cosine.learning_rate_factor))


def test_a_schedule_that_overflows_is_a_run_that_diverges():
    run = descend(SURFACES["bowl"], "sgd", [1.0, 1.0], steps=400, schedule=SCHEDULES["exponential"](10.0))
    assert run.learning_rate_factor[-1] == np.inf
    assert run.diverged_at > 0


def test_the_start_given_is_left_alone():
    start = np.ones(2)
    descend(SURFACES["bowl"], "sgd", start, steps=3)
    assert np.array_equal(start, [1.0, 1.0])


def test_no_steps_tell_the_start():
    run = descend(SURFACES["booth"], "adam", [0.0, 0.0], steps=0)
    assert run.theta.shape == (1, 2)
    assert run.value.tolist() == [74.0]


def test_pieces_grow_into_the_whole_run():
    starts = np.random.default_rng(0).uniform(-2, 2, size=(100, 100, 2))
    pieces = list(descending(SURFACES["levy"], "adam", starts, steps=80, record=("update", "first_moment")))
    whole = descend(SURFACES["levy"], "adam", starts, steps=80, record=("update", "first_moment"))
    lengths = [len(piece.theta) for piece in pieces]
    assert len(lengths) > 1
    assert lengths == sorted(set(lengths))
    assert lengths[-1] == 81
    assert np.array_equal(pieces[-1].theta, whole.theta)
    middle = pieces[0]
    assert np.array_equal(middle.state["update"], whole.state["update"][: lengths[0]])
    assert np.array_equal(middle.state["first_moment"], whole.state["first_moment"][: lengths[0]])
    assert len(middle.learning_rate_factor) == lengths[0] - 1


# ----------------------------------------------------------------------------------------------------------------- divergence


@pytest.mark.parametrize("rate", [0.0, 1e-3, 1e6])
@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name != "muon"])
def test_any_rate_ends_as_a_result(name, rate):
    run = descend(SURFACES["rosenbrock"], OPTIMIZERS[name](learning_rate=rate), [[-1.2, 1.0], [1.5, -0.5]], steps=200)
    finite = np.isfinite(run.value) & np.isfinite(run.theta).all(axis=-1)
    first = np.where(finite.all(axis=0), -1, (~finite).argmax(axis=0))
    assert np.array_equal(run.diverged_at, first)


def test_a_diverged_run_is_marked_goes_on_and_leaves_the_others_alone():
    rates = np.array([0.5, 1e6, 2.5])[:, None]
    run = descend(SURFACES["bowl"], OPTIMIZERS["sgd"](rates), [1.0, 1.0], steps=300)
    assert run.diverged_at[0] == run.diverged_at[2] == -1
    assert 20 < run.diverged_at[1] < 60
    assert np.isfinite(run.value[run.diverged_at[1] - 1, 1])
    assert not np.isfinite(run.value[run.diverged_at[1], 1])
    assert np.abs(run.theta[-1, 2]).max() > 1e50


def test_theta_that_overflows_where_the_value_stays_finite_has_diverged():
    far = descend(Surface.from_expression("-exp(-x^2) + 0*y"), OPTIMIZERS["sgd"](1e6), [0.5, 0.0], steps=3)
    assert far.diverged_at == -1  # a million away, and finite

    class Slide:
        def value_and_gradient(self, theta):
            return np.zeros(theta.shape[:-1]), np.full_like(theta, -1e308)

    assert descend(Slide(), OPTIMIZERS["sgd"](1.0), [0.0], steps=5).diverged_at == 2


@pytest.mark.parametrize("name", ["sgd", "adam", "lbfgs"])
def test_a_start_far_outside_is_descended(name):
    run = descend(SURFACES["himmelblau"], name, [[1e6, -1e6], [1e200, 0.0]], steps=50)
    assert run.diverged_at[1] == 0
    assert run.theta.shape == (51, 2, 2)


# ------------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"theta0": [1.0, 2.0, 3.0]}, r"start has shape \(3,\) and the objective 2 parameters"),
        ({"theta0": 1.0}, "start"),
        ({"theta0": "here"}, "start needs numbers"),
        ({"theta0": [[1.0, 2.0], [3.0]]}, "start needs numbers"),
        ({"steps": -1}, "steps is '-1'"),
        ({"steps": 2.5}, "steps is '2.5'"),
        ({"steps": True}, "steps is 'True'"),
        ({"steps": 10**9}, "take .* GB, at most 4 are used"),
        ({"optimizer": "adamm"}, "unknown optimiser 'adamm'"),
        ({"schedule": "cosin"}, "unknown schedule 'cosin'"),
        ({"schedule": lambda step: 0.5 if step < 10 else 0.1}, "does not turn an array of steps"),
        ({"schedule": lambda step: np.ones(3)}, "does not turn an array of steps"),
        ({"record": None}, "record is None: it needs names .* update, gradient, first_moment"),
        ({"record": 5}, "record is 5: it needs names"),
        ({"record": ("velocity",)}, "'velocity' is not recorded of adam: there are update, gradient, first_moment"),
        ({"objective": lambda theta: theta}, "needs value_and_gradient"),
        ({"optimizer": OPTIMIZERS["sgd"]([[0.1], [0.2]]), "theta0": [[1.0, 1.0]] * 3}, "fit the optimiser's arrays"),
    ],
)
def test_what_cannot_be_descended_gets_a_sentence(arguments, match):
    given = {"objective": SURFACES["bowl"], "optimizer": "adam", "theta0": [1.0, 1.0], "steps": 5} | arguments
    with pytest.raises(ValueError, match=match) as caught:
        descend(**given)
    assert 11 <= len(str(caught.value)) <= 599
