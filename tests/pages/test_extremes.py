"""Weights at the ends of float64 are drawn or told on every page that looks at the experiment's network: overflow is a result."""

import pytest

VIEWS = {
    "activations": ("actview", ("Side by side", "Softmax", "Through depth")),
    "losses": ("lossview", ("Over ŷ", "On the data", "Unequal classes")),
    "network": ("netview", ("Graph", "Matrices")),
    "backpropagation": ("backview", ("One weight", "δ of every layer", "Gradient check", "One step", "Through depth")),
    "training": ("trainview", ("Watch", "Weights", "Confusion")),
    "ripples": ("ripview", ("Through the network", "Through depth")),
    "eigenvalues": ("eigview", ("Once", "Again and again", "Growth on the way", "Large matrices")),
    "cost_of_computation": ("costview", ("This network", "Clock")),
    "formulas": ("formview", ("Formulas",)),
}
AROUND = ("the run's end", "the current point")
LANDSCAPES = [{"plane": "principal axes of the run"}]
LANDSCAPES += [{"plane": plane, "landat": around} for plane in ("random directions", "top Hessian eigenvectors") for around in AROUND]
WEIGHTS = {
    "one huge": "0:1e308",
    "both signs": "0:1.7e308,1:-1.7e308,5:1e300,40:-1e308,45:1e308,110:1.7e308",
    "tiny": "0:5e-324,1:-1e-310,40:1e-320,112:-5e-324",
    "huge and tiny": "0:1e308,2:5e-324,41:-1e155,112:1e308,115:-1e-310",
}
CASES = [(page, key, view) for page, (key, views) in VIEWS.items() for view in views]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize(("page", "key", "view"), CASES, ids=[f"{page}, {view}" for page, _, view in CASES])
def test_weights_at_the_ends_of_float64_raise_nothing(open_page, page, key, view, weights):
    app = open_page(page, edits=weights, **{key: view})
    assert not app.exception
    assert app.session_state["point"].kind == "edited"


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("asked", LANDSCAPES, ids=lambda asked: ", ".join(asked.values()))
def test_a_landscape_leaves_out_a_point_that_is_too_far_away_and_says_so(open_page, asked):
    app = open_page("loss_landscape", edits=WEIGHTS["one huge"], **asked)
    assert not app.exception
    told = [element.proto.body for element in (*app.get("html"), *app.caption, *app.error)]
    assert any("a picture cannot tell places apart" in text for text in told)
