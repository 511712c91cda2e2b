"""Controls read the address, keep what fits and say what does not; Try this and Reset set them."""

import pytest
from streamlit.testing.v1 import AppTest

from nnviz.ui import controls


def script():
    import streamlit as st

    from nnviz.ui import controls, page

    page.head("One of each kind.")
    rate = controls.powers("Rate", -3, 0, key="rate", default=0.01)
    amount = controls.slider("Amount", 0.0, 2.0, key="amount", default=0.5, step=0.1)
    kind = controls.choice("Kind", ["a", "b"], key="kind", default="b")
    count = controls.number("Count", 0, 10, key="count", default=3, step=1)
    flag = controls.toggle("Flag", key="flag", default=True)
    names = controls.several("Names", ["x", "y", "z"], key="names", default=["x"])
    side = controls.segments("Side", ["left", "right"], key="side", default="right")
    controls.try_this([controls.Trial("Much", "It is the most.", {"amount": 2.0, "kind": "a"})])
    controls.draw_trials("Page")
    st.button("Reset", on_click=controls.reset, args=(["amount", "kind"],))
    st.text(f"{rate} {amount} {kind} {count} {flag} {names} {side}")


def two_menus():
    from nnviz.ui import controls, page

    page.head("One of which few may be chosen.")
    controls.several("Some", ["x", "x 2", "y"], key="some", most=2)
    controls.several("Any", ["x", "y"], key="any")


def opened(**address):
    app = AppTest.from_function(script, default_timeout=30)
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()


def shown(app):
    return app.text[0].value


def notices(app):
    return [element.proto.body for element in app.get("html") if "nnviz-notice" in element.proto.body]


def test_defaults_stand_without_an_address():
    app = opened()
    assert shown(app) == "0.01 0.5 b 3 True ['x'] right"
    assert notices(app) == []


def test_enter_takes_the_option_that_was_typed_where_only_some_may_be_chosen():
    app = AppTest.from_function(two_menus, default_timeout=30).run()
    assert [menu.proto.select_all for menu in app.multiselect] == [0, -1]  # never, and always


def test_an_address_that_names_too_many_is_told_so():
    app = AppTest.from_function(two_menus, default_timeout=30)
    app.query_params["some"] = ["x", "x 2", "y"]
    app.run()
    assert app.multiselect[0].value == ["x", "x 2"]
    assert "3 are named and 2 is the most. The first 2 are shown." in notices(app)[0]


def test_an_address_is_read():
    app = opened(rate="0.1", amount="1.5", kind="a", count="7", flag="false", names=["y", "z"], side="left")
    assert shown(app) == "0.1 1.5 a 7 False ['y', 'z'] left"
    assert notices(app) == []


@pytest.mark.parametrize("way", ["1e-1", "0.10", "+0.1"])
def test_an_address_may_write_a_number_in_any_way(way):
    app = opened(rate=way)
    assert shown(app).startswith("0.1 ")
    assert notices(app) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", "0.0123"),
        ("amount", "9"),
        ("amount", "nan"),
        ("amount", "<b>"),
        ("kind", "c"),
        ("count", "1e9"),
        ("flag", "maybe"),
        ("names", "w"),
        ("side", "up"),
    ],
)
def test_a_malformed_address_is_ignored_with_a_notice(key, value):
    app = opened(**{key: value})
    assert not app.exception
    assert shown(app) == "0.01 0.5 b 3 True ['x'] right"
    assert len(notices(app)) == 1
    assert f"{key} =" in notices(app)[0]
    assert "<b>" not in notices(app)[0]


def test_try_this_sets_the_controls_and_says_what_to_notice():
    app = opened()
    app.button[0].click().run()
    assert shown(app) == "0.01 2.0 a 3 True ['x'] right"
    assert any("It is the most." in element.value for element in app.markdown)


def test_reset_goes_back_to_the_defaults():
    app = opened(amount="1.5", kind="a")
    app.button[1].click().run()
    assert shown(app) == "0.01 0.5 b 3 True ['x'] right"


