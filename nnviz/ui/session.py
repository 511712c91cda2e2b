"""The session file, `.nnviz.json`: one state of the app, or several that make a lesson, each with a title and a sentence.

Its schema are the dataclasses below, field by field; `session_schema.py` writes it as a JSON schema. `version` counts changes that an
older nnviz could not read. A file comes from anywhere: what is not known is left out and named, what is broken is refused in a sentence,
and nothing in it is ever run.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.core.features import shortened
from nnviz.core.network import Network

KINDS = ("edited", "trained", "loaded")
FORMAT, VERSION, ENDING = "nnviz session", 1, ".nnviz.json"
MOST_BYTES, MOST_STATES, MOST_CONTROLS, LONGEST = 20 * 2**20, 200, 400, 4000


def _told(description: str, **more: Any) -> dict[str, Any]:
    """What the JSON schema says of a field besides its type."""
    return {"description": description, **more}


@dataclass(frozen=True)
class Weights:
    """A current point that no address holds: trained, loaded, or changed by hand from one of these."""

    sizes: tuple[int, ...] = field(metadata=_told("Inputs, then the units of each layer", minItems=2))
    activations: tuple[str, ...] = field(metadata=_told("One a layer", minItems=1))
    kind: str = field(metadata=_told("How the weights came about", enum=list(KINDS)))
    description: str = field(metadata=_told("Ends the sentence “The network stands at …”"))
    theta: str = field(metadata=_told("All parameters as little-endian 64-bit numbers: W row by row, then b, layer by layer", base64=True))

    def point(self) -> tuple[Network, NDArray[np.floating]]:
        """The network and its parameters (P,); ValueError where they do not fit together or are not finite."""
        network = Network(self.sizes, self.activations)
        try:
            theta = np.frombuffer(base64.b64decode(self.theta, validate=True), dtype="<f8")
        except (binascii.Error, ValueError):
            raise ValueError("the file's weights are broken: they need to be base64 of 64-bit numbers; save the session again") from None
        if theta.size != network.parameter_count or not np.isfinite(theta).all():
            raise ValueError(
                f"the file holds {theta.size:,} weights and its network {network.brief()} needs {network.parameter_count:,} finite ones"
            )
        return network, theta


@dataclass(frozen=True)
class State:
    """What one page looked like."""

    page: str = field(default="start", metadata=_told("As in the address"))
    title: str = field(default="", metadata=_told("Of this step of a lesson"))
    sentence: str = field(default="", metadata=_told("What to look at"))
    controls: Mapping[str, Any] = field(
        default_factory=dict, metadata=_told("Controls that do not stand at their default, by their name in the address")
    )
    address: Mapping[str, str] = field(
        default_factory=dict, metadata=_told("What only the address holds: weights and arrays changed by hand, the name of a table")
    )
    weights: Weights | None = field(default=None, metadata=_told("Weights that no address holds, or null"))


@dataclass(frozen=True)
class Session:
    """A file: one state, or the steps of a lesson."""

    states: tuple[State, ...] = field(metadata=_told("One, or the steps of a lesson", minItems=1, maxItems=MOST_STATES))
    title: str = field(default="", metadata=_told("Of the lesson"))
    format: str = field(default=FORMAT, metadata=_told("What the file is", const=FORMAT))
    version: int = field(default=VERSION, metadata=_told("Of the format", const=VERSION))


def write(session: Session) -> str:
    """The file's text."""
    return json.dumps(asdict(session), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read(text: bytes | str) -> tuple[Session, list[str]]:
    """A session from a file's text, and sentences about what in it is not known and was left out.

    Raises
    ------
    ValueError
        Too long, no JSON, no session, nothing in it, broken weights.

    Examples
    --------
    >>> session, unknown = read('{"format": "nnviz session", "version": 1, "states": [{"page": "network", "mood": 3}]}')
    >>> session.states[0].page, unknown
    ('network', ['This version does not know “mood”, which the session file holds: it is left out.'])
    """
    found = _parsed(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"this is no session file of nnviz: one is JSON with “format”: “{FORMAT}”, saved with “Take it with you”")
    states = found.get("states")
    if not isinstance(states, list) or not 1 <= len(states) <= MOST_STATES:
        raise ValueError(f"the session file needs “states”, a list of 1 to {MOST_STATES} of them: save it again with “Take it with you”")
    unknown = _unknown(found, Session)
    made = []
    for number, state in enumerate(states, start=1):
        if not isinstance(state, dict):
            raise ValueError(f"state {number} of the session file is a {type(state).__name__}: each needs to be an object with a “page”")
        made.append(_state(state))
        unknown |= _unknown(state, State) | _unknown(state.get("controls"), None)
    told = [f"This version does not know “{shortened(name, 40)}”, which the session file holds: it is left out." for name in unknown]
    version = found.get("version")
    if version != VERSION:
        told.insert(
            0, f"The session file is of version {shortened(version, 10)} and this nnviz reads version {VERSION}: what is known is shown."
        )
    return Session(tuple(made), _text(found.get("title"))), told


def _parsed(text: bytes | str) -> Any:
    if len(text) > MOST_BYTES:
        raise ValueError(f"the session file is larger than {MOST_BYTES // 2**20} MB: keep fewer states in it")
    try:
        found = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
        json.dumps(found, ensure_ascii=False).encode()  # “\ud800” is JSON and half a letter, which nobody can draw
        return found
    except UnicodeError:
        raise ValueError("the session file is no UTF-8 text: take the file as it was saved") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the session file is no JSON ({shortened(error, 100)}): take the file as it was saved") from None


def _unknown(found: Any, kind: type | None) -> dict[str, None]:
    """Names that the schema does not have; of controls, those whose value could be none of a control's."""
    if not isinstance(found, dict):
        return {}
    known = {name for name, value in found.items() if is_plain(value)} if kind is None else {f.name for f in fields(kind)}
    return dict.fromkeys(name for name in found if name not in known)


def _state(found: dict[str, Any]) -> State:
    controls, address = ({} if not isinstance(found.get(name), dict) else found[name] for name in ("controls", "address"))
    return State(
        page=_text(found.get("page")),
        title=_text(found.get("title")),
        sentence=_text(found.get("sentence")),
        controls={name: value for name, value in list(controls.items())[:MOST_CONTROLS] if is_plain(value)},
        address={name: value for name, value in address.items() if isinstance(value, str) and len(value) <= LONGEST},
        weights=None if found.get("weights") is None else _weights(found["weights"]),
    )


def _weights(found: Any) -> Weights:
    try:
        weights = Weights(
            sizes=tuple(found["sizes"]),
            activations=tuple(found["activations"]),
            kind=found["kind"] if found["kind"] in KINDS else "loaded",
            description=_text(found["description"]),
            theta=str(found["theta"]),
        )
    except (KeyError, TypeError):
        raise ValueError("the file's weights are broken: they need sizes, activations, kind, description and theta") from None
    weights.point()
    return weights


def _text(value: Any) -> str:
    return value[:LONGEST] if isinstance(value, str) else ""


def is_plain(value: Any) -> bool:
    """Whether a control could have this value."""
    if isinstance(value, list):
        return len(value) <= MOST_CONTROLS and all(not isinstance(item, list) and is_plain(item) for item in value)
    if isinstance(value, float | int):
        return abs(value) < 1e18  # which nan and inf are not
    return isinstance(value, str) and len(value) <= LONGEST
