"""What planes through the parameters, grids on them and lines between solutions promise."""

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nnviz.core.curvature import top_eigenpairs
from nnviz.core.landscape import (
    Plane,
    barrier,
    evaluate_grid,
    evaluate_grid_chunks,
    hessian_plane,
    interpolate,
    pca_plane,
    plane_through,
    random_plane,
    refined_grid_chunks,
)
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost, Quadratic
from nnviz.core.surfaces import SURFACES

NETWORK = Network((2, 8, 8, 1), ("tanh", "tanh", "sigmoid"))
THETA = NETWORK.initialize(seed=1)


def cost_of(loss="binary_cross_entropy", network=NETWORK, samples=50, **penalty):
    rng = np.random.default_rng(0)
    k = network.sizes[-1]
    Y = np.eye(k)[:, rng.integers(k, size=samples)] if k > 1 else (rng.random((1, samples)) < 0.5).astype(float)
    return NetworkCost(network, loss, rng.normal(size=(network.sizes[0], samples)), Y, **penalty)


# Planes


@given(arrays.arrays(float, (3, 5), elements=st.floats(-1e3, 1e3)), st.floats(-10, 10), st.floats(-10, 10))
@settings(max_examples=50, deadline=None)
def test_what_is_on_the_plane_projects_onto_itself(vectors, alpha, beta):
    plane = Plane(*vectors)
    point = plane.point(alpha, beta)
    assert plane.residual(point) == pytest.approx(0, abs=1e-9 * max(1, np.abs(point).max(), np.abs(vectors).max()))


def test_projection_is_least_squares_for_oblique_directions():
    rng = np.random.default_rng(0)
    origin, u, v, *points = rng.normal(size=(8, 6))
    plane, points = Plane(origin, u, v), np.array(points)
    expected = np.linalg.lstsq(np.stack([u, v], axis=1), (points - origin).T, rcond=None)
    assert plane.project(points) == pytest.approx(expected[0].T)
    assert plane.residual(points) ** 2 == pytest.approx(expected[1])
    assert plane.project(points.reshape(5, 1, 6)).shape == (5, 1, 2)


def test_points_broadcast_alpha_against_beta():
    plane = Plane(np.zeros(4), *np.eye(4)[:2])
    assert plane.point(np.arange(3.0), np.arange(2.0)[:, None]).shape == (2, 3, 4)


def test_planes_compare_and_hash_by_value_and_cannot_be_changed():
    one, same, other = (random_plane(NETWORK, THETA, seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert pickle.loads(pickle.dumps(one)) == one
    assert Plane([0.0], [0.0], [1.0]) == Plane([-0.0], [0.0], [1.0])
    assert hash(Plane([0.0], [0.0], [1.0])) == hash(Plane([-0.0], [0.0], [1.0]))
    with pytest.raises(ValueError, match="read-only"):
        one.origin[0] = 1.0


def test_a_diverged_point_projects_to_nothing():
    plane = Plane(np.zeros(3), *np.eye(3)[:2])
    assert np.isnan(plane.project([[np.nan, 0, 0], [0, 0, 0]]))[0].all()
    assert plane.project([[np.nan, 0, 0], [3, 4, 0]])[1].tolist() == [3, 4]


# Random planes


def test_a_filter_is_as_long_in_the_direction_as_in_the_network():
    plane = random_plane(NETWORK, THETA, seed=3)
    for direction in (plane.u, plane.v):
        for drawn, layer in zip(NETWORK.unpack(direction), NETWORK.unpack(THETA), strict=True):
            assert np.linalg.norm(drawn.W, axis=1) == pytest.approx(np.linalg.norm(layer.W, axis=1))
            assert not drawn.b.any()
    assert np.array_equal(plane.origin, THETA)


def test_a_layer_is_as_long_in_the_direction_as_in_the_network():
    plane = random_plane(NETWORK, THETA, normalization="layer")
    for drawn, layer in zip(NETWORK.unpack(plane.u), NETWORK.unpack(THETA), strict=True):
        assert np.linalg.norm(drawn.W) == pytest.approx(np.linalg.norm(layer.W))
        assert not drawn.b.any()


@pytest.mark.parametrize("normalization", ["filter", "layer"])
def test_a_network_of_huge_weights_has_directions_as_long(normalization):
    plane = random_plane(NETWORK, 1e200 * np.ones_like(THETA), normalization=normalization)
    assert np.isfinite(plane.u).all()
    assert np.abs(plane.u).max() > 1e199


def test_a_network_scaled_through_relu_has_the_same_filter_normalised_landscape():
    # Li et al. (2018), section 3: scaling one layer up and the next down changes no output, and so must not change the picture.
    network = Network((2, 6, 1), ("relu", "sigmoid"))
    theta = network.initialize(seed=2)
    scaled = theta.copy()
    first, second = network.unpack(scaled)
    first.W[...] *= 10
    second.W[...] /= 10
    cost, axis = cost_of(network=network), np.linspace(-1, 1, 5)
    pictures = [evaluate_grid(cost, random_plane(network, point), axis, axis) for point in (theta, scaled)]
    assert pictures[0] == pytest.approx(pictures[1])
    raw = [evaluate_grid(cost, random_plane(network, point, normalization="none"), axis, axis) for point in (theta, scaled)]
    assert np.abs(raw[0] - raw[1]).max() > 0.1


def test_the_seed_decides_the_plane_and_none_leaves_it_as_drawn():
    drawn = np.random.default_rng(5).normal(size=(2, THETA.size))
    plane = random_plane(NETWORK, THETA, seed=5, normalization="none")
    assert np.array_equal([plane.u, plane.v], drawn)


# Principal axes


def test_pca_finds_the_plane_that_a_path_lies_in():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(30, 2)))[0]
    path = 5 + (rng.normal(size=(60, 2)) * [3, 1]) @ axes.T
    plane = pca_plane(path)
    assert np.array_equal(plane.origin, path[-1])
    assert plane.residual(path) == pytest.approx(np.zeros(60), abs=1e-12)
    assert plane.explained_variance.sum() == pytest.approx(1)
    assert plane.explained_variance[0] > plane.explained_variance[1] > 0
    assert [plane.u @ plane.u, plane.v @ plane.v, plane.u @ plane.v] == pytest.approx([1, 1, 0])


