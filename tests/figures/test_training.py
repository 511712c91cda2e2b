"""The films of a run hold the run, stay within their frames and bytes, and survive divergence."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from nnviz.core.comparison import learning_rate_range
from nnviz.core.confusion import confusion_matrix, predicted_classes
from nnviz.core.datasets import DATASETS
from nnviz.core.network import Network
from nnviz.core.slices import activations_on, slice_of
from nnviz.core.training import continue_training, train
from nnviz.figures import compare, learned, training
from nnviz.figures.theme import DARK, LIGHT
from nnviz.ui.chart import encode


def valid(figure):

    assert len(encode(figure)) < 400_000
    made = go.Figure(figure)
    assert len(made.frames) <= 60
    return made


@pytest.fixture(scope="module")
def iris():
    data = DATASETS["iris"]()
    network = Network((4, 8, 8, 3), ("tanh", "tanh", "softmax"))
    return data, train(network, "cross_entropy", data, "adam", epochs=20)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_curves_are_the_costs_and_the_mark_stands_on_them(iris, theme):
    _, run = iris
    made = valid(training.curves(run, theme))
    assert made.data[0].y == pytest.approx(run.train_cost)
    assert made.data[1].y == pytest.approx(run.test_cost)
    assert made.frames[7].data[0].y[0] == pytest.approx(run.train_cost[7])
    assert valid(training.curves(run, theme, "accuracy")).data[0].y == pytest.approx(run.train_accuracy)


def test_of_two_ends_the_higher_one_has_its_name_above(iris):
    _, run = iris
    for first, second in ((0.1, 0.2), (0.2, 0.1)):
        moved = replace(run, train_cost=run.train_cost * 0 + first, test_cost=run.test_cost * 0 + second)
        shifts = {label.text: label.yshift for label in valid(training.curves(moved, LIGHT)).layout.annotations}
        assert (shifts["train"] > shifts["test"]) == (first > second)


def test_a_path_left_at_a_fork_is_drawn_from_the_fork_on_and_named(iris):
    _, run = iris
    fork = continue_training(run, snapshot=30, epochs=40, optimizer="sgd").thinned(60, with_step=int(run.step[30]))
    made = valid(training.curves(fork, LIGHT, former=[("Path 1", run, fork.parting(run))]))
    drawn = {trace.name: trace for trace in made.data}
    assert drawn["Path 1, train"].x[0] == run.step[30]
    assert drawn["Path 1, test"].y == pytest.approx(run.test_cost[30:])
    assert "Path 1" in [label.text for label in made.layout.annotations]
    assert made.frames[5].data[0].y[0] == pytest.approx(fork.train_cost[5])
    assert made.data[made.frames[5].traces[0]].mode == "markers"


def test_the_boundary_shows_the_winning_class_and_how_sure(iris):
    data, run = iris
    seen = slice_of(data, (2, 3))
    outputs = activations_on(run.network, run.theta, seen.inputs, (3,))[0]
    made = valid(training.boundary(data, seen, outputs, LIGHT, show_test=True))
    levels = training.class_levels(outputs, 3)
    assert np.array_equal(levels[-1] // (256 // 3), outputs[-1].argmax(axis=0))
    assert np.array_equal(np.asarray(made.frames[-1].data[0].z).ravel(), levels[-1])


def test_two_classes_from_one_output_split_at_a_half():
    levels = training.class_levels(np.array([[[0.1, 0.49, 0.51, 0.9]]]), 2)[0]
    assert (levels // 128).tolist() == [0, 0, 1, 1]
    assert levels[0] > levels[1]


def test_neurons_maps_are_one_trace_with_a_tile_each(iris):
    data, run = iris
    units = training.drawn_units(run.network.sizes)
    small = slice_of(data, (2, 3), training.TILE)
    maps = dict(zip((1, 2), activations_on(run.network, run.theta, small.inputs, (1, 2)), strict=True))
    made = valid(training.mosaic(units, maps, run.network.sizes, LIGHT))
    assert len(units) == 16
    assert np.asarray(made.data[0].z).shape == (2 * 13 - 1, 8 * 13 - 1)


def test_deep_and_wide_networks_have_a_bounded_number_of_tiles():
    assert len(training.drawn_units((2, *(512,) * 50, 1))) <= training.MOST_TILES
    assert len(training.drawn_units((2, 1))) == 0


def test_a_curve_is_fitted_in_one_dimension():
    data = DATASETS["function"](samples=60)
    run = train(Network((1, 8, 1), ("tanh", "identity")), "half_squared_error", data, "adam", epochs=5)
    seen = slice_of(data)
    outputs = activations_on(run.network, run.theta, seen.inputs, (2,))[0]
    made = valid(training.fitted_curve(data, seen, outputs, LIGHT, show_test=False))
    assert made.data[1].y == pytest.approx(outputs[-1, 0])


def test_weights_are_counted_in_full_at_each_snapshot(iris):
    _, run = iris
    weights = [layer.W.reshape(len(run.theta), -1) for layer in run.network.unpack(run.theta)]
    made = valid(learned.histograms(weights, "weights", LIGHT))
    for trace in made.data:
        assert np.sum(trace.y) == pytest.approx(1, abs=1e-5)


def test_confusion_and_its_table_are_the_matrix(iris):
    data, run = iris
    outputs = activations_on(run.network, run.theta, data.test.X, (3,))[0]
    matrices = confusion_matrix(predicted_classes(outputs), data.labels[data.test.index], 3)
    made = valid(learned.confusion(matrices, data.class_names, LIGHT, "test"))
    assert [int(n) for n in made.data[1].text] == matrices[-1].ravel().tolist()
    assert [row[1] for row in learned.class_table(matrices[-1], data.class_names)] == [str(n) for n in matrices[-1].sum(axis=1)]


def test_pictures_stand_side_by_side():
    made = valid(learned.pictures(np.arange(3 * 64.0).reshape(3, 8, 8), ["a", "b", "c"], "t", "k", LIGHT, signed=True))
    assert np.asarray(made.data[0].z)[:8, 9:17].ravel() == pytest.approx(np.arange(64.0, 128.0))


def test_a_run_that_diverged_is_drawn_and_named():
    data = DATASETS["gauss_regression"](samples=60)
    run = train(Network((2, 4, 1), "identity"), "half_squared_error", data, "sgd", epochs=100, theta0=1e200 * np.ones(17))
    assert run.diverged_at >= 0
    made = valid(training.curves(run, LIGHT))
    assert any("diverged at step" in annotation.text for annotation in made.layout.annotations)
    assert made.layout.xaxis.range[1] < run.step[-1]
    seen = slice_of(data)
    outputs = activations_on(run.network, run.theta, seen.inputs, (2,))[0]
    valid(training.boundary(data, seen, outputs, LIGHT, show_test=False))
    tiles = np.stack([np.full((4, training.TILE**2), value) for value in (1.0, 1e200, np.nan)])
    made = valid(training.mosaic([(1, 0), (1, 1)], {1: tiles}, (2, 4, 1), LIGHT, scale_of=0))
    assert [int(np.asarray(frame.data[0].z)[0, 0]) for frame in made.frames] == [255, 255, 0]
    counted = valid(learned.histograms([tiles[:, :, 0]], "weights", LIGHT, scale_of=0))
    assert [float(np.sum(frame.data[0].y)) for frame in counted.frames] == [1, 1, 0]
    assert np.max(counted.data[0].x) < 1


def test_of_several_outputs_the_chosen_one_is_drawn():
    data = DATASETS["gauss_regression"](samples=60)
    twice = replace(data, Y=np.concatenate([data.Y, 3 * data.Y]), target_names=("p", "q"))
    seen = slice_of(twice)
    outputs = np.zeros((1, 2, seen.inputs.shape[1]))
    for output, name in enumerate(twice.target_names):
        made = valid(training.boundary(twice, seen, outputs, LIGHT, show_test=True, output=output))
        assert name in str(made.layout.title.text) + str(made.layout)
        assert np.asarray(made.data[1].marker.color).max() == pytest.approx(twice.target_scale(twice.Y)[output].max())


def test_a_single_run_a_setting_has_no_spread_and_all_names_stand_within_the_axes():
    data = DATASETS["moons"](samples=60, noise=0.1)
    network = Network((2, 4, 1), ("tanh", "sigmoid"))
    runs = [[train(network, "binary_cross_entropy", data, "adam", epochs=20, theta0=network.initialize())] for _ in range(6)]
    rows, _ = compare.table(runs, list("012345"), True, "accuracy")
    assert not any("±" in cell for row in rows for cell in row)
    made = compare.overlaid(runs, list("012345"), "cost", True, LIGHT)["layout"]
    low, high = made["yaxis"]["range"]
    places = sorted(word["y"] for word in made["annotations"] if word["text"] in "012345")
    assert len(places) == 6
    assert low <= places[0]
    assert places[-1] <= high
    assert min(np.diff(places)) > 0


def test_who_won_is_said_with_the_spread():
    data = DATASETS["moons"](samples=60, noise=0.1)
    network = Network((2, 4, 1), ("tanh", "sigmoid"))
    good = [train(network, "binary_cross_entropy", data, "adam", epochs=20, seed=seed) for seed in range(2)]
    bad = [train(network, "binary_cross_entropy", data, "adam", epochs=1, seed=seed) for seed in range(2)]
    rows, verdict = compare.table([bad, good], ["short", "long"], True, "accuracy")
    assert verdict.startswith("**long** won")
    assert "2 seeds" in verdict
    assert [row[0] for row in rows] == ["short", "long"]
    valid(compare.overlaid([bad, good], ["short", "long"], "cost", True, LIGHT))


def test_the_suggested_rate_is_marked():
    data = DATASETS["moons"](samples=60, noise=0.1)
    found = learning_rate_range(Network((2, 4, 1), ("tanh", "sigmoid")), "binary_cross_entropy", data, "sgd", steps=40)
    made = valid(compare.rates(found, 0.01, LIGHT))
    assert made.layout.shapes[0].x0 == pytest.approx(found.suggested)
    assert found.smoothed[0] < made.layout.yaxis.range[1] <= 2.1 * found.smoothed[0]


def test_the_key_names_all_digits_and_says_how_many_classes_it_leaves_out():
    assert [part[-8:-7] for part in training._class_key(tuple("0123456789"), LIGHT)] == list("0123456789")
    names = training._class_key(tuple(f"a long name {i}" for i in range(9)), LIGHT)
    assert names[-1] == "6 more"
    assert len(names) == 4


def test_no_band_of_a_score_reaches_above_one():
    data = DATASETS["iris"](samples=60)
    runs = [train(Network((4, 3), "softmax"), "cross_entropy", data, "adam", epochs=20, seed=seed) for seed in range(3)]
    figure = compare.overlaid([runs], ["all"], "accuracy", True, LIGHT)
    assert max(np.nanmax(trace["y"]) for trace in figure["data"]) <= 1
