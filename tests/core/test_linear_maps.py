"""Maps of the plane, the path an animation takes to them, and the laws of random spectra."""

import numpy as np
import pytest

from nnviz.core.linear_maps import ENSEMBLES, path_from_identity, plane_map, random_matrix, rotation, scaling, shear
from nnviz.core.stability import spectral_radius, spectrum


@pytest.fixture(params=ENSEMBLES.values(), ids=ENSEMBLES)
def ensemble(request):
    return request.param


# The plane

MAPS = {
    "identity": np.eye(2),
    "shear": shear(1.5),
    "stretch": scaling(2, 0.5),
    "reflection": scaling(1, -1),
    "projection": [[1, 0], [0, 0]],
    "zero": np.zeros((2, 2)),
    "turn": rotation(2.5),
    "spiral": 0.7 * rotation(-1.0),
    "ellipse": [[1, -4], [1, 1]],
    "half turn": -2 * np.eye(2),
    "negative": [[-3, 1], [0, -2]],
    "huge turn": 1e200 * rotation(1.0),
}


@pytest.fixture(params=MAPS.values(), ids=MAPS)
def W(request):
    return np.asarray(request.param, dtype=float)


def test_angles_add():
    assert rotation(0.4) @ rotation(0.5) == pytest.approx(rotation(0.9))


def test_a_map_is_built_shear_first_rotation_last():
    angle, x, y, k = 0.3, 2.0, -0.5, 0.7
    assert plane_map(angle, x, y, k) == pytest.approx(rotation(angle) @ np.diag([x, y]) @ [[1, k], [0, 1]])
    assert np.linalg.det(plane_map(angle, x, y, k)) == pytest.approx(x * y)


def test_sliders_may_be_arrays():
    angles = np.linspace(0, 1, 4)
    assert plane_map(angles, 2.0).shape == (4, 2, 2)
    assert plane_map(angles, 2.0)[3] == pytest.approx(plane_map(1.0, 2.0))


def test_the_path_leads_from_the_identity_to_the_map(W):
    path = path_from_identity(W, [0.0, 1.0])
    assert path[0] == pytest.approx(np.eye(2))
    assert path[1] == pytest.approx(W, rel=1e-9, abs=1e-12 * np.abs(W).max())


def test_the_path_keeps_the_eigenvectors_at_every_moment(W):
    W = W / max(np.abs(W).max(), 1)
    for between in path_from_identity(W, np.linspace(0, 1, 9)):
        assert between @ W == pytest.approx(W @ between, abs=1e-12)  # they commute


def test_complex_eigenvalues_turn_evenly():
    times = np.linspace(0, 1, 7)
    values = spectrum(path_from_identity(0.5 * rotation(2.0), times))
    assert np.abs(np.angle(values[:, 0])) == pytest.approx(2.0 * times)
    assert np.abs(values[:, 0]) == pytest.approx(0.5**times)


def test_the_ellipse_path_is_the_matrix_power():
    from scipy.linalg import fractional_matrix_power

    W = np.array([[1.0, -4.0], [1.0, 1.0]])
    assert path_from_identity(W, [0.3])[0] == pytest.approx(fractional_matrix_power(W, 0.3).real)


def test_a_half_turn_turns_instead_of_collapsing():
    path = path_from_identity(-np.eye(2), np.linspace(0, 1, 11))
    assert np.linalg.det(path) == pytest.approx(np.ones(11))


@pytest.mark.parametrize(("bad", "sentence"), [(np.eye(3), "(2, 2)"), ([[1, np.nan], [0, 1]], "not finite"), ([1, 2], "at least one row")])
def test_only_a_finite_2_by_2_matrix_has_a_path(bad, sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        path_from_identity(bad, [0.5])


# Random matrices


def test_a_law_integrates_to_one(ensemble):
    x = np.linspace(ensemble.support[0] - 0.5, ensemble.support[1] + 0.5, 400_001)
    assert np.trapezoid(ensemble.density(x), x) == pytest.approx(1, abs=1e-4)
    assert ensemble.density(x[[0, -1]]).tolist() == [0, 0]


def test_the_spectrum_follows_its_law(ensemble):
    values = spectrum(random_matrix(ensemble, 300, seed=1, batch=(3,))).ravel()
    seen = {"modulus": np.abs(values), "angle": np.angle(values), "value": values.real}[ensemble.seen]
    edges = np.linspace(*ensemble.support, 9)
    x = np.linspace(edges[:-1], edges[1:], 501)
    expected = np.trapezoid(ensemble.density(x), x, axis=0)
    share = np.histogram(seen, edges)[0] / seen.size
    assert share == pytest.approx(expected, abs=0.03)


def test_gain_scales_the_spectrum_and_the_seed_decides(ensemble):
    one, two = random_matrix(ensemble, 20, seed=5), random_matrix(ensemble, 20, seed=5, gain=2.0)
    assert spectral_radius(two) == pytest.approx(2 * spectral_radius(one))
    assert not np.array_equal(one, random_matrix(ensemble, 20, seed=6))


def test_orthogonal_matrices_keep_lengths_and_symmetric_ones_are_symmetric():
    Q, S = random_matrix("orthogonal", 6, batch=(2,)), random_matrix("symmetric", 6)
    assert np.swapaxes(Q, -1, -2) @ Q == pytest.approx(np.broadcast_to(np.eye(6), (2, 6, 6)), abs=1e-12)
    assert np.array_equal(S, S.T)


def test_orthogonal_matrices_are_uniform():
    # Haar measure: the mean of the trace is 0 and of its square 1 (Diaconis & Shahshahani 1994); plain QR gives neither.
    traces = np.trace(random_matrix("orthogonal", 5, batch=(4000,)), axis1=-2, axis2=-1)
    assert traces.mean() == pytest.approx(0, abs=0.06)
    assert (traces**2).mean() == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("name", "n"), [("wigner", 3), ("gaussian", 0), ("gaussian", 10**6), ("gaussian", 2.5), ("gaussian", True)])
def test_what_cannot_be_drawn_is_named(name, n):
    with pytest.raises(ValueError, match=r"is needed|1 to 2000 rows"):
        random_matrix(name, n)
