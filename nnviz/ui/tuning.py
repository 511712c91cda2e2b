"""The runs of the page Optimisers and how each is tuned. All of it is one line of text, which stands in the address.

`adam.learning_rate=0.1; adam-2.bias_correction=false`: what is not named is at its default. The fields write that line, so that a link, a
*Try this* and a person's own text all do the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from nnviz.core.optimizers import OPTIMIZERS, ClippedByNorm, Decayed, Optimizer
from nnviz.ui import controls

TUNE = "tune"
FORMER = "former settings"  # session_state: the last line of text that could be read
TWIN = "-2"  # the same optimiser once more, to compare two settings of it
TITLES = {
    "sgd": "SGD", "momentum": "Momentum", "heavy_ball": "Heavy ball", "nesterov": "Nesterov", "adagrad": "AdaGrad", "rmsprop": "RMSProp",
    "adadelta": "Adadelta", "adam": "Adam", "adamw": "AdamW", "amsgrad": "AMSGrad", "nadam": "NAdam", "radam": "RAdam", "lion": "Lion",
    "newton": "Newton", "lbfgs": "L-BFGS",
}  # fmt: skip
KINDS = [name for name in OPTIMIZERS if name != "muon"]  # Muon needs the layers of a network
NAMES = [*KINDS, *(name + TWIN for name in KINDS)]
LETTERS = {
    "learning_rate": "α, learning rate", "beta": "β", "beta1": "β₁", "beta2": "β₂", "rho": "ρ", "epsilon": "ε", "damping": "λ, damping",
    "weight_decay": "λ, weight decay", "momentum_decay": "ψ, momentum decay", "history": "history", "bias_correction": "Bias correction",
}  # fmt: skip
LADDER = [float(f"{digit}e{exponent}") for exponent in range(-5, 1) for digit in (1, 2, 3, 5, 7)] + [10.0]

Settings = dict[str, dict[str, Any]]  # run → hyperparameter → value


@dataclass(frozen=True)
class Run:
    """One of the runs that are compared: its name in the address, its title and what steps."""

    key: str
    title: str
    optimizer: Optimizer
    plain: Optimizer  # without clipping and decay


def kind_of(run: str) -> str:
    """The optimiser's registered name: `adam-2` is an adam."""
    return run.removesuffix(TWIN)


def title_of(run: str) -> str:
    """How a run is called: `Adam`, and `Adam 2` for the second one."""
    kind = kind_of(run)
    return TITLES.get(kind, kind.replace("_", " ").capitalize()) + (" 2" if run.endswith(TWIN) else "")


def parse(text: str) -> Settings:
    """The settings that a line of text describes.

    Raises
    ------
    ValueError
        A part that is not `run.hyperparameter=value`, an unknown run or hyperparameter, a value that is no number.

    Examples
    --------
    >>> parse("adam.learning_rate=0.1; adam-2.bias_correction=false")
    {'adam': {'learning_rate': 0.1}, 'adam-2': {'bias_correction': False}}
    """
    settings: Settings = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        run, dot, parameter = name.partition(".")
        if not (equals and dot):
            raise ValueError(f"“{part[:60]}” cannot be read: write run.hyperparameter=value, such as adam.learning_rate=0.1")
        if run not in NAMES:
            raise ValueError(f"“{run[:40]}” is no run: use one of {', '.join(KINDS)}, or the same with {TWIN} for a second one")
        known = {field.name: field.type for field in fields(OPTIMIZERS[kind_of(run)])}
        if parameter not in known:
            raise ValueError(f"{run} has no “{parameter[:40]}”: it has {', '.join(known)}")
        settings.setdefault(run, {})[parameter] = _value(part, value, str(known[parameter]))
    return settings


def _value(part: str, text: str, kind: str) -> Any:
    if kind == "bool":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"“{part[:60]}” is a choice: write true or false")
        return text.lower() == "true"
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        raise ValueError(f"“{part[:60]}” cannot be read: after = comes a number, such as 0.1") from None


def write(settings: Mapping[str, Mapping[str, Any]]) -> str:
    """The line of text that describes the settings.

    >>> write({"adam": {"learning_rate": 0.1, "bias_correction": False}})
    'adam.learning_rate=0.1; adam.bias_correction=false'
    """
    parts = [f"{run}.{name}={_written(value)}" for run, of_run in settings.items() for name, value in of_run.items()]
    return "; ".join(parts)


def exactly(optimizer: Optimizer) -> str:
    """The line of text that makes this very optimiser the run of its name, to the last bit.

    >>> exactly(OPTIMIZERS["momentum"](0.1, 1 / 3))
    'momentum.learning_rate=0.1; momentum.beta=0.3333333333333333'
    """
    values = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}  # type: ignore[arg-type]  # each is a dataclass
    written = {name: str(value).lower() if isinstance(value, bool | int) else repr(float(value)) for name, value in values.items()}
    return "; ".join(f"{optimizer.name}.{name}={value}" for name, value in written.items())


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:.12g}"


def make_run(run: str, settings: Settings, rate: float, clip: float, decay: float) -> Run:
    """The run as it is set; `rate` is its learning rate where none is given. ValueError where a value does not fit."""
    plain = OPTIMIZERS[kind_of(run)](**({"learning_rate": rate} | settings.get(run, {})))
    whole = Decayed(plain, decay) if decay else plain
    return Run(run, title_of(run), ClippedByNorm(whole, clip) if clip else whole, plain)


def text_field() -> str:
    """All settings as one line of text: to be copied, changed, or typed."""
    return controls.text(
        "All settings as text", key=TUNE, default="", longest=2000, placeholder="such as adam.learning_rate=0.1; adam.beta1=0.8"
    )


def fields_of(run: Run) -> None:
    """The hyperparameters of one run: the rate as a slider and exactly, the others as they need it."""
    rate = float(run.plain.learning_rate)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = _field(run, "learning_rate", rate, " slider")
        st.select_slider(
            f"{run.title}: {LETTERS['learning_rate']}", sorted({*LADDER, rate}), format_func=lambda v: f"{v:g}", key=key,
            on_change=_changed, args=(run.key, "learning_rate", key), width=250,
        )  # fmt: skip
        for field in fields(run.plain):  # type: ignore[arg-type]  # each optimiser is a dataclass
            _one(run, field.name, str(field.type))


def _one(run: Run, name: str, kind: str) -> None:
    value = getattr(run.plain, name)
    key = _field(run, name, value)
    changed: Any = {"key": key, "on_change": _changed, "args": (run.key, name, key)}
    label = "exactly" if name == "learning_rate" else LETTERS.get(name, name.replace("_", " "))
    if kind == "bool":
        st.toggle(label, **changed)
    elif kind == "int":
        st.number_input(label, step=1, width=150, **changed)
    else:
        st.number_input(label, format="%.6g", step=_step(value), width=150, **changed)


def _step(value: float) -> float:
    """How far one press of + goes: a tenth of the number's own size."""
    return float(f"{value / 10:.0e}") if value > 0 else 0.01


def _field(run: Run, name: str, value: Any, more: str = "") -> str:
    """The key of a field, which is set to what the line of text says."""
    key = f"tuned {run.key} {name}{more}"
    st.session_state[key] = value
    return key


def _changed(run: str, parameter: str, key: str) -> None:
    try:
        settings = parse(st.session_state.get(TUNE, ""))
    except ValueError:
        settings = parse(st.session_state.get(FORMER, ""))
    settings.setdefault(run, {})[parameter] = st.session_state[key]
    st.session_state[TUNE] = write(settings)
