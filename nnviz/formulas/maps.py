r"""What the colour of a map over two hyperparameters is."""

from __future__ import annotations

CONVERGENCE = (
    r"v_t=\frac{C_t}{C_0},\qquad \begin{cases}-\sum_t v_t&\overline{v}_{\text{last 20}}<1\\[4pt]"
    r"\ \ \sum_t 1/v_t&\text{otherwise}\end{cases}"
)
