"""The page Losses in each view, with odd addresses and bad input."""

import io

import pytest

from nnviz.core.tables import read_table
from nnviz.ui.navigation import path
from nnviz.ui.show import as_typed
from tests.pages.conftest import figures, formulas

VIEWS = ("Over ŷ", "Over the logit", "Far out", "On the data", "Unequal classes")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(open_page, view):
    app = open_page("losses", lossview=view)
    assert not app.exception
    assert not app.error


def test_a_target_outside_a_losss_domain_leaves_that_loss_out_with_a_sentence(open_page):
    app = open_page("losses")
    app.slider(key="losstarget").set_value(1.5).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "from 0 to 1" in app.error[0].value


def test_where_no_loss_is_left_the_page_says_so(open_page):
    app = open_page("losses", losses="binary_cross_entropy", losstarget="-0.5")
    assert not app.exception
    assert app.info


@pytest.mark.parametrize("text", ["1e308", "nan", "", "z", "-inf", "9" * 10_000])
def test_a_logit_that_is_none_gets_a_sentence_and_the_former_stays(open_page, text):
    app = open_page("losses", lossview="Far out")
    app.text_input(key="farz").set_value(text).run()
    assert not app.exception
    assert len(app.error) == 1
    assert len(app.error[0].value) < 600


@pytest.mark.parametrize(
    "address",
    [
        {"data": "Worked example"},
        {"data": "Handwritten digits 8×8", "batch": "1000"},
        {"output": "identity", "loss": "half_squared_error"},
        {"batch": "1", "lossbatch": "100000"},
        {"layers": "0", "dataloss": "huber"},
        {"init": "normal", "activation": "own formula", "formula": "exp(exp(z))"},
    ],
)
def test_any_experiment_has_its_bars(open_page, address):
    app = open_page("losses", lossview="On the data", **address)
    assert not app.exception
    assert not app.error
    assert [trace["type"] for figure in figures(app) for trace in figure["data"]] == ["bar"]
    assert r"\frac1m\sum_{i=1}^m L_i" in formulas(app)[0]


def test_every_try_this_runs(open_page):
    app = open_page("losses")
    for index in range(5):
        app.button(key=f"try-{index}").click().run()
        assert not app.exception
        assert not app.error


def test_the_sentence_of_a_try_this_stays_on_its_page(open_page):
    def sentences(app):
        return [element.value for element in app.markdown if element.value.startswith("**")]

    app = open_page("losses")
    app.button(key="try-1").click().run()
    assert "Squared error stalls" in sentences(app)[0]
    app.switch_page(str(path("ripples"))).run()
    assert sentences(app) == []
    app.switch_page(str(path("losses"))).run()
    assert "Squared error stalls" in sentences(app)[0]


def test_the_names_of_a_table_are_no_markdown(open_page):
    app = open_page("losses", lossview="Unequal classes", data="Your own file", targets=["kind"])
    app.session_state["upload table"] = read_table(io.StringIO("width,kind\n" + "1,**a**\n2,$x^2$\n" * 10))
    app.run()
    assert any(f"{as_typed('**a**')} 50" in caption.value for caption in app.caption)
    assert not any("**a**" in caption.value for caption in app.caption)
