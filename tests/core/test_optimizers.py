"""What an optimiser promises: PyTorch's path where PyTorch has the method, the paper's where it has not; batches, states, bad input."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nnviz.core.muon import orthogonalize
from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, ClippedByValue, Decayed, as_optimizer
from nnviz.core.surfaces import SURFACES
from nnviz.formulas.torch_script import LACKING

STORED = np.load(Path(__file__).parents[1] / "references" / "optimizers.npz")
ARRAY_FIELDS = {"learning_rate", "beta", "beta1", "beta2", "rho", "epsilon", "damping", "weight_decay", "momentum_decay"}
X = np.linspace(-2, 2, 7)


class Curved:
    """The problem of `make_optimizers.py`: Σ(c·tanh(ax + b) + d − sin 2x)² + (a² − d)²/10 of θ = (a, b, c, d)."""

    dimension = 4

    @np.errstate(all="ignore")
    def value_and_gradient(self, theta):
        a, b, c, d = (theta[..., i, None] for i in range(4))
        hidden = np.tanh(a * X + b)
        error = c * hidden + d - np.sin(2 * X)
        bend = a**2 - d
        back = 2 * error * c * (1 - hidden**2)
        parts = (
            (back * X).sum(-1) + 0.4 * (bend * a)[..., 0],
            back.sum(-1),
            (2 * error * hidden).sum(-1),
            (2 * error).sum(-1) - 0.2 * bend[..., 0],
        )
        return (error**2).sum(-1) + 0.1 * bend[..., 0] ** 2, np.stack(parts, axis=-1)

    def hessian_vector_product(self, theta, v):
        h = 1e-6
        return (self.value_and_gradient(theta + h * v)[1] - self.value_and_gradient(theta - h * v)[1]) / (2 * h)


class Layers(Curved):
    """The same problem, told to muon as one layer of 1 × 3."""

    network = ((1, 3),)


PROBLEM = Layers()
START = np.array([0.4, -0.3, 0.8, 0.2])


def path(optimizer, theta, steps=200, problem=PROBLEM):
    theta = np.array(theta)
    state = optimizer.start(theta, problem)
    points = [theta.copy()]
    for _ in range(steps):
        optimizer.step(theta, problem.value_and_gradient(theta)[1], state)
        points.append(theta.copy())
    return np.array(points)


def make(name, **arguments):
    return OPTIMIZERS[name](**arguments)


FAST = {"learning_rate": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}
LIKE_PYTORCH = {
    **{name: make(name) for name in STORED.files if name in OPTIMIZERS},
    **{f"{name} fast": make(name, **FAST) for name in ("adam", "amsgrad", "radam")},
    "nadam fast": make("nadam", **FAST, momentum_decay=0.1),
    "adam decayed": Decayed(make("adam", learning_rate=0.05), 0.1, decoupled=False),
    "sgd clipped by norm": ClippedByNorm(make("sgd", learning_rate=0.05), 0.5),
    "sgd clipped by value": ClippedByValue(make("sgd", learning_rate=0.05), 0.25),
}


@pytest.fixture(params=OPTIMIZERS)
def name(request):
    return request.param


@pytest.mark.parametrize("case", [case for case in STORED.files if not case.startswith("schedule ")])
def test_path_is_pytorchs_over_200_steps(case):
    assert_allclose(path(LIKE_PYTORCH[case], STORED[case][0]), STORED[case], rtol=1e-10, atol=1e-10)


def test_every_method_that_pytorch_has_is_compared_with_it():
    assert set(OPTIMIZERS) - set(STORED.files) == {"momentum", *LACKING}  # momentum in PyTorch begins with another velocity


def test_momentum_is_the_exponential_average_of_the_mathematics():
    theta, v, expected = START.copy(), np.zeros(4), [START]
    for _ in range(200):
        v = 0.9 * v + 0.1 * PROBLEM.value_and_gradient(theta)[1]
        theta = theta - 0.05 * v
        expected.append(theta)
    assert_allclose(path(make("momentum", learning_rate=0.05), START), expected, rtol=1e-10)


def test_lion_is_the_papers_algorithm_2():
    theta, m, expected = START.copy(), np.zeros(4), [START]
    for _ in range(200):
        g = PROBLEM.value_and_gradient(theta)[1]
        theta = theta - 0.01 * (np.sign(0.9 * m + 0.1 * g) + 0.1 * theta)
        m = 0.99 * m + 0.01 * g
        expected.append(theta)
    assert_allclose(path(make("lion", learning_rate=0.01, weight_decay=0.1), START), expected, rtol=1e-10)


class Bowls:
    """½‖θ − c‖² of the parameters of a 2-3-1 network, so that muon has matrices to turn."""

    network = ((3, 2), (1, 3))
    centre = 10 * np.random.default_rng(1).normal(size=13)

    def value_and_gradient(self, theta):
        return 0.5 * ((theta - self.centre) ** 2).sum(-1), theta - self.centre


def muon_reference(theta, steps, learning_rate=0.02, beta=0.95):
    """Jordan et al. (2024), written out for one 2-3-1 network; biases by AdamW (Loshchilov and Hutter 2019)."""
    theta, v, m, s = theta.copy(), np.zeros(13), np.zeros(13), np.zeros(13)
    bias = np.r_[6:9, 12]
    for t in range(1, steps + 1):
        g = theta - Bowls.centre
        v = beta * v + (1 - beta) * g
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        step = (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
        after = theta.copy()
        after[bias] = theta[bias] * (1 - 1e-3 * 1e-2) - 1e-3 * step[bias]
        for where, (k, n) in ((slice(0, 6), (3, 2)), (slice(9, 12), (1, 3))):
            M = ((1 - beta) * g + beta * v)[where].reshape(k, n)
            M = M / np.linalg.norm(M)
            for _ in range(5):  # in exact arithmetic M·Mᵀ·M is the same from either side
                A = M @ M.T
                M = 3.4445 * M - 4.7750 * A @ M + 2.0315 * A @ A @ M
            after[where] -= learning_rate * np.sqrt(max(1, k / n)) * M.ravel()
        theta = after
    return theta


def test_muon_is_the_papers_in_float64():
    theta = np.random.default_rng(0).normal(size=13)
    assert_allclose(path(make("muon"), theta, 200, Bowls())[-1], muon_reference(theta, 200), rtol=1e-9, atol=1e-11)


def test_muon_takes_a_network_its_sizes_or_its_shapes_and_runs_in_batches():
    theta = np.random.default_rng(0).normal(size=(2, 5, 13))
    paths = [path(make("muon", shapes=shapes), theta, 5, Bowls()) for shapes in ((2, 3, 1), ((3, 2), (1, 3)), None)]
    assert_allclose(paths[0], paths[1])
    assert_allclose(paths[0], paths[2])
    assert_allclose(paths[0][:, 1, 3], path(make("muon"), theta[1, 3], 5, Bowls()))


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (2, 5, 5)])
def test_orthogonalised_matrices_have_singular_values_near_one(shape):
    values = np.linalg.svd(orthogonalize(np.random.default_rng(0).normal(size=shape), steps=10), compute_uv=False)
    assert np.all((values > 0.6) & (values < 1.3))


def test_newton_lands_in_the_minimum_of_a_quadratic_at_once():
    class Quadratic:
        A = np.array([[3.0, 1.0], [1.0, 2.0]])

        def hessian_vector_product(self, theta, v):
            return v @ self.A

    theta = np.array([[5.0, -7.0], [0.3, 100.0]])
    optimizer = make("newton", damping=0.0)
    optimizer.step(theta, theta @ Quadratic.A, optimizer.start(theta, Quadratic()))
    assert_allclose(theta, 0, atol=1e-12)


def test_newton_survives_a_hessian_that_is_singular():
    class Flat:
        def hessian_vector_product(self, theta, v):
            return 0 * v

    theta = np.ones((3, 2))
    optimizer = make("newton", damping=0.0)
    optimizer.step(theta, np.zeros((3, 2)), optimizer.start(theta, Flat()))
    assert_allclose(theta, 1)


def test_lbfgs_finds_rosenbrocks_minimum_as_scipy_does():
    from scipy.optimize import rosen, rosen_der

    class Rosenbrock:
        def value_and_gradient(self, theta):
            return rosen(np.moveaxis(theta, -1, 0)), np.moveaxis(rosen_der(np.moveaxis(theta, -1, 0)), 0, -1)

    starts = np.random.default_rng(0).uniform(-2, 2, size=(4, 5, 6))
    ends = path(make("lbfgs"), starts, 80, Rosenbrock())[-1]
    assert_allclose(rosen(np.moveaxis(ends, -1, 0)).min(axis=-1), 0, atol=1e-12)
    assert np.mean(rosen(np.moveaxis(ends, -1, 0)) < 5) == 1  # 6 dimensions have one other, local minimum, of 3.97


def test_lbfgs_never_goes_up():
    values = PROBLEM.value_and_gradient(path(make("lbfgs"), np.random.default_rng(0).normal(size=(30, 4)), 40))[0]
    assert np.all(np.diff(values, axis=0) <= 1e-12)


def test_lbfgs_asks_a_surface_only_where_a_run_is_still_looking_and_ends_the_same():
    surface = SURFACES["rosenbrock"]

    class Counting:
        def __init__(self, pointwise):
            self.pointwise, self.asked = pointwise, 0

        def value_and_gradient(self, theta):
            self.asked += theta[..., 0].size
            return surface.value_and_gradient(theta)

    starts = np.random.default_rng(0).uniform(-2, 2, size=(200, 2))
    alone, together = Counting(True), Counting(False)
    assert_allclose(path(make("lbfgs"), starts, 40, alone), path(make("lbfgs"), starts, 40, together), rtol=1e-12)
    assert alone.asked < together.asked / 2
    rates = np.full((200, 1), 0.5)  # a wrapper with a setting for each run cannot do without some of them
    assert np.isfinite(path(ClippedByNorm(make("lbfgs"), rates), starts, 3, Counting(True))).all()


def test_lbfgs_looks_as_far_along_a_flat_line_as_its_slope_promises():
    plateau = SURFACES["plateau"]
    start = np.array([[-2.0, -4.0], [3.5, 4.0]])  # the slope is 1e-12 there, and the value 1 up to its last digits
    assert np.abs(plateau.gradient(start)).max() < 1e-5
    assert_allclose(path(make("lbfgs"), start, 10, plateau)[-1], np.broadcast_to(plateau.minima[0], (2, 2)), atol=1e-7)


def test_lbfgs_ends_a_descent_towards_zero_at_the_rounding_of_theta():
    points = path(make("lbfgs"), np.array([[-2.71, -1.19]]), 60, SURFACES["ravine"])
    assert (points[-1] == points[-2]).all()
    assert_allclose(points[-1], 0, atol=1e-12)


def test_lbfgs_comes_to_rest_where_rounding_is_all_that_is_left():
    points = path(make("lbfgs"), np.array([[2.984, 0.02]]), 60, SURFACES["rastrigin"])
    assert (points[-1] == points[-2]).all()


def test_a_batch_gives_what_each_run_gives(name):
    theta = START + 0.1 * np.random.default_rng(0).normal(size=(2, 3, 4))
    batch = path(make(name), theta, 20)
    assert_allclose(batch[:, 1, 2], path(make(name), theta[1, 2], 20), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_batch_in_another_memory_order_is_the_same_batch(kind):
    theta = np.moveaxis(np.random.default_rng(0).normal(size=(4, 5)), 0, -1)
    expected = path(make(kind), theta.copy(), 10)
    assert_allclose(path(make(kind), np.asfortranarray(theta), 10), expected, rtol=1e-9, atol=1e-12)


def hyperparameters(kind):
    return [field for field in OPTIMIZERS[kind].__dataclass_fields__ if field in ARRAY_FIELDS]


@pytest.mark.parametrize(("kind", "hyperparameter"), [(kind, field) for kind in OPTIMIZERS for field in hyperparameters(kind)])
def test_every_hyperparameter_may_be_an_array_over_the_runs(kind, hyperparameter):
    default = getattr(make(kind), hyperparameter)
    values = [0.5 * default, 0.9 * default] if default else [0.01, 0.02]
    together = path(make(kind, **{hyperparameter: np.array(values)[:, None]}), [START, START], 30)
    alone = [path(make(kind, **{hyperparameter: value}), START, 30) for value in values]
    assert_allclose(together, np.stack(alone, axis=1), rtol=1e-8, atol=1e-10)


def test_state_is_named_arrays_shaped_like_theta_that_start_at_zero(name):
    theta = np.ones((2, 3, 4))
    state = make(name).start(theta, PROBLEM)
    assert tuple(state) == OPTIMIZERS[name].memory
    assert all(array.shape == theta.shape and not array.any() for array in state.values())


def test_a_step_is_in_place_and_leaves_the_gradient_alone(name):
    theta, gradient = START.copy(), PROBLEM.value_and_gradient(START)[1]
    kept = gradient.copy()
    optimizer = make(name)
    optimizer.step(theta, gradient, optimizer.start(theta, PROBLEM))
    assert np.array_equal(gradient, kept)
    assert not np.array_equal(theta, START)


def test_a_learning_rate_scaled_by_a_half_is_half_the_learning_rate(name):
    scaled, halved = make(name), make(name, learning_rate=make(name).learning_rate / 2)
    a, b = START.copy(), START.copy()
    state, other = scaled.start(a, PROBLEM), halved.start(b, PROBLEM)
    for _ in range(10):
        state.scale_learning_rate(0.5)
        scaled.step(a, PROBLEM.value_and_gradient(a)[1], state)
        halved.step(b, PROBLEM.value_and_gradient(b)[1], other)
    free = slice(0, 3) if name == "muon" else slice(None)  # muon's biases follow AdamW, at AdamW's own rate
    assert_allclose(a[free], b[free], rtol=1e-3 if name == "muon" else 1e-12)


def test_adams_first_step_is_the_learning_rate_with_bias_correction_and_not_without():
    gradient = np.array([1e-3, 5.0, -2.0])
    for corrected, size in ((True, 1.0), (False, 0.1 / np.sqrt(0.001))):
        theta = np.zeros(3)
        optimizer = make("adam", learning_rate=0.01, epsilon=0.0, bias_correction=corrected)
        optimizer.step(theta, gradient, optimizer.start(theta))
        assert_allclose(theta, -0.01 * size * np.sign(gradient), rtol=1e-12)


@pytest.mark.parametrize("kind", ["nadam", "radam", "amsgrad", "adamw"])
def test_without_bias_correction_the_first_step_differs(kind):
    steps = [path(make(kind, bias_correction=corrected), START, 8)[-1] - START for corrected in (True, False)]
    assert np.all(np.isfinite(steps))
    assert not np.allclose(*steps, rtol=0.05)


def test_radam_steps_where_its_limit_divides_by_zero():
    """β₂ = 0.6 makes ρ∞ = 4: the variance is never trusted, and the step is momentum alone."""
    optimizer = make("radam", beta2=0.6)
    points = path(optimizer, START, 3)
    assert np.all(np.isfinite(points))
    assert np.all(points[-1] != START)


# ------------------------------------------------------------------------------------------------------ clipping and decay


SIGNS = ("lion",)  # take the gradient's signs alone, which clipping leaves
AROUND = {
    "by norm": lambda optimizer: ClippedByNorm(optimizer, 0.7),
    "by value": lambda optimizer: ClippedByValue(optimizer, 0.3),
    "decoupled": lambda optimizer: Decayed(optimizer, 0.1),
    "coupled": lambda optimizer: Decayed(optimizer, 0.1, decoupled=False),
    "both": lambda optimizer: ClippedByNorm(Decayed(optimizer, 0.1), 0.7),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_clipping_and_decay_combine_with_every_optimiser(name, around):
    optimizer = around(make(name))
    points = path(optimizer, [START, 3 * START], 20)
    assert np.all(np.isfinite(points))
    assert tuple(optimizer.start(START.copy(), PROBLEM)) == OPTIMIZERS[name].memory
    unchanged = path(make(name), [START, 3 * START], 20)
    assert name in SIGNS or not np.allclose(points, unchanged, rtol=1e-6, atol=1e-9)


def test_clipping_by_norm_is_of_each_run_for_itself():
    theta = np.zeros((2, 2))
    optimizer = ClippedByNorm(make("sgd", learning_rate=1.0), 1.0)
    optimizer.step(theta, np.array([[30.0, 40.0], [0.3, 0.4]]), optimizer.start(theta))
    assert_allclose(theta, [[-0.6, -0.8], [-0.3, -0.4]], rtol=1e-6)


def test_adamw_is_adam_decayed():
    assert_allclose(path(make("adamw", weight_decay=0.3), START), path(Decayed(make("adam"), 0.3), START), rtol=1e-12)


@pytest.mark.parametrize("kind", ["newton", "lbfgs"])
def test_coupled_decay_moves_the_minimum_that_curved_methods_find(kind):
    points = path(Decayed(make(kind), 0.5, decoupled=False), [0.3, -0.5, 0.6, 0.3], 60)
    gradient = PROBLEM.value_and_gradient(points[-1])[1] + 0.5 * points[-1]
    assert_allclose(gradient, 0, atol=1e-6)


def test_what_a_wrapped_optimiser_remembers_is_seen_through_the_wrapper():
    optimizer = ClippedByNorm(make("momentum"), 1.0)
    theta = np.zeros(2)
    state = optimizer.start(theta)
    optimizer.step(theta, np.array([3.0, 4.0]), state)
    assert_allclose(state["velocity"], [0.06, 0.08], rtol=1e-5)


# -------------------------------------------------------------------------------------------------- descriptions, bad input


def test_descriptions_are_values(name):
    assert make(name) == make(name)
    assert hash(make(name)) == hash(make(name))
    rates = [make(name, learning_rate=np.array([[0.1], [last]])) for last in (0.2, 0.2, 0.3)]
    assert rates[0] == rates[1] != rates[2]
    assert hash(rates[0]) == hash(rates[1]) != hash(rates[2])
    with pytest.raises(AttributeError):
        make(name).learning_rate = 3.0


def test_an_array_given_is_copied_and_cannot_be_changed():
    rates = np.array([[0.1], [0.2]])
    optimizer = make("sgd", learning_rate=rates)
    rates[0] = 5.0
    assert optimizer.learning_rate[0, 0] == 0.1
    with pytest.raises(ValueError, match="read-only"):
        optimizer.learning_rate[0] = 1.0


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf, "fast", None, [[0.1], [-1.0]]])
def test_a_learning_rate_that_is_no_rate_is_refused_in_a_sentence(name, rate):
    with pytest.raises(ValueError, match=rf"{name}: learning_rate is .*: it needs") as error:
        make(name, learning_rate=rate)
    assert 11 <= len(str(error.value)) <= 599


@pytest.mark.parametrize("rate", [0.0, 1e6])
def test_rates_of_zero_and_a_million_run_without_a_warning(name, rate):
    points = path(make(name, learning_rate=rate), START, 60)
    assert rate or name == "muon" or np.array_equal(points[-1], START)


@pytest.mark.parametrize(("kind", "arguments"), [("adam", {"beta1": 1.0}), ("momentum", {"beta": -0.1}), ("adadelta", {"rho": 2.0})])
def test_betas_out_of_range_are_named(kind, arguments):
    with pytest.raises(ValueError, match=rf"{kind}: {next(iter(arguments))} is .*finite number, from 0 to 1"):
        make(kind, **arguments)


def test_a_beta_of_one_is_refused_by_saying_that_one_is_excluded():
    with pytest.raises(ValueError, match="beta1 is 1: it needs a finite number, from 0 to 1, itself excluded"):
        make("adam", beta1=1.0)


def test_overflow_is_a_result_without_a_warning(name):
    theta = np.array([1e308, -1e308, 1e308, 1.0])
    optimizer = make(name)
    state = optimizer.start(theta, PROBLEM)
    with np.errstate(all="ignore"):
        gradient = np.full(4, 1e308)
    optimizer.step(theta, gradient, state)
    optimizer.step(theta, np.array([np.inf, np.nan, -np.inf, 0.0]), state)


@pytest.mark.parametrize(
    ("kind", "missing"), [("newton", "hessian_vector_product"), ("lbfgs", "value_and_gradient"), ("muon", "layer shapes")]
)
def test_what_an_optimiser_needs_and_misses_is_said(kind, missing):
    with pytest.raises(ValueError, match=missing):
        make(kind).start(np.zeros(4))


@pytest.mark.parametrize("theta", [np.zeros(3, dtype=int), np.zeros(3, dtype=np.float32), [1.0, 2.0], np.array(1.0)])
def test_a_theta_that_cannot_be_stepped_in_place_is_refused(theta):
    with pytest.raises(ValueError, match="float64 array of shape"):
        make("adam").start(theta)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (5, 1), (2, 3, 1)])
def test_an_array_of_rates_that_does_not_fit_the_runs_is_named_with_shapes(shape):
    with pytest.raises(ValueError, match=r"learning_rate has shape .* and theta \(3, 4\)"):
        make("adam", learning_rate=np.full(shape, 0.1)).start(np.zeros((3, 4)))


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("lbfgs", {"history": 0}),
        ("muon", {"ns_steps": 0.5}),
        ("muon", {"shapes": "x"}),
        ("muon", {"shapes": ((2, 0),)}),
        ("muon", {"shapes": 7}),
    ],
)
def test_counts_and_shapes_that_are_none_are_refused(kind, arguments):
    with pytest.raises(ValueError, match=kind):
        make(kind, **arguments)


def test_muon_says_which_shapes_do_not_fit_theta():
    with pytest.raises(ValueError, match=r"hold 13 parameters, theta has 4"):
        make("muon", shapes=(2, 3, 1)).start(np.zeros(4))


def test_a_name_will_do_and_an_unknown_one_is_told_which_there_are():
    assert as_optimizer("adam") == make("adam")
    assert as_optimizer(make("sgd")) == make("sgd")
    for unknown in ("adamx" * 100, 3, None, OPTIMIZERS["sgd"]):
        with pytest.raises(ValueError, match=r"unknown optimiser .* use one of sgd"):
            as_optimizer(unknown)
    with pytest.raises(ValueError, match="around an optimiser"):
        ClippedByNorm("adam")
