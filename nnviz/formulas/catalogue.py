r"""The catalogue of formulas: grouped and searchable. To add one, write an `Entry` into the group it belongs to.

What another module knows already (activations, losses, the rules of optimisers) is taken from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from nnviz.formulas.entries_architectures import CONVOLUTION, COST, RECURRENT
from nnviz.formulas.entries_learning import LANDSCAPE, OPTIMIZER, STABILITY
from nnviz.formulas.entries_network import ACTIVATION, BACKPROPAGATION, EXAMPLE, LOSS, NETWORK
from nnviz.formulas.entry import Entry

CATALOGUE: dict[str, Sequence[Entry]] = {
    "Network": NETWORK,
    "Activations": ACTIVATION,
    "Losses": LOSS,
    "Backpropagation": BACKPROPAGATION,
    "Optimisers": OPTIMIZER,
    "Landscapes and maps": LANDSCAPE,
    "Worked example": EXAMPLE,
    "Stability": STABILITY,
    "Convolution": CONVOLUTION,
    "Recurrent": RECURRENT,
    "Cost of computation": COST,
}


def of_page(page: str) -> list[tuple[str, int, Entry]]:
    """The formulas that can be played with on a page: their group, their place in it, and they themselves."""
    return [(group, place, entry) for group, entries in CATALOGUE.items() for place, entry in enumerate(entries) if entry.page == page]


@lru_cache(maxsize=1)
def _all_words() -> list[tuple[str, Entry, str]]:
    return [(group, entry, f"{group.lower()} {entry.words}") for group, entries in CATALOGUE.items() for entry in entries]


def search(text: str) -> list[tuple[str, Entry]]:
    """The formulas in which every word of the text occurs, with their groups; those with a word in their title first.

    Examples
    --------
    >>> [entry.title for _, entry in search("spectral radius")][:1]
    ['Spectral radius']
    """
    words = text.lower().split()
    found = [(group, entry) for group, entry, known in _all_words() if all(word in known for word in words)]
    return sorted(found, key=lambda pair: not any(word in pair[1].title.lower() for word in words))
