r"""What one formula of the catalogue is: its LaTeX with `@` before each letter that has a colour, its symbols, where to play with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nnviz.formulas.letters import Colours, in_colours
from nnviz.formulas.live import Here


@dataclass(frozen=True)
class Entry:
    """One formula."""

    title: str
    formula: str  # LaTeX with @ before coloured letters
    symbols: Sequence[tuple[str, str]]  # LaTeX with @, what it is
    note: str = ""  # what is worth knowing, one or two sentences
    page: str = ""  # where it can be played with: a file in pages/
    state: Mapping[str, Any] = field(default_factory=dict)  # the controls of that page, by their keys
    numbers: Callable[[Here, Colours], str] | None = None  # its live numbers as LaTeX; empty where the experiment has none

    def latex(self, colours: Colours) -> str:
        """The formula in its colours."""
        return in_colours(self.formula, colours)

    def explained(self, colours: Colours) -> str:
        """Its symbols as one line of Markdown."""
        return " · ".join(f"${in_colours(symbol, colours)}$ {meaning}" for symbol, meaning in self.symbols)

    @property
    def words(self) -> str:
        """All that a search looks through, in lower case."""
        return " ".join((self.title, self.note, self.formula.replace("@", ""), *(meaning for _, meaning in self.symbols))).lower()


W, B, X, Z, A = (r"@W", "weights"), (r"@b", "bias"), (r"@x", "input"), (r"@z", "weighted sum"), (r"@a", "activation, the neuron's output")
T, M, ETA = (r"@theta", "all parameters"), ("m", "number of samples"), (r"@eta", "learning rate")
G, ALPHA = (r"\nabla @C", "gradient of the cost"), (r"@alpha", "learning rate")
