"""The catalogue: every formula is whole, its letters have colours, its numbers are the engine's, and the search finds it."""

import re

import numpy as np
import pytest

from nnviz.core.activations import ACTIVATIONS
from nnviz.core.complexity import count
from nnviz.core.curvature import hessian_spectrum
from nnviz.core.datasets import DATASETS
from nnviz.core.losses import LOSSES
from nnviz.core.network import Network
from nnviz.core.objectives import NetworkCost
from nnviz.core.optimizers import OPTIMIZERS
from nnviz.figures.theme import DARK, LIGHT
from nnviz.formulas import entries_learning, live
from nnviz.formulas.catalogue import CATALOGUE, of_page, search
from nnviz.formulas.letters import LETTERS
from nnviz.formulas.live import Here
from nnviz.formulas.numbers import latex
from nnviz.formulas.questions import QUESTIONS, SOURCES
from nnviz.ui.navigation import SECTIONS

ENTRIES = [(group, entry) for group, entries in CATALOGUE.items() for entry in entries]
NAMES = [f"{group}: {entry.title}" for group, entry in ENTRIES]
PAGES = {name for files in SECTIONS.values() for name in files}
COLOURS = LIGHT.symbols


def here(data="iris", sizes=(4, 5, 5, 3), activations=("tanh", "tanh", "softmax"), loss="cross_entropy"):
    found = DATASETS[data](seed=0)
    network = Network(sizes, activations)
    return Here(network, network.initialize("glorot_uniform", seed=0), LOSSES[loss], found.train.X, found.train.Y, 0.01, 32)


def whole(formula):
    """Braces in pairs, \\left with \\right, \\begin with its \\end."""
    plain = formula.replace(r"\{", "").replace(r"\}", "")
    depth = np.cumsum([(c == "{") - (c == "}") for c in plain])
    begun, ended = re.findall(r"\\begin\{(\w+)\}", formula), re.findall(r"\\end\{(\w+)\}", formula)
    pairs = len(re.findall(r"\\left(?![a-z])", formula)) == len(re.findall(r"\\right(?![a-z])", formula))
    return depth[-1] == 0 and depth.min() >= 0 and sorted(begun) == sorted(ended) and pairs


@pytest.mark.parametrize(("group", "entry"), ENTRIES, ids=NAMES)
def test_each_formula_is_whole_and_its_symbols_explained(group, entry):
    for colours in (LIGHT.symbols, DARK.symbols):
        assert whole(entry.latex(colours))
        assert "@" not in entry.latex(colours) + entry.explained(colours)
    assert entry.symbols
    assert all(meaning for _, meaning in entry.symbols)
    assert entry.page in PAGES


@pytest.mark.parametrize(("group", "entry"), ENTRIES, ids=NAMES)
@pytest.mark.parametrize(
    "place",
    [
        here(),
        here("worked_example", (2, 2, 1), "sigmoid", "half_squared_error"),
        here("digits", (64, 10), "softmax"),
        here("xor", (2, 3, 1), ("relu", "sigmoid"), "binary_cross_entropy"),
    ],
    ids=["iris", "example", "no hidden layer", "two classes"],
)
def test_its_numbers_can_be_written_for_any_network(group, entry, place):
    if entry.numbers is not None:
        written = entry.numbers(place, COLOURS)
        assert whole(written) if written else True


def test_numbers_of_a_point_that_overflowed_are_written_too():
    place = here()
    broken = Here(place.network, np.full_like(place.theta, np.inf), place.loss, place.X, place.Y, 0.01, 32)
    with np.errstate(all="ignore"):
        texts = [entry.numbers(broken, COLOURS) for _, entry in ENTRIES if entry.numbers]
    assert any("not a number" in text or r"\infty" in text for text in texts)


def test_every_registered_function_loss_and_optimiser_is_there():
    titles = {group: len(entries) for group, entries in CATALOGUE.items()}
    assert titles["Activations"] == len(ACTIVATIONS)
    losses = " ".join(entry.latex(COLOURS) for entry in CATALOGUE["Losses"])
    assert losses.count(r"\partial \textcolor") >= len(LOSSES)
    opened = {name for entry in CATALOGUE["Optimisers"] for name in entry.state.get("opt", [])} | {"muon"}
    assert opened == set(OPTIMIZERS)


@pytest.mark.parametrize(
    "words", ["σ", "softmax", "momentum", "spectral radius", "im2col", "FLOPs", "hessian", "Bias", "learning rate", "toeplitz"]
)
def test_the_search_finds_it_in_any_case(words):
    if words != "σ":
        assert search(words)
        assert search(words.upper()) == search(words)
    assert all(any(word.lower() in f"{group} {entry.words}".lower() for word in words.split()) for group, entry in search(words))


