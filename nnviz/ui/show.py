"""What a page shows: figures, formulas, tables and sentences. Every figure of the app goes through `figure`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson
import streamlit as st

from nnviz.figures import export
from nnviz.figures.theme import THEMES, Figure, Theme
from nnviz.ui import chart
from nnviz.ui.formula import formula

__all__ = ["as_typed", "figure", "formula", "heading", "notice", "sentence", "standalone", "style", "table", "theme"]

TITLE_GAP = 14  # px between the title and the plot
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+.!~$:|<>&-])")


def theme() -> Theme:
    """The colours of the mode in which the person sees the app; light where it is not known."""
    return THEMES.get(str(st.context.theme.type), THEMES["light"])


def figure(
    figure: Figure,
    key: str,
    alt: str,
    numbers: Mapping[str, Sequence[Any]] | Callable[[], Mapping[str, Sequence[Any]]] | None = None,
    on_select: bool | Callable[[], None] = False,
    labels: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Show a figure with its downloads; gives back the points that are selected in it.

    Parameters
    ----------
    figure : plain dicts, from `nnviz.figures`
    key : names the figure on its page; the player finds it by that
    alt : what the figure shows, for those who do not see it
    numbers : the table that is downloaded as CSV, or a function that makes it; by default the points of the traces
    on_select : clicks on points rerun the page, or what is given here (`redraw.only`), and come back as a list of points (with
        `customdata` where the trace has it); these and boxes are also what `chart.selection(key)` gives before the figure is drawn
    labels : of the frames, for the player of the downloaded file
    """
    with st.container(key=f"figure-{key}"):
        shown, title = _title_above(figure)
        if chart.chart(shown, key, alt, title, on_select):
            _downloads(figure, key, alt, numbers, labels)
    return chart.selection(key)["points"] if on_select else []


def _title_above(figure: Figure) -> tuple[Figure, str]:
    """The figure without its title, and the title: as a paragraph of the page it wraps on a phone, in the figure it would be cut off.

    A title that changes with the frames stays in the figure.
    """
    layout = figure["layout"]
    title = layout.get("title")
    if not title or any("title" in (frame.get("layout") or {}) for frame in figure.get("frames") or ()):
        return figure, ""
    margin = layout["margin"]
    gained = margin["t"] - TITLE_GAP
    bare = layout | {"title": None, "margin": margin | {"t": TITLE_GAP}, "height": layout["height"] - gained}
    return figure | {"layout": bare}, title["text"]


@lru_cache(maxsize=1)
def _save_component() -> Any:
    buttons = "".join(f'<button type="button" data-format="{kind}">{kind.upper()}</button>' for kind in ("png", "svg"))
    css = (
        ":host{display:block} .row{display:flex;gap:8px} button{flex:1;min-height:38px;font:inherit;color:var(--st-text-color);"
        "background:var(--st-background-color);border:1px solid var(--st-border-color);border-radius:6px;cursor:pointer}"
        "button:focus-visible{outline:2px solid var(--st-primary-color)}"
    )
    js = (files("nnviz.ui") / "save.js").read_text(encoding="utf-8")
    return st.components.v2.component("nnviz_save", html=f'<div class="row">{buttons}</div>', css=css, js=js)


def _downloads(figure: Figure, key: str, alt: str, numbers: Any, labels: Sequence[str]) -> None:
    """What hangs at the figure's corner while its button is pressed; the files are made when they are asked for."""
    colours = theme()
    name = "nnviz-" + re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-")

    def page() -> bytes:
        return standalone(export.with_own_player(figure, colours, labels), alt, colours)

    def table() -> bytes:
        return export.numbers_as_csv(figure, numbers() if callable(numbers) else numbers).encode()

    with st.container(key=f"menu-{key}"):
        st.download_button(
            "Interactive page (HTML)", page, f"{name}.html", "text/html", key=f"html-{key}", on_click="ignore", width="stretch"
        )
        st.download_button("Numbers (CSV)", table, f"{name}.csv", "text/csv", key=f"csv-{key}", on_click="ignore", width="stretch")
        picture = {"figure": key, "name": name, "title": figure["layout"].get("title"), "top": figure["layout"]["margin"]["t"]}
        _save_component()(key=f"picture-{key}", data=picture)


def standalone(figure: Figure, alt: str, colours: Theme) -> bytes:
    """The figure as one HTML file that works without a network, animation included."""
    import plotly.io

    plain = orjson.loads(chart.encode(figure))
    body = plotly.io.to_html(plain, include_plotlyjs=True, full_html=False, validate=False, config=chart.CONFIG | {"responsive": True})
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(alt)}</title>'
    style = f"<style>body{{margin:24px;background:{colours.background};color:{colours.text};font-family:system-ui,sans-serif}}</style>"
    return f'<!doctype html><html lang="en"><head>{head}{style}</head><body>{body}<p>{html.escape(alt)}</p></body></html>'.encode()


def heading(text: str) -> None:
    """The heading of a formula or a panel: of the size of a figure's title. No Markdown: a name in it may be of a person's table."""
    st.markdown(f"#### {as_typed(text)}")


def sentence(text: str) -> None:
    """One sentence of Markdown, muted: what to notice, what is chosen now."""
    st.caption(text)


def as_typed(text: str) -> str:
    r"""A text that a person, an address or a file has brought, for a place that reads Markdown: every letter stands as it is.

    >>> as_typed("$x$ of my_file")
    '\\$x\\$ of my\\_file'
    """
    return _MARKDOWN.sub(r"\\\1", text)


def notice(text: str) -> None:
    """Something a person should know before looking on, such as what of a link could not be read."""
    st.html(f'<p class="nnviz-notice" role="status">{html.escape(text)}</p>')


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str, colours: Mapping[str, str] | None = None, chosen: int | None = None
) -> None:
    """A table of numbers already written as text: no box, thin rules, the head of a symbol in its colour.

    Parameters
    ----------
    heads, rows : text; the first column is left-aligned
    caption : what the table holds, for screen readers
    colours : head → the colour of its symbol
    chosen : the row to be lit
    """
    colours = colours or {}

    def cell(kind: str, text: str, colour: str = "") -> str:
        style = f' style="color:{colour}"' if colour else ""
        return f"<{kind}{style}>{html.escape(text)}</{kind}>"

    head = "".join(cell("th scope='col'", text, colours.get(text, "")).replace("</th scope='col'>", "</th>") for text in heads)
    body = "".join(
        f"<tr{' class=chosen' if index == chosen else ''}>" + "".join(cell("td", text) for text in row) + "</tr>"
        for index, row in enumerate(rows)
    )
    hidden = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
    st.html(
        f'<div class="nnviz-table" tabindex="0" role="region" aria-label="{html.escape(caption)}"><table>'
        f'<caption style="{hidden}">{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def style() -> None:
    """What Streamlit's theme cannot say; once a run, from `app.py`."""
    colours = theme()
    named = {"rule": colours.rule, "zero": colours.zero, "muted": colours.muted, "raised": colours.raised}
    variables = ":root{" + ";".join(f"--nnviz-{name}:{colour}" for name, colour in named.items()) + "}"
    st.html(f"<style>{variables}{_style_sheet()}</style>")


@lru_cache(maxsize=1)
def _style_sheet() -> str:
    return (files("nnviz.ui") / "style.css").read_text(encoding="utf-8")
