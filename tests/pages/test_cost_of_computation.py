"""The page Cost of computation in each of its views, with odd addresses and sizes."""

import pytest

VIEWS = ("This network", "Any layer", "Growth", "Clock", "Through time")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(open_page, view):
    app = open_page("cost_of_computation", costview=view)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Cost of computation"


def test_counts_are_those_of_the_experiments_network(open_page):
    app = open_page("cost_of_computation", layers="1", units="5")
    tables = [element.proto.body for element in app.get("html") if "nnviz-table" in element.proto.body]
    assert "<td>43</td>" in tables[0]  # 5·(4+1) + 3·(5+1) parameters of 4-5-3


def test_a_kernel_larger_than_the_picture_gets_a_sentence(open_page):
    app = open_page("cost_of_computation", costview="Any layer", costside="2", costkernel="7")
    assert not app.exception
    assert len(app.error) == 1


def test_an_unknown_view_in_the_address_is_told(open_page):
    app = open_page("cost_of_computation", odd=True, costview="nonsense")
    assert not app.exception
    assert any("costview" in element.proto.body for element in app.get("html"))


def test_each_session_measures_for_itself(open_page):
    one, other = (open_page("cost_of_computation", costview="Clock").session_state["jobs"]["clock"].result for _ in range(2))
    assert one is not other
