"""How a number is written: one rule for figures, tables and formulas, so that the same value reads the same everywhere.

Minus is U+2212 in text and a hyphen in LaTeX; below 10⁻⁴ and from 10⁴ the exponent is written out.
"""

from __future__ import annotations

import math

MINUS = "\u2212"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _plain(value: float, digits: int) -> str:
    """Significant digits without an exponent where the size allows it; trailing zeros are kept off."""
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-4 or size >= 1e4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def significant(value: float, digits: int = 4) -> str:
    """`value` with that many significant digits, for text: `significant(-0.00894) → '−0.00894'`, `1.234e−5`, `∞`, `not a number`.

    Examples
    --------
    >>> significant(-0.0089421, 3), significant(12345.678), significant(0.5), significant(float("inf"))
    ('−0.00894', '1.235e4', '0.5', '∞')
    """
    value = float(value)
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    return _plain(value, digits).replace("-", MINUS)


def fixed(value: float, decimals: int = 4) -> str:
    """`value` with fixed decimals, for columns whose points stand under each other.

    Very small and very large values take an exponent.

    Examples
    --------
    >>> fixed(-0.04), fixed(0.545, 3), fixed(-0.0), fixed(123456.0, 2), fixed(2e-9)
    ('−0.0400', '0.545', '0.0000', '1.23e5', '2.00e−9')
    """
    value = float(value)
    if not math.isfinite(value):
        return significant(value)
    if value != 0 and (abs(value) >= 1e4 or abs(value) < 0.5 * 10**-decimals):
        mantissa, exponent = f"{value:.{min(decimals, 2)}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    return f"{value + 0.0:.{decimals}f}".replace("-", MINUS)


def signed(value: float, digits: int = 3) -> str:
    """Significant digits with the sign always there, for weights on edges.

    Examples
    --------
    >>> signed(0.2), signed(-0.3), signed(0.0)
    ('+0.2', '−0.3', '0')
    """
    text = significant(value, digits)
    return "+" + text if float(value) > 0 else text


def latex(value: float, digits: int = 4, brackets: bool = False) -> str:
    r"""`value` in LaTeX with that many significant digits; a negative one in brackets where it follows an operator.

    Examples
    --------
    >>> latex(-0.3, brackets=True), latex(1.5e-7), latex(float("-inf"))
    ('(-0.3)', '1.5\\cdot10^{-7}', '-\\infty')
    """
    value = float(value)
    if math.isnan(value):
        return r"\text{not a number}"
    if math.isinf(value):
        text = r"\infty" if value > 0 else r"-\infty"
    else:
        text = _plain(value, digits)
        if "e" in text:
            mantissa, exponent = text.split("e")
            mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
            text = rf"{mantissa}\cdot10^{{{exponent}}}"
    return f"({text})" if brackets and text.startswith("-") else text


def power_of_ten(exponent: int) -> str:
    """`10⁻²` in Unicode for the ticks of a log axis; `1` for 10⁰, `10` for 10¹.

    Examples
    --------
    >>> power_of_ten(-2), power_of_ten(0), power_of_ten(1)
    ('10⁻²', '1', '10')
    """
    if exponent in (0, 1):
        return ("1", "10")[exponent]
    return "10" + str(exponent).translate(SUPERSCRIPTS)
