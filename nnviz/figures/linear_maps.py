"""What a matrix does: to the plane, to a start and its twin, to the complex plane; and the spectra of large random ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.eigen import kept_directions
from nnviz.core.linear_maps import Ensemble, path_from_identity
from nnviz.core.stability import TransientGrowth, Twins
from nnviz.figures.animation import animate, dense_steps
from nnviz.figures.log_lines import log_lines
from nnviz.figures.theme import Figure, Theme, axis, colorbar, colorscale, coloured, layout
from nnviz.formulas.numbers import power_of_ten, significant

Array = NDArray[np.floating]
FRAMES = 41  # from the identity to W
LINES = np.arange(-4, 5)  # of the grid that is deformed
CLICKS = 41  # a side of the grid of places that can be clicked


def plane_axes(theme: Theme, reach: float) -> dict[str, Any]:
    """Two equal axes around the origin."""
    return {
        "xaxis": axis(theme, "x₁", range=[-reach, reach], constrain="domain", zeroline=True),
        "yaxis": axis(theme, "x₂", range=[-reach, reach], scaleanchor="x", constrain="domain", zeroline=True),
    }


def _grid() -> Array:
    """The lines of the grid as one polyline with gaps, (2, points)."""
    ends = np.array([LINES[0], LINES[-1], np.nan])
    across = np.concatenate([np.stack([np.full(3, x), ends]) for x in LINES], axis=1)
    across[:, 2::3] = np.nan
    return np.concatenate([across, across[::-1]], axis=1)


def _circle(points: int = 73) -> Array:
    angles = np.linspace(0, 2 * np.pi, points)
    return np.stack([np.cos(angles), np.sin(angles)])


def _spokes(vectors: Array) -> Array:
    """From the origin to each vector (2, k), as one polyline with gaps."""
    spokes = np.full((2, 3 * vectors.shape[1]), np.nan)
    spokes[:, 0::3], spokes[:, 1::3] = 0.0, vectors
    return spokes


def deformation(W: Array, theme: Theme) -> Figure:
    """The plane under the maps from the identity to W: its grid, the unit circle that becomes an ellipse, what keeps its line."""
    times = np.linspace(0, 1, FRAMES)
    maps = path_from_identity(W, times)
    values, vectors = kept_directions(W)
    _, sigma, right = np.linalg.svd(np.nan_to_num(W))
    moving = [_grid(), _circle(), _spokes(np.eye(2)), _spokes(vectors), _spokes(right.T)]
    colours = (theme.zero, theme.symbols["x"], theme.muted, theme.symbols["theta"], theme.symbols["a"])
    names = ("grid", "unit circle", "e₁ and e₂", "eigenvectors", "singular directions")
    widths, dashes = (1, 2.5, 1.5, 3, 2), ("solid", "solid", "solid", "solid", "dot")
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines" if i < 2 else "lines+markers",
            "name": name,
            "x": (W @ shape)[0],
            "y": (W @ shape)[1],
            "line": {"color": colour, "width": width, "dash": dash},
            "marker": {"size": 7, "color": colour, "symbol": "circle" if i != 3 else "diamond"},
            "hovertemplate": f"{name}<br>(%{{x:.5g}}, %{{y:.5g}})<extra></extra>" if i else None,
            "hoverinfo": "skip" if not i else "x",
        }
        for i, (name, shape, colour, width, dash) in enumerate(zip(names, moving, colours, widths, dashes, strict=True))
    ]
    reach = float(np.clip(1.3 * max(2.0, *np.abs(sigma)), 2.0, 40.0))
    kept = [
        {"type": "line", "x0": -9 * reach * v[0], "y0": -9 * reach * v[1], "x1": 9 * reach * v[0], "y1": 9 * reach * v[1], "layer": "below",
         "line": {"color": theme.symbols["theta"], "width": 1.25, "dash": "2px,3px"}}
        for v in vectors.T
    ]  # fmt: skip
    key = " · ".join(coloured(name, colour) for name, colour in zip(names[1:], colours[1:], strict=True) if name != names[3] or len(values))
    frames = (
        {
            i: {"x": (M @ shape)[0].astype(np.float32), "y": (M @ shape)[1].astype(np.float32)}
            for i, shape in enumerate(moving)
            if shape.size
        }
        for M in maps
    )
    figure = {
        "data": data,
        "layout": layout(theme, "plot", "The plane under W", key, height=500, shapes=kept, hovermode="closest", **plane_axes(theme, reach)),
    }
    return animate(figure, frames)


def shown_steps(twins: Twins) -> NDArray[np.integer]:
    """Which steps of a path the player stops at, also where it has long left every picture: those of `dense_steps`."""
    return dense_steps(len(twins.path) - 1)


def iterates(twins: Twins, theme: Theme) -> Figure:
    """The path of a start and of its perturbed twin, step by step; anywhere in the plane can be clicked."""
    steps = shown_steps(twins)
    start = float(np.abs(twins.path[0]).max(initial=0.0)) or 1.0
    finite = np.abs(np.where(np.isfinite(twins.path), twins.path, 0.0)).max()
    reach = float(1.15 * np.clip(finite, start, 8 * start))
    place = np.linspace(-reach, reach, CLICKS)
    click_x, click_y = (values.ravel() for values in np.meshgrid(place, place))
    clicks = {
        "type": "scatter",
        "x": click_x,
        "y": click_y,
        "mode": "markers",
        "marker": {"size": 12, "opacity": 0},
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
        "customdata": np.stack([click_x, click_y], axis=1).round(6).tolist(),
        "hovertemplate": "start here: (%{x:.3g}, %{y:.3g})<extra></extra>",
        "name": "places",
    }

    def drawn(path: Array, upto: int) -> dict[str, Any]:
        some = np.where(np.abs(path[: upto + 1]) < 1e30, path[: upto + 1], np.nan).astype(np.float32)
        return {"x": some[:, 0], "y": some[:, 1]}

    def line(name: str, path: Array, index: int) -> dict[str, Any]:
        style = {"color": theme.categorical[index], "width": 2.5, "dash": "solid" if index == 0 else "5px,4px"}
        marker = {"size": 7, "color": theme.categorical[index], "symbol": "circle" if index == 0 else "diamond"}
        hover = f"{name}<br>(%{{x:.5g}}, %{{y:.5g}})<extra></extra>"
        shape = drawn(path, len(path) - 1)
        return {"type": "scatter", "mode": "lines+markers", "name": name, "line": style, "marker": marker, "hovertemplate": hover, **shape}

    ring = {"size": 12, "color": theme.background, "line": {"color": theme.text, "width": 2.5}}
    begin = {
        "type": "scatter",
        "mode": "markers",
        "x": twins.path[:1, 0],
        "y": twins.path[:1, 1],
        "marker": ring,
        "hovertemplate": "start (%{x:.5g}, %{y:.5g})<extra></extra>",
    }
    path, twin = coloured("path", theme.categorical_text[0]), coloured("twin, dashed", theme.categorical_text[1])
    key = f"○ start, click for another · {path} · {twin}"
    figure = {
        "data": [clicks, line("path", twins.path, 0), line("twin", twins.twin, 1), begin],
        "layout": layout(
            theme,
            "plot",
            "A start and its twin",
            key,
            height=500,
            clickmode="event+select",
            hovermode="closest",
            **plane_axes(theme, reach),
        ),
    }
    return animate(figure, ({1: drawn(twins.path, int(step)), 2: drawn(twins.twin, int(step))} for step in steps))


def distance(twins: Twins, theme: Theme) -> Figure:
    """How far apart the twins are at each step, with `ρᵗ` beside it; a mark moves with the player."""
    colours, texts = theme.categorical, theme.categorical_text
    lines = [
        ("distance", twins.distance, colours[0], texts[0], "solid"),
        ("ρᵗ · start", twins.asymptote, theme.muted, theme.muted, "2px,3px"),
    ]
    figure = log_lines(
        theme, "Distance of the twins", "log scale · dotted: what the spectral radius promises", "‖difference‖₂", "step t", lines, 500
    )
    steps = shown_steps(twins)
    values = [float(v) if np.isfinite(v) and v > 0 else None for v in twins.distance]
    mark = {"size": 10, "color": colours[0], "line": {"color": theme.halo, "width": 2}}
    figure["data"].append(
        {"type": "scatter", "mode": "markers", "x": [len(values) - 1], "y": [values[-1]], "marker": mark, "hoverinfo": "skip"}
    )
    return animate(figure, ({2: {"x": [int(step)], "y": [values[step]]}} for step in steps))


def complex_plane(
    values: NDArray[np.complexfloating], title: str, key: str, theme: Theme, radius: float = 1.0, height: int = 500
) -> Figure:
    """Eigenvalues in the complex plane with the unit circle; those outside it are of the other sign's colour and shape."""
    known = values[np.isfinite(values)]
    outside = np.abs(known) > 1 + 1e-12
    reach = float(1.15 * max(1.0, radius, np.abs(known).max(initial=0.0)))
    circle = _circle(181)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": circle[0],
            "y": circle[1],
            "line": {"color": theme.zero, "width": 1.5},
            "hoverinfo": "skip",
        }
    ]
    for name, some, colour, shape in (
        ("inside", ~outside, theme.sign["plus"], "circle"),
        ("outside", outside, theme.sign["minus"], "diamond"),
    ):
        points = known[some]
        told = [
            f"λ = {significant(z.real, 6)} {'+' if z.imag >= 0 else '−'} {significant(abs(z.imag), 6)} i<br>|λ| = {abs(z):.6g}"
            for z in points
        ]
        marker = {"size": 9 if len(known) < 40 else 5, "color": colour, "symbol": shape, "line": {"width": 1, "color": theme.background}}
        shown = {"x": points.real, "y": points.imag, "hovertext": told, "hoverinfo": "text"}
        data.append({"type": "scatter", "mode": "markers", "name": name, "marker": marker, **shown})
    axes = plane_axes(theme, reach)
    axes["xaxis"]["title"]["text"], axes["yaxis"]["title"]["text"] = "real part", "imaginary part"
    return {"data": data, "layout": layout(theme, "plot", title, key, height=height, hovermode="closest", **axes)}


