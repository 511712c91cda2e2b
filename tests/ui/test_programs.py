"""The scripts that a page hands out are those of the experiment on the screen, its current point and its training run."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from nnviz.core.tables import read_table
from nnviz.core.training import continue_training, train
from nnviz.formulas.scripts import core_script
from nnviz.ui.runs import Kept


def script():
    import streamlit as st

    from nnviz.ui import experiment, programs, sidebar

    chosen = sidebar.experiment()
    experiment.put(chosen)
    st.session_state["seen"], st.session_state["note"] = chosen, programs.note(chosen)
    try:
        st.session_state["recipe"] = programs.recipe(chosen)
    except ValueError as error:
        st.session_state["recipe"] = str(error)


def opened(**address):
    app = AppTest.from_function(script, default_timeout=60)
    for key, value in address.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def printed(recipe):
    said = []
    exec(core_script(recipe), {"print": said.append})
    return {name: float(value) for name, value in (line.rsplit(": ", 1) for line in said)}


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"data": "Two moons", "noise": "0.2", "samples": "70", "features": "x1^2", "dataseed": "4", "edits": "3:0.25,0:-1"},
        {"data": "A function you type (regression)", "expression": "cos(2*x)", "noise": "0.1", "l2": "0.02"},
        {"data": "Palmer penguins", "activation": "own formula", "formula": "z*sigmoid(z)", "test": "0", "samples": "5000"},
    ],
    ids=["iris", "features and edits", "typed data", "typed activation"],
)
def test_the_script_prints_what_the_screen_shows(address):
    app = opened(**address)
    chosen, recipe = app.session_state["seen"], app.session_state["recipe"]
    seen = printed(recipe)
    now = "cost at the current point" if "edits" in address else "initial cost"
    value, gradient = chosen.cost.value_and_gradient(chosen.theta)
    assert seen[now] == pytest.approx(float(value), rel=1e-12)
    assert seen[now.replace("initial cost", "gradient norm").replace("cost at", "gradient norm at")] == pytest.approx(
        np.linalg.norm(gradient)
    )
    run = train(chosen.network, chosen.loss, chosen.data, chosen.optimizer, 60, batch_size=32, l2=chosen.l2, theta0=chosen.initial_theta)
    assert seen[f"train cost after {run.step[-1]} steps"] == pytest.approx(run.train_cost[-1], rel=1e-9)


def test_the_script_tells_the_run_that_was_made_also_where_it_was_continued_with_other_settings_since():
    app = opened()
    chosen = app.session_state["seen"]
    run = train(
        chosen.network,
        chosen.loss,
        chosen.data,
        "sgd",
        4,
        batch_size=20,
        seed=3,
        schedule="cosine",
        l1=0.01,
        clip_norm=0.5,
        initializer="he_normal",
    )
    run = continue_training(run, 3)
    app.session_state["run"] = Kept(run, "a run")
    app.run()
    seen = printed(app.session_state["recipe"])
    assert seen[f"train cost after {run.step[-1]} steps"] == pytest.approx(run.train_cost[-1], rel=1e-12)
    assert seen[f"test cost after {run.step[-1]} steps"] == pytest.approx(run.test_cost[-1], rel=1e-12)


def test_a_table_of_ones_own_is_told_by_the_choices_its_data_were_made_with(tmp_path, monkeypatch):
    rows = "\n".join(f"{i % 7},{(i * 3) % 11},{'oak' if i % 2 else 'elm'}" for i in range(60))
    (tmp_path / "trees.csv").write_text("height,girth,kind\n" + rows + "\n")
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params["data"], app.query_params["noise"] = "Your own file", "0.2"
    app.session_state["upload table"] = read_table(tmp_path / "trees.csv")
    app.run()
    monkeypatch.chdir(tmp_path)
    chosen = app.session_state["seen"]
    assert printed(app.session_state["recipe"])["initial cost"] == pytest.approx(float(chosen.cost.value(chosen.theta)), rel=1e-12)


def test_a_forked_run_is_left_out_and_that_is_said():
    app = opened()
    chosen = app.session_state["seen"]
    run = train(chosen.network, chosen.loss, chosen.data, "sgd", 2, batch_size=20)
    app.session_state["run"] = Kept(continue_training(run, 2, 3), "a fork", (run,))
    app.run()
    assert "was forked" in app.session_state["note"]
    assert not any("train cost" in name for name in printed(app.session_state["recipe"]))


def test_data_that_are_the_former_ones_make_no_script():
    app = opened(data="A function you type (regression)")
    next(field for field in app.text_input if field.label == "f(x) =").set_value("sin(").run()
    assert "found the end" in app.session_state["recipe"]