def test_the_shares_are_those_of_the_covariance():
    path = np.random.default_rng(0).normal(size=(50, 6)).cumsum(axis=0)
    variances = np.linalg.eigvalsh(np.cov(path.T))[::-1]
    assert pca_plane(path).explained_variance == pytest.approx((variances / variances.sum())[:2])


@pytest.mark.parametrize(
    ("path", "shares"),
    [
        (np.full((10, 4), 0.1), [0, 0]),
        (np.full((1, 4), 3.0), [0, 0]),
        (np.linspace(0, 1, 11)[:, None] * [1.0, 2, 3, 4], [1, 0]),
        (np.array([[0.0, 0, 0], [1, 1, 1]]), [1, 0]),
        (1e200 * np.linspace(0, 1, 11)[:, None] * [1.0, 2, 3, 4], [1, 0]),
        (np.zeros((5, 2)), [0, 0]),
    ],
    ids=["still", "one point", "line", "two points", "huge", "zero"],
)
def test_a_path_that_is_a_point_or_a_line_still_has_a_plane(path, shares):
    plane = pca_plane(path)
    assert plane.explained_variance == pytest.approx(shares, abs=1e-12)
    assert [plane.u @ plane.u, plane.v @ plane.v, plane.u @ plane.v] == pytest.approx([1, 1, 0], abs=1e-12)
    assert plane.project(path[-1]) == pytest.approx([0, 0])


def test_several_paths_share_one_plane_and_diverged_points_are_left_out():
    paths = np.random.default_rng(0).normal(size=(20, 3, 7))
    paths[15:, 1] = np.nan
    finite = paths.reshape(-1, 7)[np.isfinite(paths.reshape(-1, 7)).all(axis=1)]
    assert pca_plane(paths) == pca_plane(finite)


# Solutions and eigenvectors


def test_three_solutions_lie_on_their_plane():
    a, b, c = np.random.default_rng(0).normal(size=(3, 9))
    plane = plane_through(a, b, c)
    assert plane.residual([a, b, c]) == pytest.approx(np.zeros(3), abs=1e-12)
    assert plane.project(a).tolist() == [0, 0]
    assert plane.project(b) == pytest.approx([np.linalg.norm(b - a), 0], abs=1e-12)
    at_c = plane.project(c)
    assert np.linalg.norm(at_c) == pytest.approx(np.linalg.norm(c - a))  # distances are true
    assert at_c[1] > 0


def test_the_hessian_plane_is_steepest():
    cost = cost_of()
    plane, (values, _) = hessian_plane(cost, THETA), top_eigenpairs(cost, THETA, k=2)
    h = 1e-3
    for k, (alpha, beta) in enumerate([(h, 0.0), (0.0, h)]):
        along = cost.value(plane.point([-alpha, 0, alpha], [-beta, 0, beta]))
        assert (along[0] - 2 * along[1] + along[2]) / h**2 == pytest.approx(values[k], rel=1e-3)