def test_every_formula_is_found_by_its_title_and_nonsense_finds_nothing():
    assert all(any(found is entry for _, found in search(entry.title)) for _, entry in ENTRIES)
    assert search("flux capacitor") == []
    assert len(search("")) == len(ENTRIES)


def test_every_page_has_its_formulas_and_every_letter_its_meaning():
    assert all(of_page(page) for page in PAGES - {"formulas"})
    assert all(letter.meaning and letter.colour in COLOURS for letter in LETTERS.values())
    told = [CATALOGUE[group][place] is entry for page in PAGES for group, place, entry in of_page(page)]
    assert all(told)
    assert len(told) == len(ENTRIES)


def test_the_slope_of_the_first_weight_is_the_same_both_ways():
    written = entry_of("Central difference").numbers(here(), COLOURS)
    by_difference, by_propagation = (float(text) for text in re.findall(r"\\quad (-?[\d.]+)", written))
    assert by_difference == pytest.approx(by_propagation, rel=1e-6)


def test_numbers_of_the_other_architectures_are_their_engines():
    place = here()
    assert "not a number" not in entry_of("How far a change is felt").numbers(place, COLOURS)
    left, right = re.findall(r"&= (-?[\d.]+)", entry_of("Backward").numbers(place, COLOURS))
    assert left == right
    linear = entry_of("Vanishing and exploding, linear").numbers(place, COLOURS)
    told = dict(re.findall(r"rho = ([\d.]+):\\quad & ([^ \\]+)", linear))
    assert told["1.0"] == "1"
    assert float(told["1.1"]) == pytest.approx(1.1**60, rel=0.01)


def entry_of(title):
    return next(entry for _, entry in ENTRIES if entry.title == title)


def test_live_numbers_are_the_engines():
    place = here()
    forward = place.network.forward(place.theta, place.X[:, :1])
    assert latex(float(forward.Z[1][0, 0])) in entry_of("Weighted sum of a neuron").numbers(place, COLOURS)
    cost = NetworkCost(place.network, place.loss, place.X, place.Y).value(place.theta)
    assert latex(float(cost)) in entry_of("Cost").numbers(place, COLOURS)
    delta = place.network.backward(place.theta, forward, place.Y[:, :1], place.loss).delta[-1]
    assert latex(float(delta[0, 0])) in entry_of("Error of the output layer").numbers(place, COLOURS)
    flops = sum(row.flops_forward for row in count(place.network, place.X.shape[1]))
    assert f"{flops:,}".replace(",", r"\,") in entry_of("Dense layer").numbers(place, COLOURS)
    sharpest = float(hessian_spectrum(NetworkCost(place.network, place.loss, place.X, place.Y), place.theta)[-1])
    assert latex(2 / sharpest) in entry_of("Gradient descent is stable").numbers(place, COLOURS)
    assert "= 200" in entry_of("Edge of stability").numbers(place, COLOURS)
    J = place.network.input_jacobian(place.theta, place.X[:, :1])[0]
    assert latex(float(np.linalg.norm(J, 2))) in entry_of("Ripple of a small change").numbers(place, COLOURS)


def test_the_worked_example_has_its_golden_numbers():
    forward, back = (entry_of(f"The worked example, {way}").numbers(here(), COLOURS) for way in ("forward", "back"))
    assert all(number in forward for number in ("-0.040000", "0.180000", "0.490001", "0.544879", "0.088025", "0.521992", "0.114246"))
    assert all(number in back for number in ("-0.119271", "-0.008942", "0.005915", "-0.058443", "-0.064988"))
    assert latex(-0.00447087, 6) in back


def test_the_first_samples_gradient_is_that_of_the_engine():
    place = here()
    one = NetworkCost(place.network, place.loss, place.X[:, :1], place.Y[:, :1])
    gradient = place.network.unpack(one.gradient(place.theta))[-1].W[0, 0]
    assert live.weight_gradient(place, COLOURS).endswith(latex(float(gradient)))


def test_questions_lead_to_pages_and_sources_are_addresses():
    assert all(question.page in PAGES and question.answer for question in QUESTIONS)
    assert all(question.answer.count("$") % 2 == 0 for question in QUESTIONS)
    assert all(re.fullmatch(r"https?://[\w.\-/~]+", source.address) and 1980 < source.year <= 2026 for source in SOURCES)
    assert len({source.title for source in SOURCES}) == len(SOURCES) >= 8


def test_an_optimiser_without_a_title_is_called_by_its_name(monkeypatch):
    monkeypatch.delitem(entries_learning.TITLES, "heavy_ball")
    assert entries_learning._rule("heavy_ball").title == "Heavy ball"
