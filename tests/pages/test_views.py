"""What a page offers to try opens a view that the page has: a view's name is written where it is drawn and where it is opened."""

import pytest

from nnviz.ui import controls, navigation

WITH_VIEWS = {"activations", "losses", "network", "backpropagation", "training", "loss_landscape", "eigenvalues", "ripples", "curvature",
              "convolution", "recurrent", "cost_of_computation", "formulas", "optimizers"}  # fmt: skip


def test_every_page_with_views_is_looked_at():
    assert {name for files in navigation.SECTIONS.values() for name in files} - WITH_VIEWS == {"start", "maps"}


@pytest.mark.parametrize("name", sorted(WITH_VIEWS))
def test_each_try_this_opens_a_view_of_its_page(open_page, monkeypatch, name):
    views, tried, segments = {}, [], controls.segments

    def noting(label, options, key, **more):
        if label == "View":
            views[key] = list(options)
        return segments(label, options, key, **more)

    monkeypatch.setattr(controls, "segments", noting)
    monkeypatch.setattr(controls, "try_this", tried.extend)
    open_page(name)
    assert len(views) == 1
    assert tried
    opened = [(key, value) for trial in tried for key, value in trial.settings.items() if key in views]
    assert not [(key, value) for key, value in opened if value not in views[key]]