# Grids


@pytest.mark.parametrize("penalty", [{}, {"l2": 0.1}, {"l1": 0.05}], ids=str)
@pytest.mark.parametrize(
    ("loss", "output", "k"),
    [("binary_cross_entropy", "sigmoid", 1), ("half_squared_error", "identity", 1), ("cross_entropy", "softmax", 3), ("huber", "tanh", 1)],
)
def test_a_grid_is_the_cost_at_each_point(loss, output, k, penalty):
    network = Network((2, 7, 5, k), ("tanh", "gelu", output))
    cost, theta = cost_of(loss, network, **penalty), network.initialize(seed=1)
    plane, alpha, beta = random_plane(network, theta), np.linspace(-2, 2, 13), np.linspace(-1, 3, 11)
    grid = evaluate_grid(cost, plane, alpha, beta)
    assert grid.shape == (11, 13)
    assert grid == pytest.approx(cost.value(plane.point(alpha, beta[:, None])), rel=1e-12)
    assert grid[4, 5] == pytest.approx(float(cost.value(plane.point(alpha[5], beta[4]))))


@pytest.mark.parametrize("surface", SURFACES.values(), ids=lambda s: s.name)
def test_a_surface_is_its_own_landscape(surface):
    (x0, x1), (y0, y1) = surface.bounds
    x, y = np.linspace(x0, x1, 9), np.linspace(y0, y1, 7)
    grid = evaluate_grid(surface, Plane([0, 0], [1, 0], [0, 1]), x, y)
    assert grid == pytest.approx(surface.value(np.stack(np.meshgrid(x, y), axis=-1)))


def test_samples_with_batch_dimensions_of_one_take_the_definition():
    cost = cost_of()
    batched = NetworkCost(NETWORK, cost.loss, cost.X[None], cost.Y[None])
    axis = np.linspace(-1, 1, 4)
    plane = random_plane(NETWORK, THETA)
    assert evaluate_grid(batched, plane, axis, axis) == pytest.approx(evaluate_grid(cost, plane, axis, axis))


def test_an_overflowing_landscape_is_drawn():
    network = Network((2, 3, 1), ("relu", "identity"))
    cost = cost_of("half_squared_error", network)
    grid = evaluate_grid(cost, random_plane(network, network.initialize()), [-1e200, 0.0, 1e200], [0.0])
    assert np.isfinite(grid[0]).tolist() == [False, True, False]


def test_a_grid_comes_in_chunks_that_end_complete():
    cost, axis = cost_of(samples=500), np.linspace(-1, 1, 101)
    told = [(share, np.isfinite(grid).mean()) for share, grid in evaluate_grid_chunks(cost, random_plane(NETWORK, THETA), axis, axis)]
    assert len(told) > 1
    assert told[-1] == (1.0, 1.0)
    assert all(known == pytest.approx(share) for share, known in told)


def test_a_grid_of_201_by_201_stays_below_300_megabytes():
    cost, axis = cost_of(samples=500), np.linspace(-1, 1, 201)
    plane = random_plane(NETWORK, THETA)
    tracemalloc.start()
    evaluate_grid(cost, plane, axis, axis)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300e6


# Lines


def test_a_line_leads_from_one_solution_to_the_other():
    cost, test = cost_of(), cost_of(samples=20)
    a, b = NETWORK.initialize(batch=2)
    line = interpolate(cost, a, b, test=test, points=11, beyond=0.2)
    assert line.t == pytest.approx(np.linspace(-0.2, 1.2, 15))
    assert line.train == pytest.approx(cost.value((1 - line.t[:, None]) * a + line.t[:, None] * b))
    assert line.test[[2, 12]] == pytest.approx(test.value(np.stack([a, b])))
    assert line.train_barrier == pytest.approx(float(barrier(line.t[2:13], line.train[2:13])))
    assert line.test_barrier >= 0


def test_a_bowl_has_no_barrier_and_a_double_well_has_its_hump():
    assert interpolate(Quadratic(np.eye(3)), np.ones(3), [-1, 2, 0]).train_barrier == 0
    styblinski = SURFACES["styblinski_tang"]
    low, high = -2.9035340276896057, 2.7468027096512104  # the two wells along x
    line = interpolate(styblinski, [low, low], [high, low], points=2001)
    x = np.linspace(low, high, 2001)
    well = (x**4 - 16 * x**2 + 5 * x) / 2
    assert line.train_barrier == pytest.approx(np.max(well - np.interp(x, x[[0, -1]], well[[0, -1]])))


