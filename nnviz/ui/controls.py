"""The controls of sidebar and pages: Streamlit's own, each bound to the address and checked against it.

A control's key is its parameter in the address. Streamlit drops a value that does not fit; here the person is told so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from nnviz.ui import chart, notices

PERSIST: Any = {"bind": "query-params", "persist_state": "session"}
SEEN = "address seen"  # session_state: parameters of the address that were already looked at
TRIALS = "trials"  # session_state: what the page offers to try
EXPERIMENTS = "the experiment's"  # an option: what the sidebar says
LONG = 20_000  # characters of a field whose reader says itself, in a sentence, what is too long for it
DEFAULTS = "defaults"  # session_state: of the controls drawn so far, by key
ARRIVING = "arriving"  # session_state: values from a session file that wait for their controls to be drawn
RESTING = True  # whether a closed fold may leave its controls out; a test without a browser can open none
_resting: ContextVar[bool] = ContextVar("controls rest", default=False)


def _from_address(key: str, fits: Callable[[str], bool], expected: str, instead: str = "The default is shown") -> None:
    """Where the address brings a value that does not fit, say so once, and what Streamlit itself then takes."""
    seen = st.session_state.setdefault(SEEN, {})
    asked = st.query_params.get(key)
    if asked is None or key in st.session_state or seen.get(key) == asked:
        return
    seen[key] = asked
    if not fits(asked):
        notices.tell(f"The address asks for {key} = “{asked[:40]}”, which cannot be read: {expected}. {instead}.")


def _from_file(key: str, fits: Callable[[Any], bool], kind: Callable[[Any], Any] = lambda value: value) -> None:
    """Where a session file that was just opened brings a value, take it over, or say that it does not fit."""
    arriving = st.session_state.get(ARRIVING)
    if not arriving or key not in arriving:
        return
    value = arriving.pop(key)
    if fits(value):
        st.session_state[key] = kind(value)
    else:
        notices.tell(f"The session file asks for {key} = “{str(value)[:40]}”, which does not fit here. The default is shown.")


def defaults() -> Mapping[str, Any]:
    """The default of every control drawn so far, by key."""
    return st.session_state.get(DEFAULTS, {})


def changed() -> dict[str, Any]:
    """The values of all controls drawn so far that do not stand at their defaults, by key."""
    return {
        key: st.session_state[key] for key, default in defaults().items() if key in st.session_state and st.session_state[key] != default
    }


def _remember(key: str, default: Any) -> Any:
    """Note the default of a control, so that `reset` finds it."""
    st.session_state.setdefault(DEFAULTS, {})[key] = default
    return default


def reset(keys: Iterable[str]) -> None:
    """Put controls back to their defaults; for callbacks, before the controls are drawn."""
    known = defaults()
    for key in keys:
        if key in known:
            st.session_state[key] = known[key]


@contextmanager
def fold(label: str, keys: Sequence[str], held_open: bool = False) -> Iterator[DeltaGenerator | None]:
    """A fold with the controls of these keys; None where they are not drawn.

    As long as it is closed and all of them stand at their defaults they are not: they are half the sidebar, and a page opens sooner.
    """
    place = st.expander(label, expanded=held_open, key=f"fold {label} {held_open}", on_change="rerun")
    drawn = not RESTING or held_open or bool(place.open) or any(map(_is_moved, keys))
    before = _resting.set(not drawn)
    try:
        with place:
            yield place if drawn else None
    finally:
        _resting.reset(before)


def _is_moved(key: str) -> bool:
    """Whether a control does not stand at its default, or something was given for it that it has not seen yet."""
    given = key in st.query_params or key in st.session_state.get(ARRIVING, ())
    return given or (key in st.session_state and (key not in defaults() or st.session_state[key] != defaults()[key]))


def _at_rest(key: str, default: Any) -> Any:
    """The value of a control that is not drawn, where others look for it."""
    st.session_state[key] = _remember(key, default)
    return default


def _number_from_file(key: str, low: float, high: float, step: float | None, default: float) -> None:
    """`_from_file` of a slider or a field: whole numbers where its ends, its step and its default are."""
    whole = all(isinstance(number, int) for number in (low, high, default, *(() if step is None else (step,))))

    def fits(value: Any) -> bool:
        right = isinstance(value, int) if whole else isinstance(value, float | int)
        return right and not isinstance(value, bool) and low <= value <= high

    _from_file(key, fits, int if whole else float)


def _is_number(low: float, high: float) -> Callable[[str], bool]:
    def fits(text: str) -> bool:
        try:
            value = float(text)
        except ValueError:
            return False
        return math.isfinite(value) and low <= value <= high

    return fits


def _among(options: Sequence[Any], names: Callable[[Any], str]) -> Callable[[Any], str]:
    """How an option is written, for Streamlit, which asks it of values that are none any more: those it is then to reset."""

    def written(value: Any) -> str:
        if value not in options:
            raise ValueError(f"{value!r} is not one of the options")
        return names(value)

    return written


def choice(label: str, options: Iterable[Any], key: str, default: Any = None, names: Callable[[Any], str] = str, **more: Any) -> Any:
    """One of several, from a menu; `names` tells how an option is written."""
    options = list(options)
    index = options.index(default) if default in options else 0
    if _resting.get():
        return _at_rest(key, options[index])
    written = [names(option) for option in options]
    _from_address(key, lambda text: text in written, f"it is one of {', '.join(written[:12])}{' …' if len(written) > 12 else ''}")
    _from_file(key, lambda value: value in options)
    _remember(key, options[index])
    return st.selectbox(label, options, index=index, format_func=_among(options, names), key=key, **(PERSIST | more))


def segments(label: str, options: Iterable[Any], key: str, default: Any = None, names: Callable[[Any], str] = str, **more: Any) -> Any:
    """One of a few, side by side; one is always chosen."""
    options = list(options)
    first = default if default in options else options[0]
    if _resting.get():
        return _at_rest(key, first)
    written = [names(option) for option in options]
    _from_address(key, lambda text: text in written, f"it is one of {', '.join(written)}")
    _from_file(key, lambda value: value in options)
    return st.segmented_control(
        label, options, default=_remember(key, first), format_func=_among(options, names), key=key, required=True, **(PERSIST | more)
    )


def view(views: Iterable[str], key: str, default: str | None = None) -> Any:
    """Which view of a page is shown; stands over what it changes, without a label to be seen."""
    return segments("View", views, key=key, default=default, label_visibility="collapsed")


def several(
    label: str,
    options: Iterable[Any],
    key: str,
    default: Sequence[Any] = (),
    most: int | None = None,
    names: Callable[[Any], str] = str,
    **more: Any,
) -> list[Any]:
    """Any number of options, at most `most`."""
    options = list(options)
    chosen = [option for option in default if option in options]
    if _resting.get():
        return _at_rest(key, chosen)
    written = [names(option) for option in options]
    asked = st.query_params.get_all(key)
    known = set(asked) <= set(written)
    if known and most is not None and len(asked) > most:
        _from_address(key, lambda _: False, f"{len(asked)} are named and {most} is the most", f"The first {most} are shown")
    expected = f"each is one of {', '.join(written[:12])}{' …' if len(written) > 12 else ''}"
    _from_address(key, lambda _: known, expected)
    _from_file(key, lambda value: isinstance(value, list) and all(item in options for item in value) and len(value) <= (most or len(value)))
    # Streamlit's own first entry, “Select all”, would be taken by Enter before the option that was typed, and is no offer where few may be.
    return st.multiselect(
        label, options, default=_remember(key, chosen), max_selections=most, select_all=most is None,
        format_func=_among(options, names), key=key, **(PERSIST | more),
    )  # fmt: skip


def slider(label: str, low: float, high: float, key: str, default: float, step: float | None = None, **more: Any) -> Any:
    """A number between two ends; whole numbers where all of them are whole."""
    if _resting.get():
        return _at_rest(key, default)
    _from_address(key, _is_number(low, high), f"it is a number from {low:g} to {high:g}")
    _number_from_file(key, low, high, step, default)
    return st.slider(label, low, high, _remember(key, default), step, key=key, **(PERSIST | more))


def _powers(low: int, high: int, per_decade: Sequence[float]) -> list[float]:
    return [float(f"{digit}e{exponent}") for exponent in range(low, high) for digit in per_decade] + [float(f"1e{high}")]


def nearest_power(value: float, low: int, high: int, per_decade: Sequence[float] = (1, 2, 3, 5, 7)) -> float:
    """The value of a slider of `powers` that is closest to a number."""
    return min(_powers(low, high, per_decade), key=lambda option: abs(math.log(option / value)))


def powers(label: str, low: int, high: int, key: str, default: float, per_decade: Sequence[float] = (1, 2, 3, 5, 7), **more: Any) -> float:
    """A positive number on a logarithmic slider: from 10^low to 10^high in a few steps a decade."""
    values = _powers(low, high, per_decade)
    nearest = nearest_power(default, low, high, per_decade)
    if _resting.get():
        return _at_rest(key, nearest)
    written = [f"{value:g}" for value in values]
    asked = st.query_params.get(key, "")
    if asked and asked not in written and key not in st.session_state:  # Streamlit compares letters: 1e-1 is no 0.1 to it
        for value in values:
            if _is_number(value, value)(asked):
                st.session_state[key] = value
    _from_address(key, lambda text: text in written, f"it is one of {written[0]}, {written[1]}, …, {written[-1]}")
    _from_file(key, lambda value: not isinstance(value, bool) and value in values, float)
    return st.select_slider(
        label, values, value=_remember(key, nearest), format_func=lambda value: f"{value:g}", key=key, **(PERSIST | more)
    )


def number(label: str, low: float, high: float, key: str, default: float, step: float | None = None, **more: Any) -> Any:
    """An exact number, in a field."""
    if _resting.get():
        return _at_rest(key, default)
    _from_address(key, _is_number(low, high), f"it is a number from {low:g} to {high:g}")
    _number_from_file(key, low, high, step, default)
    return st.number_input(label, low, high, _remember(key, default), step, key=key, **(PERSIST | more))


def toggle(label: str, key: str, default: bool = False, **more: Any) -> bool:
    """Yes or no."""
    if _resting.get():
        return bool(_at_rest(key, default))
    _from_address(key, lambda text: text.lower() in {"true", "false"}, "it is true or false")
    _from_file(key, lambda value: isinstance(value, bool))
    return st.toggle(label, _remember(key, default), key=key, **(PERSIST | more))


def text(label: str, key: str, default: str, longest: int = 500, **more: Any) -> str:
    """One line of text, such as a formula."""
    if _resting.get():
        return str(_at_rest(key, default))
    _from_address(key, lambda given: len(given) <= longest, f"it has at most {longest} characters")
    _from_file(key, lambda value: isinstance(value, str) and len(value) <= longest)
    return st.text_input(label, _remember(key, default), max_chars=longest, key=key, **(PERSIST | more))


def from_click(figure: str, keys: Sequence[str]) -> None:
    """Put the `customdata` of a point that was just clicked in a figure into controls; called before they are drawn."""
    points = chart.selection(figure)["points"]
    values = points[0].get("customdata") if points else None
    if values is None or st.session_state.get(f"{figure} taken") == values:
        return
    st.session_state[f"{figure} taken"] = values
    for key, value in zip(keys, values, strict=False):
        st.session_state[key] = value


def keep_within(key: str, largest: int) -> None:
    """A number chosen for a larger network or data set falls back to the largest that there is; called before its control is drawn."""
    chosen = st.session_state.get(key)
    if isinstance(chosen, int | float) and chosen > largest:
        st.session_state[key] = largest


@dataclass(frozen=True)
class Trial:
    """A *Try this*: the controls it sets and one sentence on what to notice."""

    label: str
    notice: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[], None] | None = None  # what is to be done besides, such as pressing Train


def try_this(trials: Sequence[Trial]) -> None:
    """What a page offers to try; `app.py` draws it at its end, where it stays when something on the page is moved."""
    st.session_state[TRIALS] = trials


def draw_trials(page: str) -> None:
    """Buttons that set the controls to show something worth seeing; the sentence of the last one pressed on that page stands below them."""
    trials = st.session_state.pop(TRIALS, ())
    if not trials:
        return
    st.markdown("#### Try this")
    pressed = f"try pressed on {page}"
    with st.container(horizontal=True, key="try-buttons"):
        for index, trial in enumerate(trials):
            st.button(trial.label, key=f"try-{index}", on_click=_apply, args=(trial, pressed, index))
    chosen = st.session_state.get(pressed)
    if isinstance(chosen, int) and chosen < len(trials):
        st.markdown(f"**{trials[chosen].label}.** {trials[chosen].notice}")
    else:
        st.caption("Each button sets the controls and says what to notice.")


def _apply(trial: Trial, pressed: str, index: int) -> None:
    for key, value in trial.settings.items():
        st.session_state[key] = value
    st.session_state[pressed] = index
    if trial.then is not None:
        trial.then()
