"""The look of every figure: one colour a symbol in a light and a dark shade, one layout, one way to write a symbol.

The values of `palette.json` were verified for contrast (4.5:1 and better as text) and for colour-blind eyes; the tests compute it anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

Figure = dict[str, Any]  # {"data": [...], "layout": {...}, "frames": [...]}: plain dicts, never plotly objects

FONT = '"Source Sans", "Source Sans 3", system-ui, sans-serif'
MATH_FONT = 'KaTeX_Math, "STIX Two Math", "Cambria Math", serif'

HEIGHTS = {
    "network": 400,  # the worked example
    "network_tall": 480,
    "contour": 500,
    "curve": 500,
    "strip": 430,
    "matrix": 540,
    "side": 340,
    "histogram": 260,
}
MARGINS = {  # l, r, t, b in px
    "graph": (0, 0, 58, 0),
    "plot": (48, 8, 58, 44),
    "labelled": (48, 84, 58, 44),  # direct labels at the right end of the lines
    "strip": (34, 6, 58, 44),
    "scene": (0, 0, 58, 0),
}


@dataclass(frozen=True, eq=False)
class Theme:
    """The colours of one mode; `symbols` has one a symbol: x w b z a y yhat delta cost theta eta."""

    name: str
    background: str
    surface: str
    raised: str
    grid: str
    zero: str
    rule: str
    text: str
    muted: str
    accent: str
    halo: str
    symbols: Mapping[str, str]
    sign: Mapping[str, str]  # plus, minus
    categorical: tuple[str, ...]  # lines and markers of runs, in order
    categorical_text: tuple[str, ...]  # the same eight as text
    sequential: tuple[str, ...]  # low = background, high = ink
    landscape: tuple[str, ...]  # the same, quiet: under paths
    diverging: tuple[str, ...]  # most negative … most positive, centred on 0

    @property
    def shadow(self) -> str:
        """Around words that stand over lines and fields, as a font's `shadow`."""
        return ", ".join(f"0 0 {blur}px {self.halo}" for blur in (2, 3, 4, 6))


@lru_cache(maxsize=1)
def _palette() -> dict[str, Any]:
    return json.loads((files("nnviz.figures") / "palette.json").read_text(encoding="utf-8"))


def _theme(name: str) -> Theme:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in _palette()[name].items()}
    return Theme(name=name, **values)


LIGHT, DARK = _theme("light"), _theme("dark")
THEMES = {"light": LIGHT, "dark": DARK}


@lru_cache(maxsize=1024)
def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` as three numbers from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def alpha(colour: str, opacity: float) -> str:
    """`#rrggbb` seen through: `rgba(r,g,b,opacity)`."""
    return "rgba({},{},{},{:g})".format(*rgb(colour), opacity)


@lru_cache(maxsize=4096)
def mix(colour: str, other: str, share: float) -> str:
    """The colour with `share` of the other mixed in, as `#rrggbb`."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(rgb(colour), rgb(other), strict=True))


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition)."""
    channels = [c / 255 for c in rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache(maxsize=4096)
def contrast(colour: str, other: str) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2, success criterion 1.4.3)."""
    low, high = sorted((luminance(colour), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink(fill: str) -> str:
    """Pure black or pure white, whichever contrasts more with the fill: at least 4.58:1 on any."""
    return max("#000000", "#ffffff", key=lambda colour: contrast(colour, fill))


def sample(stops: Sequence[str], share: float) -> str:
    """The colour at `share` (0 to 1) of a scale, mixed linearly between its stops; beyond the ends, the ends."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return mix(stops[low], stops[low + 1], place - low)


def signed_colour(theme: Theme, value: float, largest: float) -> str:
    """The diverging colour of a signed value on a scale from −largest to largest; not a number is the surface's."""
    if value != value:
        return theme.surface
    share = 0.5 if largest <= 0 else 0.5 + 0.5 * max(-1.0, min(1.0, value / largest))
    return sample(theme.diverging, share)


def colorscale(stops: Sequence[str]) -> list[list[Any]]:
    """A Plotly colorscale with the stops evenly spaced."""
    return [[i / (len(stops) - 1), colour] for i, colour in enumerate(stops)]


def coloured(text: str, colour: str, bold: bool = False) -> str:
    """`text` in that colour, for titles, annotations and hovers of a figure."""
    weight = ";font-weight:600" if bold else ""
    return f"<span style='color:{colour}{weight}'>{text}</span>"


LETTERS = {"yhat": "ŷ", "delta": "δ", "cost": "C", "theta": "θ", "eta": "η"}


