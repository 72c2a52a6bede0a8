"""Pictures that trainings are looked at with."""

from __future__ import annotations

import functools
import io
from typing import Any

from nn.extras import require
from nn.optim.lr_scheduler import RangeTest


def new_figure(width: float, height: float) -> Any:
    """Return an empty matplotlib figure of a size in inches, which notebooks show even without pyplot.

    Raises:
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> new_figure(4, 3)._repr_png_()[1:4]
    b'PNG'
    """
    return _figure_class()(figsize=(width, height), layout="constrained")


@functools.cache
def _figure_class() -> Any:
    figure = require("matplotlib.figure", "plot").Figure

    class Figure(figure):  # type: ignore[misc, valid-type]
        """A figure that no window belongs to."""

        def _repr_png_(self) -> bytes:
            picture = io.BytesIO()
            self.savefig(picture, format="png")
            return picture.getvalue()

    return Figure


def plot_range_test(found: RangeTest) -> Any:
    """Return a matplotlib figure of a learning-rate range test: the loss over the rate, and the suggested rate.

    Args:
        found: what `nn.optim.lr_scheduler.lr_range_test` returned.

    Raises:
        ImportError: when matplotlib is not installed (extra `plot`).

    >>> figure = plot_range_test(RangeTest([0.01, 0.1, 1.0], [2.0, 1.0, 5.0], 0.05))
    >>> figure.axes[0].get_xscale(), len(figure.axes[0].lines)
    ('log', 2)
    """
    figure = new_figure(5.5, 3.6)
    axes = figure.subplots()
    axes.plot(found.lrs, found.losses)
    if found.suggestion is not None:
        axes.axvline(found.suggestion, color="C1", linestyle="--", label=f"suggested: {found.suggestion:.2g}")
        axes.legend(frameon=False)
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss", title="learning-rate range test")
    low, high = min(found.losses), found.losses[0]
    margin = (high - low) or 1.0  # what the losses at the end, where training diverges, have no place in
    axes.set_ylim(low - 0.1 * margin, high + margin)
    axes.grid(alpha=0.3)
    return figure
