"""Curvature in a real browser: the spectrum plays along the run, and the eigenvectors follow the step."""


def test_the_spectrum_follows_the_step(visit):
    page = visit("curvature?units=4")
    page.wait_for_selector(".st-key-spectrumrun .js-plotly-plot")
    strokes = "() => Array.from(document.querySelector('.st-key-spectrumrun .js-plotly-plot')._fullData.at(-1).x)"
    ends = page.evaluate(strokes)
    page.wait_for_selector("text=The steepest eigenvectors by layer, step 240")
    page.get_by_label("Step", exact=True).focus()
    page.keyboard.press("Home")
    page.wait_for_selector("text=The steepest eigenvectors by layer, step 0")
    starts = page.evaluate(strokes)
    assert len(starts) == len(ends) > 10
    assert max(abs(a - b) for a, b in zip(starts, ends, strict=True)) > 0.1
