"""An array edited by hand: what a token, a click, an address and the fields of a table make of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from nnviz.ui.editing import typed

NOW = np.array([[1.0, 2.0], [3.0, 4.0]])


def shown(app):
    return [markdown.value for markdown in app.markdown]


def script():
    import numpy as np
    import streamlit as st

    from nnviz.ui import editing

    default = np.full((2, 2), float(st.session_state.get("token", 0)))
    editing.array("arr", st.session_state.get("token", 0), default)
    if clicked := st.session_state.pop("clicked", None):
        st.session_state[editing.picture_of("arr")] = {"selection": {"points": [{"customdata": clicked}], "box": []}}
        editing.toggle_clicked("arr")
    if "put" in st.session_state:
        editing.put("arr", np.array(st.session_state.pop("put")))
    st.markdown(str(editing.array("arr", st.session_state.get("token", 0), default).tolist()))
    st.markdown(str(editing.table("arr", default, "Numbers").tolist()))


def test_starts_from_the_default_and_anew_with_another_token():
    app = AppTest.from_function(script).run()
    assert shown(app) == ["[[0.0, 0.0], [0.0, 0.0]]"] * 2
    app.session_state["put"] = [[1.0, 2.0], [3.0, 4.0]]
    app.run()
    assert shown(app) == ["[[1.0, 2.0], [3.0, 4.0]]"] * 2
    app.session_state["token"] = 5
    assert shown(app.run()) == ["[[5.0, 5.0], [5.0, 5.0]]"] * 2


def test_only_what_differs_from_the_default_stands_in_the_address():
    app = AppTest.from_function(script).run()
    assert "arr" not in app.query_params
    app.session_state["put"] = [[1.0, 2.0], [3.0, 0.1]]
    assert app.run().query_params["arr"] == "1,2,3,0.1"
    app.session_state["put"] = [[0.0, 0.0], [0.0, 0.0]]
    assert "arr" not in app.run().query_params


def test_a_click_turns_a_cell_on_and_the_next_one_off():
    app = AppTest.from_function(script).run()
    for expected in ("[[0.0, 1.0], [0.0, 0.0]]", "[[0.0, 0.0], [0.0, 0.0]]"):
        app.session_state["clicked"] = [1, 2]
        assert shown(app.run())[0] == expected


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4))
def test_numbers_stand_in_the_fields_to_their_last_digit(values):
    np.testing.assert_array_equal(typed({"version": 0, "texts": [repr(value) for value in values]}, 0, NOW).ravel(), values)


@pytest.mark.parametrize("text", ["", "x", "nan", "1e999", "-inf", "0x10", "1,5", "__import__('os')", "9" * 1000 + "x", None, [], 10**400])
def test_a_field_without_a_finite_number_is_named(text):
    with pytest.raises(ValueError, match="row 2, column 1 holds"):
        typed({"version": 0, "texts": ["1", "2", text, "4"]}, 0, NOW)


@pytest.mark.parametrize("told", [None, 7, "typed", {}, {"version": 0}, {"version": 0, "texts": 4}, {"version": 0, "texts": ["1"] * 5}])
def test_what_no_table_tells_leaves_the_numbers_alone(told):
    assert typed(told, 0, NOW) is NOW


def test_what_was_typed_over_former_numbers_is_not_meant_for_these():
    assert typed({"version": 1, "texts": ["9"] * 4}, 2, NOW) is NOW
