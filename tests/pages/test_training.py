"""The page Training: nothing yet, trained, continued, forked, in every view, on every kind of data, and with settings that cannot be."""

import io

import numpy as np
import pytest

from nnviz.core.tables import read_table


def button(app, label):
    return next(found for found in app.button if found.label == label)


def trained(open_page, **address):
    app = open_page("training", **{"epochs": "3", **address})
    assert not app.exception
    button(app, "Train").click().run()
    assert not app.exception
    return app


def test_before_training_the_initial_weights_are_shown_and_named(open_page):
    app = open_page("training")
    assert not app.exception
    assert any("nothing is learnt yet" in caption.value for caption in app.caption)
    assert button(app, "Continue").disabled


def test_the_run_is_the_engines_and_its_last_step_is_the_current_point(open_page):
    app = trained(open_page)
    run = app.session_state["run"].run
    assert run.step[-1] == 3 * -(-105 // 32)
    assert app.session_state["point"].kind == "trained"
    assert np.array_equal(app.session_state["point"].theta, run.theta[-1])
    assert f"step {run.step[-1]} of a training run" in app.session_state["point"].description


def test_the_same_training_in_another_session_stands_at_once_and_is_its_own_to_go_on_with(open_page):
    run = trained(open_page).session_state["run"].run
    other = trained(open_page)
    assert other.session_state["run"].run is run
    button(other, "One step").click().run()
    assert other.session_state["run"].run.step[-1] == run.step[-1] + 1
    assert trained(open_page, seed="1").session_state["run"].run is not run


def test_trained_again_after_the_weights_were_taken_back_its_end_is_the_current_point_again(open_page):
    app = trained(open_page)
    button(app, "Initial weights").click().run()
    assert "point" not in app.session_state
    button(app, "Train").click().run()
    assert app.session_state["point"].kind == "trained"


def test_continue_epoch_and_step_go_on_where_the_run_ended(open_page):
    app = trained(open_page)
    end = app.session_state["run"].run.step[-1]
    button(app, "One step").click().run()
    assert app.session_state["run"].run.step[-1] == end + 1
    button(app, "One epoch").click().run()
    assert app.session_state["run"].run.step[-1] == end + 1 + 4
    button(app, "Continue").click().run()
    assert app.session_state["run"].run.step[-1] == end + 1 + 4 + 12
    assert not app.exception


def test_however_often_it_goes_on_a_run_has_no_more_snapshots_than_frames(open_page):
    app = trained(open_page, epochs="60")
    for _ in range(3):
        button(app, "Continue").click().run()
        assert not app.exception
    run = app.session_state["run"].run
    assert len(run.step) <= 60
    assert run.step[0] == 0
    assert run.step[-1] == 4 * 60 * 4


def test_a_fork_keeps_the_old_path(open_page):
    app = trained(open_page)
    old = app.session_state["run"].run
    app.session_state["rate"] = 0.3
    app.run()
    button(app, "Fork here").click().run()
    assert not app.exception
    kept = app.session_state["run"]
    assert kept.former[-1].run is old
    assert "rate 0.3" in kept.description
    assert any("left at a fork" in caption.value and "rate 0.01" in caption.value for caption in app.caption)
    button(app, "Go back to it").click().run()
    assert not app.exception
    assert app.session_state["run"].run is old
    assert app.session_state["run"].former[-1].run is kept.run
    assert np.array_equal(app.session_state["point"].theta, old.theta[-1])


def test_a_run_that_goes_on_is_described_by_its_own_settings(open_page):
    app = trained(open_page)
    app.session_state["rate"] = 0.3
    app.run()
    button(app, "Continue").click().run()
    assert "rate 0.01" in app.session_state["run"].description


@pytest.mark.parametrize("view", ["Watch", "Weights", "Confusion", "Pictures", "Compare", "Find a rate"])
def test_each_view_of_digits_opens(open_page, view):
    app = trained(open_page, data="Handwritten digits 8×8", epochs="1", trainview=view, batch="256")
    assert not app.error


@pytest.mark.parametrize(
    "address",
    [
        {"data": "Two moons", "noise": "0.1"},
        {"data": "A function you type (regression)"},
        {"data": "Six hills (regression)"},
        {"data": "Worked example", "layers": "1", "units": "2"},
        {"test": "0.0"},
        {"layers": "0"},
        {"batch": "100000"},
        {"showtest": "true", "across": "principal components"},
    ],
)
def test_any_experiment_trains(open_page, address):
    app = trained(open_page, **address)
    assert not app.error


def test_a_diverging_rate_is_drawn_and_told_and_it_rests_where_the_cost_is_least(open_page):
    app = trained(open_page, data="Six hills (regression)", activation="identity", optimizer="sgd", rate="10", epochs="60")
    run = app.session_state["run"].run
    assert run.diverged_at >= 0
    assert not app.error
    best = int(np.where(np.isfinite(run.train_cost), run.train_cost, np.inf).argmin())
    assert np.array_equal(app.session_state["point"].theta, run.theta[best])
    told = next(caption.value for caption in app.caption if "diverged" in caption.value)
    assert f"at step {int(run.diverged_at)}" in told
    assert f"least at step {int(run.step[best])}" in told
    assert not button(app, "Continue").disabled


def test_of_several_numbers_that_are_predicted_one_is_drawn_and_it_can_be_chosen(open_page):
    rows = "".join(f"{x},{y},{x + y},{x - y}\n" for x in range(-3, 4) for y in range(-3, 4))
    app = open_page("training", data="Your own file", targets=["p", "q"], epochs="2")
    app.session_state["upload table"] = read_table(io.StringIO("x,y,p,q\n" + rows))
    app.run()
    assert not any("does not know" in found.proto.body for found in app.get("html"))
    chooser = next(box for box in app.selectbox if box.label == "Output")
    assert list(chooser.options) == ["p", "q"]
    button(app, "Train").click().run()
    next(box for box in app.selectbox if box.label == "Output").set_value("q").run()
    assert not app.exception


def test_more_steps_than_can_be_taken_get_a_sentence(open_page):
    app = trained(open_page, epochs="10000", batch="1", data="Handwritten digits 8×8")
    assert "take fewer epochs" in app.error[0].value


def test_six_settings_are_compared_and_one_wins(open_page):
    app = open_page("training", trainview="Compare", varied="learning rate", seeds="2", epochs="3")
    button(app, "Compare").click().run()
    assert not app.exception
    assert any("won" in text.value for text in app.markdown)


def test_the_found_rate_can_be_taken(open_page):
    app = open_page("training", trainview="Find a rate")
    assert not app.exception
    taken = next(found for found in app.button if found.label.startswith("Take "))
    taken.click().run()
    assert app.session_state["rate"] == pytest.approx(float(taken.label.split()[1]))


def test_all_samples_are_called_so_wherever_the_batch_size_is_told(open_page):
    app = open_page("training", trainview="Compare", varied="batch size", seeds="1", epochs="2")
    button(app, "Compare").click().run()
    assert not app.exception
    table = next(found for found in app.get("html") if "batch size" in found.proto.body)
    assert "<td>all</td>" in table.proto.body
    assert "100000" not in table.proto.body


def pressed(open_page, label, **address):
    app = open_page("training", **address)
    button(app, label).click().run()
    assert not app.exception
    return app


def test_try_this_shows_what_it_says_whatever_was_set_before(open_page):
    before = {"activation": "sigmoid", "rate": "1.0", "optimizer": "sgd", "patience": "1", "l1": "0.1", "test": "0.9"}
    wide, mended = (
        pressed(open_page, label, **before).session_state["run"].run for label in ("Too wide on 20 noisy points", "L2 mends it")
    )
    assert wide.train_cost[-1] < 0.001
    assert wide.test_cost[-1] > 3 * wide.test_cost.min()
    assert mended.test_cost[-1] < 1.1 * mended.test_cost.min()
    assert mended.test_accuracy[-1] > wide.test_accuracy[-1]
    narrow = pressed(open_page, "Too narrow on the spiral", **before).session_state["run"].run
    assert min(narrow.train_cost[-1], narrow.test_cost[-1]) > 0.6
    compared = pressed(open_page, "Batch size 1 against all", **before)
    assert any(text.value.startswith("Batch size **1** won") for text in compared.markdown)


def test_early_stopping_is_told_with_where_it_was_best(open_page):
    address = {"data": "Two moons", "noise": "0.3", "samples": "40", "test": "0.5", "dataseed": "3", "units": "64", "patience": "10"}
    app = trained(open_page, **address, epochs="300")
    run = app.session_state["run"].run
    assert run.stopped_at > 0
    told = next(caption.value for caption in app.caption if caption.value.startswith("Stopped early"))
    assert f"step {int(run.stopped_at)}: the test cost got no better for 10 epochs" in told
    assert f"best at step {int(run.best_step)}, {run.best_cost:.4g}" in told
    button(app, "Take the best").click().run()
    assert np.array_equal(app.session_state["point"].theta, run.final_theta)
    assert f"step {int(run.best_step)} of a training run, its best" in app.session_state["point"].description
    assert not app.exception


def test_early_stopping_that_was_not_needed_is_told_too(open_page):
    app = trained(open_page, patience="50")
    run = app.session_state["run"].run
    told = next(caption.value for caption in app.caption if caption.value.startswith("Not stopped early"))
    assert f"best at step {int(run.best_step)}" in told
    assert not any(caption.value.startswith("Not stopped early") for caption in trained(open_page).caption)


def test_without_a_test_part_its_numbers_are_a_dash(open_page):
    app = trained(open_page, test="0")
    body = next(found.proto.body for found in app.get("html") if "<td>cost" in found.proto.body)
    assert body.count("<td>–</td>") == 4
    assert "not a number" not in body
