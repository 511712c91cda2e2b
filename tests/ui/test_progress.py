"""Long work runs once, keeps what it reached, stops when told, and begins anew for another question."""

from streamlit.testing.v1 import AppTest


def script():
    import streamlit as st

    from nnviz.ui import progress

    started = st.session_state.setdefault("started", [])
    token = st.session_state.get("token", "one")

    def chunks():
        started.append(token)
        for step in range(1, 6):
            if token == "bad":
                raise ValueError("the rate is 0: give a positive number")
            yield step

    try:
        reached = progress.run("count", token, chunks, share=lambda step: step / 5)
    except ValueError as error:
        reached = str(error)
    st.text(f"{reached} {started}")


def test_work_runs_to_its_end_and_is_not_repeated():
    app = AppTest.from_function(script).run()
    assert app.text[0].value == "5 ['one']"
    app.run()
    assert app.text[0].value == "5 ['one']"


def test_another_question_begins_anew():
    app = AppTest.from_function(script).run()
    app.session_state["token"] = "two"
    app.run()
    assert app.text[0].value == "5 ['one', 'two']"


def test_what_was_reached_is_kept_when_it_is_stopped():
    from nnviz.ui import progress

    job = progress._Job("one", iter([4, 5]), latest=3, share=0.6, stopped=True)
    app = AppTest.from_function(script)
    app.session_state["job count"] = job
    app.run()
    assert app.text[0].value == "3 []"
    assert any("Stopped at 60" in element.value for element in app.caption)


def test_work_that_was_interrupted_goes_on_where_it_was():
    from nnviz.ui import progress

    job = progress._Job("one", iter([4, 5]), latest=3, share=0.6)
    app = AppTest.from_function(script)
    app.session_state["job count"] = job
    app.run()
    assert app.text[0].value == "5 []"


def test_a_refusal_is_passed_on_and_forgotten():
    app = AppTest.from_function(script)
    app.session_state["token"] = "bad"
    app.run()
    assert "give a positive number" in app.text[0].value
    assert "job count" not in app.session_state