def test_barriers_come_in_batches():
    t = np.linspace(0, 1, 5)
    values = np.random.default_rng(0).normal(size=(3, 4, 5))
    assert barrier(t, values)[2, 1] == pytest.approx(float(barrier(t, values[2, 1])))
    assert (barrier(t, values) >= 0).all()


# Bad input

PLANE = Plane(np.zeros(3), *np.eye(3)[:2])
CUBE = Quadratic(np.eye(3))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Plane(np.zeros(3), np.zeros(3), np.zeros(2)), r"\(3,\), \(3,\), \(2,\)"),
        (lambda: Plane(np.full(3, np.nan), np.zeros(3), np.zeros(3)), "diverged"),
        (lambda: PLANE.project(np.zeros(4)), "3 parameters"),
        (lambda: PLANE.residual(1.0), "3 parameters"),
        (lambda: random_plane(NETWORK, THETA[:-1]), r"\(105,\)"),
        (lambda: random_plane(NETWORK, np.full(105, np.inf)), "diverged"),
        (lambda: random_plane(NETWORK, THETA, normalization="batch"), "filter, layer, none"),
        (lambda: random_plane(NETWORK, np.zeros(105)), "all weights of theta are 0"),
        (lambda: pca_plane(np.zeros(5)), "at least 2 parameters"),
        (lambda: pca_plane(np.zeros((5, 1))), "at least 2 parameters"),
        (lambda: pca_plane(np.full((5, 3), np.nan)), "diverged at once"),
        (lambda: plane_through(np.zeros(3), np.zeros(3), np.ones(3)), "the same point"),
        (lambda: random_plane(NETWORK, THETA, seed=-1), "seed is -1"),
        (lambda: hessian_plane(CUBE, np.zeros(3), seed="a"), "seed is 'a'"),
        (lambda: plane_through(np.zeros(3), np.ones(3), 2 * np.ones(3)), "one line"),
        (lambda: plane_through(np.zeros(3), np.ones(3), np.ones(4)), "one point"),
        (lambda: hessian_plane(CUBE, np.full(3, np.nan)), "diverged"),
        (lambda: evaluate_grid(CUBE, PLANE, [], [0]), "alpha has shape"),
        (lambda: evaluate_grid(CUBE, PLANE, [0], [[0]]), "beta has shape"),
        (lambda: evaluate_grid(CUBE, PLANE, [np.inf], [0]), "finite numbers"),
        (lambda: evaluate_grid(CUBE, PLANE, np.zeros(5000), [0]), "1 to 1001"),
        (lambda: evaluate_grid(Quadratic(np.eye(2)), PLANE, [0], [0]), "both need as many"),
        (lambda: interpolate(CUBE, np.zeros(3), np.zeros(2)), "one point"),
        (lambda: interpolate(CUBE, np.zeros(3), np.ones(3), points=1), "2 to 100001"),
        (lambda: interpolate(CUBE, np.zeros(3), np.ones(3), beyond=-1), "0 to 10"),
        (lambda: barrier([0, 1], [1, 2, 3]), "one value for each"),
        (lambda: barrier([1, 1], [1, 2]), "different t"),
    ],
)
def test_a_mistake_is_answered_by_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        call()
    assert 11 <= len(str(caught.value)) <= 599


@pytest.mark.parametrize(("rows", "columns"), [(9, 9), (10, 7), (1, 5), (3, 2), (1, 1)])
def test_a_grid_from_coarse_to_fine_ends_as_the_grid(rows, columns):
    cost, plane = cost_of(samples=40), random_plane(NETWORK, THETA)
    alpha, beta = np.linspace(-1, 1, columns), np.linspace(-2, 1, rows)
    *_, (share, grid) = refined_grid_chunks(cost, plane, alpha, beta)
    assert share == 1.0
    np.testing.assert_allclose(grid, evaluate_grid(cost, plane, alpha, beta), rtol=1e-12)


def test_the_first_grid_is_coarse_and_stands_in_blocks():
    cost, plane, axis = cost_of(samples=40), random_plane(NETWORK, THETA), np.linspace(-1, 1, 9)
    shares, grids = zip(*((share, grid.copy()) for share, grid in refined_grid_chunks(cost, plane, axis, axis)), strict=True)
    assert list(shares) == sorted(shares)
    assert shares[0] == 9 / 81
    whole = evaluate_grid(cost, plane, axis, axis)
    near = np.arange(9) // 4 * 4
    np.testing.assert_allclose(grids[0], whole[np.ix_(near, near)], rtol=1e-12)
