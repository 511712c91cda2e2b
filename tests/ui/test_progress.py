"""Long work runs once, keeps what it reached, stops when told, begins anew for another question, and never holds a page up for long."""

import pytest
from streamlit.testing.v1 import AppTest

from nnviz.ui import progress
from tests.core.test_background import begun, stands_still


def script():
    import streamlit as st

    from nnviz.ui import progress

    token = st.session_state.get("token", "one")
    pause, most = st.session_state.get("pause", 0.0), st.session_state.get("most", 5)

    def chunks():
        import time

        began = time.time_ns()
        for step in range(1, most + 1):
            if token == "bad":
                raise ValueError("the rate is 0: give a positive number")
            time.sleep(pause)
            yield token, step, began

    def made(found):
        if st.session_state.get("slow"):
            st.session_state["jobs"]["count"].work.wait(60)
        return found

    shared, first = progress.ALONE if st.session_state.get("alone") else None, st.session_state.get("first")
    try:
        reached = progress.run("count", token, chunks, lambda found: found[1] / most, first=first, made=made, shared=shared)
    except ValueError as error:
        reached = str(error)
    st.session_state["reached"] = reached
    st.text(f"standing {progress.standing('count', reached)}")


@pytest.fixture
def app():
    return AppTest.from_function(script, default_timeout=60)


@pytest.fixture
def impatient(monkeypatch):
    for name in ("FIRST", "PATIENCE", "AGAIN"):
        monkeypatch.setattr(progress, name, 0.1)


def finish(app):
    app.session_state["jobs"]["count"].work.wait(30)
    return app.run()


def test_work_runs_to_its_end_and_is_not_repeated(app):
    app.run()
    reached = app.session_state["reached"]
    assert reached[:2] == ("one", 5)
    assert app.run().session_state["reached"] is reached


def test_another_question_begins_anew(app):
    app.run()
    app.session_state["token"] = "two"
    assert app.run().session_state["reached"][:2] == ("two", 5)


def test_a_page_goes_on_without_work_that_is_long_and_shows_what_stood_there(app, impatient):
    finish(app.run())
    before = app.text[0].value
    app.session_state["token"], app.session_state["pause"], app.session_state["most"] = "two", 0.02, 10_000
    app.run()
    assert app.session_state["jobs"]["count"].going_on
    assert app.session_state["reached"] is None
    assert app.text[0].value == before
    begun(app.session_state["jobs"]["count"].work)
    app.button[0].click().run()
    assert "('two'," in app.text[0].value
    assert not app.button


def test_what_was_reached_is_kept_when_it_is_stopped(app, impatient):
    app.session_state["pause"], app.session_state["most"] = 0.02, 10_000
    app.run()
    assert [button.label for button in app.button] == ["Stop"]
    begun(app.session_state["jobs"]["count"].work)
    app.button[0].click().run()
    assert 1 <= app.session_state["reached"][1] < 10_000
    assert any("Stopped at" in element.value for element in app.caption)
    stopped = app.session_state["reached"]
    assert app.run().session_state["reached"] is stopped


def test_the_same_question_goes_on_where_it_was(app, impatient):
    app.session_state["pause"] = 0.1
    app.run()
    began = app.session_state["jobs"]["count"]
    app.run()
    assert app.session_state["jobs"]["count"] is began
    assert finish(app).session_state["reached"][:2] == ("one", 5)


def test_the_former_work_ends_where_another_begins(app, impatient):
    app.session_state["pause"], app.session_state["most"] = 0.02, 10_000
    app.run()
    former = app.session_state["jobs"]["count"].work
    worker, number = former._worker, former._number
    app.session_state["token"], app.session_state["pause"], app.session_state["most"] = "two", 0.0, 3
    app.run()
    finish(app)
    assert worker.works.get(number) is None or not former.over
    assert stands_still(former)


def test_parts_are_shown_from_the_first_share_on(app, impatient):
    app.session_state["pause"], app.session_state["most"], app.session_state["first"] = 0.02, 10_000, 5e-4
    app.run()
    app.session_state["jobs"]["count"].work.wait(60, 0)
    app.run()
    assert 5 <= app.session_state["reached"][1] < 10_000
    assert [button.label for button in app.button] == ["Stop"]


def test_a_refusal_is_passed_on_and_forgotten(app):
    app.session_state["token"] = "bad"
    app.run()
    assert "give a positive number" in app.session_state["reached"]
    assert "count" not in app.session_state["jobs"]


def test_what_the_page_does_not_ask_about_any_more_lets_other_work_go_first(app, impatient):
    app.session_state["pause"], app.session_state["most"] = 0.02, 10_000
    app.run()
    left = app.session_state["jobs"]["count"]
    app.session_state["jobs"] = {"another": left}
    app.run()
    assert stands_still(left.work)
    assert app.session_state["jobs"]["count"].going_on


def test_work_whose_process_was_killed_is_told_and_what_stood_there_stays(app, impatient):
    finish(app.run())
    before = app.text[0].value
    app.session_state["token"], app.session_state["pause"], app.session_state["most"] = "two", 0.02, 10_000
    app.run()
    work = app.session_state["jobs"]["count"].work
    work._worker.process.kill()
    assert work.wait(30)
    app.run()
    assert not app.exception
    assert "ended before it was done" in app.error[0].value
    assert app.text[0].value == before


def another_session():
    return AppTest.from_function(script, default_timeout=60)


def test_what_one_session_has_computed_stands_at_once_for_another(app):
    reached = app.run().session_state["reached"]
    other = another_session().run()
    assert other.session_state["reached"] is reached
    assert other.session_state["jobs"]["count"].work is None
    assert other.run().session_state["reached"] is reached
    other.session_state["token"] = "two"
    assert other.run().session_state["reached"][:2] == ("two", 5)


def test_what_is_of_one_session_alone_no_other_sees(app):
    app.session_state["alone"] = True
    reached = app.run().session_state["reached"]
    other = another_session()
    other.session_state["alone"] = True
    assert other.run().session_state["reached"] != reached


def test_what_was_stopped_is_computed_anew_for_another_session(app, impatient):
    app.session_state["pause"], app.session_state["most"] = 0.02, 10_000
    app.run()
    begun(app.session_state["jobs"]["count"].work)
    app.button[0].click().run()
    other = another_session().run()
    assert other.session_state["jobs"]["count"].work is not None
    assert finish(other).session_state["reached"][:2] == ("one", 5)


def test_a_part_whose_whole_comes_meanwhile_is_not_kept_as_the_whole(app, impatient):
    app.session_state["slow"], app.session_state["pause"], app.session_state["first"] = True, 0.2, 0.2
    app.run()
    app.session_state["jobs"]["count"].work.wait(60, 0)
    app.run()
    assert another_session().run().session_state["reached"][:2] == ("one", 5)
