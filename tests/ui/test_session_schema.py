"""The JSON schema of session files: what is written fits it, what is broken does not, and the shipped file is the schema."""

import json
from pathlib import Path

import jsonschema
import pytest

from nnviz.ui import session
from nnviz.ui.session import Session, State, Weights
from nnviz.ui.session_schema import schema
from tests.ui.test_session import file_of, opened, weights

SHIPPED = Path(__file__).resolve().parents[2] / "docs" / "session.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(schema())
POINT = Weights((4, 3, 3), ("tanh", "softmax"), "trained", "step 9", weights()["theta"])


def test_the_shipped_file_is_the_schema_of_the_dataclasses():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == json.loads(json.dumps(schema())), "run python -m nnviz.ui.session_schema"


@pytest.mark.parametrize(
    "written",
    [
        Session((State(),)),
        Session(
            (State("network", "A", "B.", {"units": 5, "noise": 0.2, "features": ["x1"], "showtest": True}, {"edits": "3:1"}),), "Lesson"
        ),
        Session((State(weights=POINT), State("losses"))),
    ],
    ids=["defaults", "controls and address", "weights, two states"],
)
def test_what_is_written_fits(written):
    VALIDATOR.validate(json.loads(session.write(written)))


def test_the_state_of_a_running_app_fits():
    app = opened(file_of(page="start", controls={"data": "moons", "several": ["b"], "noise": 0.25}, weights=weights()))
    VALIDATOR.validate(json.loads(session.write(Session((app.session_state["state"],)))))


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"version": "1"},
        {"states": []},
        {"states": [3]},
        {"states": [{}] * 201},
        {"mood": 3},
        {"states": [{"pages": "network"}]},
        {"states": [{"page": 3}]},
        {"states": [{"controls": {"units": {"deep": 1}}}]},
        {"states": [{"controls": {"units": None}}]},
        {"states": [{"controls": {"rate": 1e300}}]},
        {"states": [{"address": {"edits": 3}}]},
        {"states": [{"weights": 3}]},
        {"states": [{"weights": weights(kind="stolen")}]},
        {"states": [{"weights": weights() | {"theta": "%%%"}}]},
        {"states": [{"weights": weights(sizes=[4, -1, 3])}]},
        {"states": [{"weights": {"sizes": [4, 3], "activations": ["tanh"]}}]},
    ],
    ids=str,
)
def test_what_is_broken_does_not_fit(change):
    whole = {"format": session.FORMAT, "version": session.VERSION, "states": [{"page": "network"}]}
    VALIDATOR.validate(whole)
    assert not VALIDATOR.is_valid(whole | change)


@pytest.mark.parametrize("left_out", ["format", "version", "states"])
def test_what_a_file_needs_is_asked_for(left_out):
    whole = {"format": session.FORMAT, "version": session.VERSION, "states": [{}]}
    assert not VALIDATOR.is_valid({name: value for name, value in whole.items() if name != left_out})
