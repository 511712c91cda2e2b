"""Where a typed formula goes wrong: the text, and under it a caret at the place."""

from __future__ import annotations

from nnviz.core.grammar import ExpressionError

SHOWN = 56  # characters of the text around the place


def marked(error: ExpressionError, shown: int = SHOWN) -> str:
    r"""The text around the place of the mistake and a line with a caret under it, for a fixed-width font.

    Examples
    --------
    >>> print(marked(ExpressionError("no", "z +* 2", 3)))
    z +* 2
       ^
    """
    text, place = error.text, min(error.position, len(error.text))
    start = max(0, min(place - shown // 2, len(text) - shown))
    before, after = "…" * (start > 0), "…" * (start + shown < len(text))
    line = "".join(character if character.isprintable() else " " for character in text[start : start + shown])
    return f"{before}{line}{after}\n{' ' * (len(before) + place - start)}^"