def transient(growth: TransientGrowth, theme: Theme) -> Figure:
    """`‖Wᵗ‖₂` beside `ρᵗ`: what the worst start does on its way, and what the spectral radius promises for the end."""
    colours, texts = theme.categorical, theme.categorical_text
    lines = [("‖Wᵗ‖₂", growth.norm, colours[0], texts[0], "solid"), ("ρᵗ", growth.asymptote, theme.muted, theme.muted, "2px,3px")]
    key = f"log scale · the peak is {significant(float(growth.peak))} at step {int(growth.peak_step)}"
    return log_lines(theme, "Growth on the way", key, "norm", "step t", lines, 460)


def pseudospectrum(real: Array, imag: Array, smallest: Array, values: NDArray[np.complexfloating], theme: Theme) -> Figure:
    """The smallest singular value of zI − W: inside the contour of ε lie the eigenvalues of all matrices within ε of W."""
    with np.errstate(all="ignore"):
        logs = np.log10(np.maximum(smallest, 1e-16))
    low = float(np.floor(np.nanmin(logs))) if np.isfinite(logs).any() else -1.0
    exponents = list(range(int(max(low, -8)), 1))
    circle = _circle(181)
    levels = {"start": max(low, -8.0), "end": 0.0, "size": 0.5, "coloring": "heatmap", "showlines": True}
    data = [
        {
            "type": "contour",
            "x": real,
            "y": imag,
            "z": logs.astype(np.float32),
            "contours": levels,
            "colorscale": colorscale(theme.sequential[::-1]),
            "zmin": max(low, -8.0),
            "zmax": 0.5,
            "line": {"width": 0.75, "color": theme.muted},
            "colorbar": colorbar(theme, "ε", tickvals=exponents, ticktext=[power_of_ten(e) for e in exponents]),
            "hovertemplate": "z = %{x:.4g} + %{y:.4g} i<br>log₁₀ ε = %{z:.4g}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "x": circle[0],
            "y": circle[1],
            "line": {"color": theme.text, "width": 1.5},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": values.real,
            "y": values.imag,
            "marker": {"size": 9, "color": theme.sign["plus"], "line": {"color": theme.halo, "width": 2}},
            "hovertemplate": "λ = %{x:.6g} + %{y:.6g} i<extra></extra>",
        },
    ]
    key = f"● eigenvalues · line: unit circle · ε = smallest singular value of zI − W, {len(real)} × {len(imag)}"
    axes = plane_axes(theme, float(np.abs(real).max()))
    axes["xaxis"]["title"]["text"], axes["yaxis"]["title"]["text"] = "real part", "imaginary part"
    return {
        "data": data,
        "layout": layout(theme, "plot", "Pseudospectrum", key, height=460, margin={"l": 48, "r": 60, "t": 58, "b": 44}, **axes),
    }