@pytest.mark.parametrize(("before", "after"), [(9, 4), (4, 4), (0, 0), ("bias", "bias"), (None, None)])
def test_a_choice_made_for_a_larger_network_falls_back_to_the_largest_that_there_is(before, after):
    def page(before):
        import streamlit as st

        from nnviz.ui import controls

        st.session_state["unit"] = before
        controls.keep_within("unit", 4)

    assert AppTest.from_function(page, args=(before,)).run().session_state["unit"] == after


def folded():
    import streamlit as st

    from nnviz.ui import controls, page

    page.head("A fold with one of each kind.")
    with controls.fold("More", ("rate", "amount", "kind", "count", "flag", "names", "side", "words")) as place:
        controls.powers("Rate", -3, 0, key="rate", default=0.011)
        controls.slider("Amount", 0.0, 2.0, key="amount", default=0.5, step=0.1)
        controls.choice("Kind", ["a", "b"], key="kind", default="b")
        controls.number("Count", 0, 10, key="count", default=3, step=1)
        controls.toggle("Flag", key="flag", default=True)
        controls.several("Names", ["x", "y", "z"], key="names", default=["x", "gone"])
        controls.segments("Side", ["left", "right"], key="side")
        controls.text("Words", key="words", default="some")
    controls.toggle("Below", key="below")
    st.button("Change", on_click=lambda: st.session_state.update(kind="a"))
    st.button("Reset", on_click=controls.reset, args=(["kind", "count", "rate"],))
    keys = ("rate", "amount", "kind", "count", "flag", "names", "side", "words")
    st.text([st.session_state[key] for key in keys])
    st.text(place is not None)


@pytest.fixture
def closed(monkeypatch):
    """Opens the page with the fold, closed, whose controls rest where nothing is to be shown of them."""
    monkeypatch.setattr(controls, "RESTING", True)

    def opened(**address):
        app = AppTest.from_function(folded, default_timeout=30)
        for key, value in address.items():
            app.query_params[key] = value
        return app.run()

    return opened


AT_REST = [0.01, 0.5, "b", 3, True, ["x"], "left", "some"]


def test_controls_at_rest_in_a_closed_fold_have_their_defaults_and_are_not_drawn(closed, monkeypatch):
    app = closed()
    assert [text.value for text in app.text] == [str(AT_REST), "False"]
    assert not app.slider
    assert [toggle.key for toggle in app.toggle] == ["below"]
    monkeypatch.setattr(controls, "RESTING", False)
    assert [text.value for text in app.run().text] == [str(AT_REST), "True"]


@pytest.mark.parametrize(("key", "given", "at", "value"), [("rate", "0.1", 0, 0.1), ("names", "y", 5, ["y"]), ("flag", "false", 4, False)])
def test_an_address_reaches_into_a_closed_fold(closed, key, given, at, value):
    app = closed(**{key: given})
    assert app.text[0].value == str([*AT_REST[:at], value, *AT_REST[at + 1 :]])
    assert app.text[1].value == "True"


def test_an_address_that_cannot_be_read_is_told_from_a_closed_fold(closed):
    app = closed(count="99")
    assert "count" in notices(app)[0]
    assert app.text[0].value == str(AT_REST)


def test_what_is_changed_elsewhere_is_drawn_and_at_its_default_rests_again(closed):
    app = closed()
    app.button[0].click().run()
    assert app.text[0].value == str([*AT_REST[:2], "a", *AT_REST[3:]])
    assert app.text[1].value == "True"
    app.button[1].click().run()
    assert app.text[0].value == str(AT_REST)
    app.run()
    assert app.text[1].value == "False"
    assert not app.exception


def test_a_session_file_reaches_into_a_closed_fold(closed):
    app = closed()
    app.session_state[controls.ARRIVING] = {"count": 7}
    assert app.run().text[0].value == str([*AT_REST[:3], 7, *AT_REST[4:]])


def test_a_fold_at_rest_leaves_the_controls_below_it_alone(closed):
    app = closed()
    app.toggle[0].set_value(True).run()
    assert app.session_state["below"] is True