def symbol(theme: Theme, name: str, sub: str | int = "", sup: str | int = "") -> str:
    """A symbol as it stands in a figure: italic, in its own colour, with its indices; `name` is a key of `theme.symbols`."""
    letter = LETTERS.get(name, name)
    indices = (f"<sub>{sub}</sub>" if sub != "" else "") + (f"<sup>{sup}</sup>" if sup != "" else "")
    return f"<i style='color:{theme.symbols[name]};font-family:{MATH_FONT}'>{letter}{indices}</i>"


def title(theme: Theme, text: str, key: str = "") -> dict[str, Any]:
    """The title of a figure, and under it its key: what is drawn, resolution, steps. Lines up with the page's left edge."""
    second = f"<br><span style='font-size:13px;font-weight:400;color:{theme.muted}'>{key}</span>" if key else ""
    return {
        "text": text + second,
        "x": 0,
        "xref": "container",
        "xanchor": "left",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "pad": {"t": 22 if key else 3, "l": 0},
        "font": {"size": 15, "weight": 600, "color": theme.text},
    }


def axis(theme: Theme, text: str = "", **more: Any) -> dict[str, Any]:
    """An axis: thin grid, zero line, no box; `text` is its title with its unit."""
    return {
        "title": {"text": text, "standoff": 10, "font": {"size": 13, "color": theme.muted}},
        "tickfont": {"size": 12, "color": theme.muted},
        "gridcolor": theme.grid,
        "zerolinecolor": theme.zero,
        "showline": False,
        "ticks": "",
        "automargin": True,  # so that no label is cut off; to hide those that are, Plotly would measure each of them at each draw
        "ticklabeloverflow": "allow",
        "nticks": 6,
        "minexponent": 4,
        **more,
    }


def bare_axis(**more: Any) -> dict[str, Any]:
    """An axis that places things and shows nothing: of a graph, of matrices."""
    return {"visible": False, "fixedrange": True, **more}


def scene_axis(theme: Theme, text: str = "", **more: Any) -> dict[str, Any]:
    """An axis of a 3-D figure: no walls, four ticks."""
    return {
        "title": {"text": text, "font": {"size": 12, "color": theme.muted}},
        "tickfont": {"size": 11, "color": theme.muted},
        "gridcolor": theme.grid,
        "zerolinecolor": theme.zero,
        "showbackground": False,
        "nticks": 4,
        **more,
    }


def scene(theme: Theme, x: str, y: str, z: str) -> dict[str, Any]:
    """The one 3-D frame: proportions and camera under which a surface reads well."""
    return {
        "xaxis": scene_axis(theme, x),
        "yaxis": scene_axis(theme, y),
        "zaxis": scene_axis(theme, z),
        "aspectmode": "manual",
        "aspectratio": {"x": 1.25, "y": 1, "z": 0.55},
        "camera": {"eye": {"x": 0.75, "y": -1.62, "z": 1.12}, "center": {"x": 0.02, "y": 0, "z": -0.16}},
    }


def colorbar(theme: Theme, text: str = "", **more: Any) -> dict[str, Any]:
    """A thin colour bar without a box."""
    return {
        "thickness": 10,
        "outlinewidth": 0,
        "tickfont": {"size": 12, "color": theme.muted},
        "title": {"text": text, "font": {"size": 12, "color": theme.muted}, "side": "right"},
        **more,
    }


def layout(theme: Theme, kind: str, text: str, key: str = "", height: int | str = "curve", **more: Any) -> dict[str, Any]:
    """The layout every figure starts from.

    Parameters
    ----------
    kind : a name in `MARGINS`: graph plot labelled strip scene
    text, key : the title and its second line
    height : px, or a name in `HEIGHTS`
    more : whatever else belongs to Plotly's layout (xaxis, yaxis, annotations, shapes …)
    """
    left, right, top, bottom = MARGINS[kind]
    base: dict[str, Any] = {
        "font": {"family": FONT, "size": 13, "color": theme.text},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "height": HEIGHTS[height] if isinstance(height, str) else height,
        "margin": {"l": left, "r": right, "t": top, "b": bottom, "pad": 0},
        "colorway": list(theme.categorical),
        "showlegend": False,
        "title": title(theme, text, key),
        "hoverlabel": {
            "bgcolor": theme.raised,
            "bordercolor": theme.rule,
            "font": {"size": 13, "color": theme.text, "family": FONT},
            "align": "left",
            "namelength": 0,
        },
        # Plotly takes defaults of annotations from a template alone.
        "template": {"layout": {"annotationdefaults": {"font": {"size": 13, "color": theme.text}, "showarrow": False}}},
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": theme.zero, "activecolor": theme.text},
        "dragmode": False,
        "uirevision": "keep",
    }
    if kind == "graph":
        base |= {"xaxis": bare_axis(), "yaxis": bare_axis()}
    elif kind == "scene":
        base |= {"dragmode": "turntable"}
    else:
        base |= {"xaxis": axis(theme), "yaxis": axis(theme)}
    return base | more