SEEN: dict[str, tuple[str, Callable[..., Array]]] = {
    "modulus": ("modulus of the eigenvalues", np.abs),
    "angle": ("angle of the eigenvalues", np.angle),
    "value": ("eigenvalue", np.real),
}


def law(values: NDArray[np.complexfloating], ensemble: Ensemble | None, gain: float, theme: Theme) -> Figure:
    """The histogram of the eigenvalues' moduli, angles or values, beside the density that it approaches as n grows."""
    name, measure = SEEN[ensemble.seen if ensemble else "modulus"]
    seen = measure(values[np.isfinite(values)])
    stretch = gain if ensemble and ensemble.seen != "angle" else 1.0
    low, high = (ensemble.support[0] * stretch, ensemble.support[1] * stretch) if ensemble else (0.0, float(seen.max(initial=1.0)))
    edges = np.linspace(min(low, float(seen.min(initial=low))), max(high, float(seen.max(initial=high))), min(31, max(8, len(seen) // 6)))
    density, _ = np.histogram(seen, edges, density=len(seen) > 0)
    bars = {
        "type": "bar",
        "x": (edges[:-1] + edges[1:]) / 2,
        "y": density,
        "width": np.diff(edges) * 0.94,
        "marker": {"color": theme.symbols["eta"]},
        "hovertemplate": "%{x:.4g}<br>density %{y:.4g}<extra></extra>",
    }
    data: list[dict[str, Any]] = [bars]
    if ensemble:
        x = np.linspace(low, high, 201)
        y = ensemble.density(x / stretch) / stretch
        data.append({"type": "scatter", "mode": "lines", "x": x, "y": y, "line": {"color": theme.text, "width": 2}, "hoverinfo": "skip"})
    key = "bars: these eigenvalues" + (" · line: the law as n grows" if ensemble else "")
    return {
        "data": data,
        "layout": layout(
            theme, "plot", "Density", key, height=460, xaxis=axis(theme, name), yaxis=axis(theme, "density", rangemode="tozero")
        ),
    }
