from __future__ import annotations

import numpy as np
from matplotlib.text import Text

from cellwright.benchmarks.charts.histogram import error_histogram


def test_a_histogram_says_how_many_and_where_the_middle_of_them_lies() -> None:
    errors = np.concatenate([np.linspace(-1, 1, 2000), [9.0]])
    figure = error_histogram(errors, title="All but one are within 1 mm", label="error, mm", limit=1.0)
    words = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "All but one are within 1 mm" in words
    assert "error, mm; n = 2,001; 1 outside the chart" in words
    assert "95 % of them, −0.95 to +0.95; dashed: limits, ±1" in words
