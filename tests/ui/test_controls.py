"""Controls read the address, keep what fits and say what does not; Try this and Reset set them."""

import pytest
from streamlit.testing.v1 import AppTest


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
