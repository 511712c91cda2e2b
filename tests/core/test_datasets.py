"""What a data set promises; parametrised over the registry, so that a new one is tested by being named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.core import clouds
from nnviz.core.datasets import DATASETS, with_features
from nnviz.core.features import PLAYGROUND_FEATURES
from nnviz.core.samples import Scale, assemble
from nnviz.core.series import SERIES, Series, load_series, series_from_table
from nnviz.core.subsets import draw, shares
from nnviz.core.tables import read_table

MADE = [name for name, source in DATASETS.items() if source.size is None]
CLASSES = [name for name, source in DATASETS.items() if source.task == "classification"]


@pytest.fixture(params=DATASETS.values(), ids=DATASETS)
def source(request):
    return request.param


def test_shapes_and_names_agree(source):
    data = source()
    n, m = data.X.shape
    assert data.Y.shape == (len(data.target_names), m)
    assert len(data.feature_names) == n == len(source.feature_names)
    assert data.train.X.shape == (n, len(data.train))
    assert data.train.Y.shape == (data.Y.shape[0], len(data.train))
    assert len(data.train) + len(data.test) == m == data.samples
    assert np.isfinite(data.X).all()
    assert np.isfinite(data.Y).all()
    assert data.source
    assert data.licence
    assert data.title


def test_the_parts_are_the_whole_and_share_nothing(source):
    data = source(test_fraction=0.4, seed=3)
    assert np.array_equal(np.sort(np.concatenate([data.train.index, data.test.index])), np.arange(data.samples))


def test_a_test_fraction_of_zero_leaves_all_to_the_training(source):
    data = source(test_fraction=0)
    assert data.test.X.shape == (data.X.shape[0], 0)
    assert len(data.train) == data.samples


def test_the_same_seed_gives_an_equal_data_set_and_hash(source):
    one, two = source(noise=0.2, seed=5), source(noise=0.2, seed=5)
    assert one == two
    assert hash(one) == hash(two)
    assert len({one, two}) == 1


@pytest.mark.parametrize("name", [name for name in DATASETS if DATASETS[name].size != 1])
@pytest.mark.parametrize("change", [{"seed": 6}, {"noise": 0.3}, {"test_fraction": 0.2}, {"samples": 50}])
def test_another_argument_gives_another_data_set(name, change):
    plain = DATASETS[name](noise=0.2, seed=5)
    other = DATASETS[name](**{"noise": 0.2, "seed": 5} | change)
    assert plain != other
    assert hash(plain) != hash(other)


def test_cannot_be_changed(source):
    data = source()
    with pytest.raises(ValueError, match="read-only"):
        data.X[0, 0] = 1.0
    with pytest.raises(AttributeError):
        data.X = data.Y


@pytest.mark.parametrize("name", [name for name in DATASETS if DATASETS[name].standardize])
def test_the_scale_is_fitted_on_the_training_part_alone(name):
    data = DATASETS[name](seed=1)
    raw = data.X[:, data.train.index]
    assert data.scale.mean[:, 0] == pytest.approx(raw.mean(axis=1))
    assert data.train.X.mean(axis=1) == pytest.approx(0, abs=1e-9)
    varied = raw.std(axis=1) > 0
    assert data.train.X.std(axis=1)[varied] == pytest.approx(1)
    assert data.scale.invert(data.test.X) == pytest.approx(data.X[:, data.test.index], abs=1e-9)
    assert np.array_equal(data.inputs[:, data.train.index], data.train.X)


def test_a_constant_feature_is_moved_and_not_divided_by_its_rounding():
    scale = Scale.fitted(np.full((1, 10), 0.1))
    assert scale.std[0, 0] == 1
    assert scale(np.full((1, 3), 0.1)) == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_keeps_its_share_in_both_parts(name):
    data = DATASETS[name](test_fraction=0.3, seed=2)
    everywhere = np.bincount(data.labels) / data.samples
    held_out = np.bincount(data.labels[data.test.index], minlength=len(everywhere)) / len(data.test)
    assert held_out == pytest.approx(everywhere, abs=1 / len(data.test))


@pytest.mark.parametrize("name", CLASSES)
def test_two_classes_are_one_row_and_more_are_one_hot(name):
    data = DATASETS[name]()
    assert set(np.unique(data.Y)) == {0.0, 1.0}
    if len(data.class_names) == 2:
        assert data.Y.shape[0] == 1
        assert np.array_equal(data.labels, data.Y[0])
    else:
        assert data.Y.shape[0] == len(data.class_names)
        assert np.array_equal(data.Y.sum(axis=0), np.ones(data.samples))


@pytest.mark.parametrize("name", ["iris", "gauss", "digits", "plane"])
def test_noise_is_relative_to_each_features_spread(name):
    clean, noisy = DATASETS[name](seed=4), DATASETS[name](noise=0.25, seed=4)
    spread = clean.X.std(axis=1)
    added = (noisy.X - clean.X).std(axis=1)
    assert added == pytest.approx(0.25 * spread, rel=0.2)
    assert np.array_equal(clean.Y, noisy.Y)
    assert np.array_equal(clean.test.index, noisy.test.index)


def test_more_noise_moves_the_same_samples_further_the_same_way():
    clean, some, more = (DATASETS["moons"](noise=noise, seed=4).X for noise in (0, 0.1, 0.2))
    assert more - clean == pytest.approx(2 * (some - clean))


def test_noise_on_a_typed_function_is_on_its_values():
    clean, noisy = (DATASETS["function"](expression="x", noise=noise, samples=2000) for noise in (0, 0.5))
    assert np.array_equal(clean.X, noisy.X)
    assert (noisy.Y - clean.Y).std() == pytest.approx(0.5 * clean.Y.std(), rel=0.1)


def test_a_subset_is_drawn_by_the_seed_and_keeps_the_classes():
    data = DATASETS["digits"](samples=100, seed=8)
    assert data.samples == 100
    assert np.bincount(data.labels).min() >= 9
    whole = {column.tobytes() for column in DATASETS["digits"]().X.T}
    assert all(column.tobytes() in whole for column in data.X.T)


# The real ones, against the numbers that scikit-learn and palmerpenguins print for them.


def test_iris_is_fishers():
    iris = DATASETS["iris"](seed=0)
    assert iris.X.shape == (4, 150)
    assert iris.X.mean(axis=1) == pytest.approx([5.843333, 3.057333, 3.758, 1.199333], abs=1e-6)
    assert iris.X[:, 34].tolist() == [4.9, 3.1, 1.5, 0.2]  # one of the two that UCI's copy has wrong
    assert iris.class_names == ("setosa", "versicolor", "virginica")
    assert np.bincount(iris.labels).tolist() == [50, 50, 50]


def test_penguins_are_palmers():
    penguins = DATASETS["penguins"]()
    assert penguins.X.shape == (4, 342)
    assert penguins.X.mean(axis=1) == pytest.approx([43.921930, 17.151170, 200.915205, 4201.754386], abs=1e-6)
    assert np.bincount(penguins.labels).tolist() == [151, 68, 123]
    assert penguins.feature_names[3] == "body mass (g)"


def test_digits_are_scikit_learns():
    digits = DATASETS["digits"]()
    assert digits.X.shape == (64, 1797)
    assert digits.X.mean() == pytest.approx(4.884164, abs=1e-6)
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (digits.X.min(), digits.X.max()) == (0, 16)
    assert digits.image_shape == (8, 8)
    assert digits.X[:, 0].reshape(8, 8)[0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


def test_the_worked_example_is_shown_as_it_is():
    example = DATASETS["worked_example"]()
    assert example.train.X.tolist() == [[0.5], [0.8]]
    assert example.train.Y.tolist() == [[1.0]]
    assert DATASETS["small_example"]().train.X.ravel().tolist() == [1, 2, 3]


# The made ones, against their rule.


def test_the_spiral_is_playgrounds():
    X, labels = clouds.spiral(200, np.random.default_rng(0))
    for i in (0, 1, 50, 99):
        r, t = i / 100 * 5, 1.75 * i / 100 * 2 * np.pi
        assert X[:, i] == pytest.approx([r * np.sin(t), r * np.cos(t)])
        assert X[:, 100 + i] == pytest.approx([r * np.sin(t + np.pi), r * np.cos(t + np.pi)])
    assert labels.tolist() == [1] * 100 + [0] * 100


def test_the_circle_is_a_disc_in_a_ring():
    X, labels = clouds.circle(1001, np.random.default_rng(0))
    radius = np.hypot(*X)
    assert radius[labels == 1].max() <= 2.5
    assert radius[labels == 0].min() >= 3.5
    assert radius.max() <= 5
    assert labels.sum() == 501


def test_xor_is_the_sign_of_the_product_and_leaves_its_axes_free():
    X, labels = clouds.xor(1000, np.random.default_rng(0))
    assert np.array_equal(labels, (X[0] * X[1] > 0).astype(int))
    assert np.abs(X).min() >= 0.3
    assert np.abs(X).max() <= 5.3


def test_gauss_is_two_clouds_of_variance_one_half():
    X, labels = clouds.gauss(20_000, np.random.default_rng(0))
    assert X[:, labels == 1].mean(axis=1) == pytest.approx([2, 2], abs=0.05)
    assert X[:, labels == 0].mean(axis=1) == pytest.approx([-2, -2], abs=0.05)
    assert X[:, labels == 1].var(axis=1) == pytest.approx([0.5, 0.5], rel=0.05)


def test_moons_lie_on_two_half_circles():
    X, labels = clouds.moons(300, np.random.default_rng(0))
    centre = np.where(labels == 1, [[1], [0.5]], [[0], [0]])
    assert np.hypot(*(X - centre)) == pytest.approx(1)
    assert (X[1, labels == 0] >= 0).all()
    assert (X[1, labels == 1] <= 0.5).all()


def test_the_plane_is_a_tenth_of_the_sum():
    X, Y = clouds.plane(100, np.random.default_rng(0))
    assert Y[0] == pytest.approx((X[0] + X[1]) / 10)


def test_the_six_hills_are_playgrounds():
    X, Y = clouds.gauss_regression(2000, np.random.default_rng(0))
    for point, height in zip(X.T, Y[0], strict=True):
        cones = [sign * max(0.0, 1 - np.hypot(point[0] - x, point[1] - y) / 2) for x, y, sign in clouds.PLAYGROUND_HILLS]
        assert height == pytest.approx(max(cones, key=abs))


def test_a_typed_function_is_followed():
    data = DATASETS["function"](expression="x^2 - 1", low=0, high=3, samples=20)
    assert data.Y[0] == pytest.approx(data.X[0] ** 2 - 1)
    assert (data.X.min() >= 0) & (data.X.max() <= 3)
    assert DATASETS["function"](expression="2").Y.tolist() == [[2.0] * 500]


@pytest.mark.parametrize("name", MADE)
def test_as_many_samples_are_made_as_asked(name):
    for samples in (1, 2, 7):
        assert DATASETS[name](samples=samples).X.shape[1] == samples


# Features made of the coordinates.


def test_playgrounds_features_are_made_of_the_coordinates():
    plain = DATASETS["circle"](samples=50)
    data = with_features(plain, PLAYGROUND_FEATURES)
    x1, x2 = plain.X
    assert pytest.approx(np.stack([x1, x2, x1**2, x2**2, x1 * x2, np.sin(x1), np.sin(x2)])) == data.X
    assert data.train.X.std(axis=1) == pytest.approx(1)
    assert np.array_equal(data.coordinates, plain.X)
    assert data.bounds == plain.bounds
    assert np.array_equal(data.Y, plain.Y)


def test_a_point_of_the_plane_is_seen_as_a_sample_there_would_be():
    data = with_features(DATASETS["xor"](samples=30), ("x1*x2", "sin(x2)"))
    assert data.at(data.coordinates) == pytest.approx(data.inputs)
    grid = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [2.0, 3.0]))
    assert data.at(grid).shape == (2, 2, 3)
    assert data.at(grid)[:, 1, 2] == pytest.approx(data.at([[1.0], [3.0]])[:, 0])


@pytest.mark.parametrize(
    ("points", "told"), [([["a"], ["b"]], "needs numbers"), (5, r"shape \(\)"), ([[1.0, 2.0]], "each of the 2 coordinates, x1, x2")]
)
def test_points_that_are_no_points_of_the_plane_are_a_sentence(points, told):
    with pytest.raises(ValueError, match=told):
        DATASETS["circle"](samples=30).at(points)


def test_features_are_chosen_by_their_own_names_and_given_back():
    iris = DATASETS["iris"]()
    two = with_features(iris, ("petal width (cm)", "petal length (cm)"))
    assert np.array_equal(two.X, iris.X[[3, 2]])
    assert with_features(two, iris.feature_names) == iris
    plain = with_features(iris, ["x1"], standardize=False)
    assert np.array_equal(plain.train.X, iris.X[:1, iris.train.index])


@pytest.mark.parametrize("bad", [("x3",), ("x0",), ("cos(x1)",), (), ("x1", "x1"), ("x1*x9",), ("q" * 500,)])
def test_a_feature_that_is_none_is_named(bad):
    with pytest.raises(ValueError, match="feature") as error:
        with_features(DATASETS["circle"](), bad)
    assert 11 <= len(str(error.value)) <= 599


# What is refused, and what is told.


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"samples": 0}, "samples"),
        ({"samples": -3}, "samples"),
        ({"samples": 2.5}, "samples"),
        ({"samples": True}, "samples"),
        ({"samples": 10**9}, "samples"),
        ({"noise": -0.1}, "noise"),
        ({"noise": float("nan")}, "noise"),
        ({"noise": float("inf")}, "noise"),
        ({"noise": "loud"}, "noise"),
        ({"test_fraction": None}, "test_fraction"),
        ({"test_fraction": 1}, "test_fraction"),
        ({"test_fraction": -0.1}, "test_fraction"),
        ({"test_fraction": float("nan")}, "test_fraction"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_argument_out_of_range_is_named(source, bad, told):
    with pytest.raises(ValueError, match=told) as error:
        source(**bad)
    assert 11 <= len(str(error.value)) <= 599


def test_more_samples_than_there_are_is_refused():
    with pytest.raises(ValueError, match="at most 150"):
        DATASETS["iris"](samples=151)


@pytest.mark.parametrize(
    "bad",
    [{"expression": "log(x)"}, {"expression": "import os"}, {"expression": "1/0"}, {"low": 2, "high": 1}, {"high": float("inf")}],
)
def test_a_function_that_cannot_be_drawn_is_told(bad):
    with pytest.raises(ValueError, match=r".{11,599}"):
        DATASETS["function"](**bad)


def test_a_sample_is_described_in_words():
    assert DATASETS["iris"]().describe(0).startswith("sample 0: sepal length (cm) = 5.1, ")
    assert DATASETS["iris"]().describe(0).endswith("; setosa")
    assert DATASETS["digits"]().describe(3) == "sample 3: a picture of 8 × 8 pixels; 3"
    assert DATASETS["worked_example"]().describe(-1) == "sample 0: x1 = 0.5, x2 = 0.8; y = 1"
    with pytest.raises(ValueError, match="choose 0 to 149"):
        DATASETS["iris"]().describe(150)


def test_a_regression_has_no_labels():
    with pytest.raises(ValueError, match="no classes"):
        _ = DATASETS["plane"]().labels


def test_the_bounds_hold_every_sample(source):
    data = source(noise=0.5)
    for (low, high), row in zip(data.bounds, data.coordinates, strict=True):
        assert low < row.min() <= row.max() < high


def test_a_missing_number_is_the_mean_of_the_training_part():
    X = np.arange(20.0)[None].copy()
    X[0, [3, 11]] = np.nan
    data = assemble(X, np.zeros((1, 20)), task="regression", feature_names=["x"], name="", title="", seed=4)
    known = X[0, data.train.index]
    assert data.X[0, [3, 11]] == pytest.approx(np.nanmean(known))


# Drawing.


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=8), fraction=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_shares_are_whole_and_within_one_of_the_proportion(counts, fraction):
    counts = np.array(counts)
    total = round(fraction * counts.sum())
    given_places = shares(counts, total)
    assert given_places.sum() == total
    assert np.abs(given_places - total * counts / counts.sum()).max() < 1
    assert (given_places <= counts).all()


@given(groups=st.lists(st.integers(0, 4), min_size=1, max_size=40), fraction=st.floats(0, 0.99), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_split_leaves_every_class_a_sample_to_learn_from(groups, fraction, seed):
    groups = np.array(groups)
    test = draw(len(groups), groups, np.random.default_rng(seed), min(round(fraction * len(groups)), len(groups) - 1), spare=1)
    assert len(np.unique(test)) == len(test)
    assert set(groups) == set(np.delete(groups, test))


@pytest.mark.parametrize("name", MADE)
@given(samples=st.integers(1, 60), fraction=st.floats(0, 0.99), noise=st.floats(0, 3), seed=st.integers(0, 2**40))
@settings(max_examples=15, deadline=None)
def test_any_size_split_and_noise_gives_finite_samples(name, samples, fraction, noise, seed):
    data = DATASETS[name](samples=samples, test_fraction=fraction, noise=noise, seed=seed)
    assert len(data.train) >= 1
    assert np.isfinite(data.train.X).all()
    assert np.isfinite(data.test.X).all()


# Series.


@pytest.mark.parametrize("name", SERIES)
def test_a_series_is_finite_and_evenly_spaced(name):
    series = load_series(name)
    assert series.time.shape == series.values.shape == (len(series),)
    assert np.isfinite(series.values).all()
    assert np.ptp(np.diff(series.time)) < 1e-9
    assert series == load_series(name)
    assert series.source
    assert series.licence


def test_the_sunspots_are_those_of_noaa():
    sunspots = load_series("sunspots")
    assert sunspots.values[:3].tolist() == [58.0, 62.6, 70.0]
    assert sunspots.time[[0, -1]] == pytest.approx([1749 + 0.5 / 12, 2008 + 11.5 / 12])
    assert sunspots.values.max() == 253.8  # October 1957, the highest month of the old numbers
    with pytest.raises(ValueError, match="choose from"):
        load_series("tides")


def test_a_column_becomes_a_series_and_a_gap_is_told(tmp_path):
    file = tmp_path / "flow.csv"
    file.write_text("flow,gap,word\n1.5,1,a\n2.5,,b\n0.5,3,a\n")
    table = read_table(file)
    series = series_from_table(table)
    assert isinstance(series, Series)
    assert series.values.tolist() == [1.5, 2.5, 0.5]
    with pytest.raises(ValueError, match="1 cells of the column 'gap' are empty"):
        series_from_table(table, "gap")
    with pytest.raises(ValueError, match="holds no numbers"):
        series_from_table(table, "word")
