"""How training went."""

from collections.abc import Mapping

from sklearn.utils._param_validation import StrOptions, validate_params

from ._figures import BLUE, VERMILION, FigureMixin, ink, strip_axes
from ._inside import path_to

_METRICS = {"accuracy": "Accuracy", "loss": "Loss (cross-entropy)"}
_WANTED = (
    "has no history; wanted a fitted FineTuneClassifier, alone, at the end of a Pipeline, or in an "
    "AugmentedClassifier or a search. Pass a member of a fusion or an ensemble by itself."
)


class HistoryDisplay(FigureMixin):
    """Accuracy or loss in training and validation, epoch by epoch.

    Make it by :meth:`from_estimator` or :meth:`from_history`; both draw one metric, and
    :meth:`plot` draws the other.

    Parameters
    ----------
    history : dict of str to list of float
        ``loss`` and ``accuracy`` of each epoch, and ``val_loss`` and ``val_accuracy`` if
        pictures were held out.

    best_epoch : int or None, default=None
        The epoch, counted from 0, whose weights were kept. None marks none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    lines_ : list of matplotlib Line2D
        The curve of the training, and that of the validation if there is one.

    best_ : matplotlib PathCollection or None
        The mark of the best epoch.

    See Also
    --------
    FineTuneClassifier : Keeps the history of its training.

    Examples
    --------
    >>> from fusionlearn.inspection import HistoryDisplay
    >>> history = {"loss": [0.7, 0.5, 0.4], "val_loss": [0.7, 0.6, 0.65]}
    >>> display = HistoryDisplay.from_history(history, best_epoch=1, metric="loss")
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation']
    """

    def __init__(self, history, *, best_epoch=None):
        self.history = history
        self.best_epoch = best_epoch

    @classmethod
    def from_estimator(cls, estimator, *, metric="accuracy", ax=None):
        """Draw the history of a fitted estimator.

        Parameters
        ----------
        estimator : estimator object
            A fitted :class:`~fusionlearn.FineTuneClassifier`, or a Pipeline that ends in
            one, an AugmentedClassifier or a search around either.

        metric : {"accuracy", "loss"}, default="accuracy"
            What to draw.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : HistoryDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        NotFittedError
            If the estimator is not fitted.

        TypeError
            If there is no estimator with a history in it.
        """
        found = path_to(estimator, lambda inner: hasattr(inner, "history_"), wanted=_WANTED)[-1]
        # Without validation, or without early stopping, the last epoch's weights are kept.
        keeps_best = "val_loss" in found.history_ and getattr(found, "early_stopping", True)
        best_epoch = getattr(found, "best_epoch_", None) if keeps_best else None
        return cls(found.history_, best_epoch=best_epoch).plot(metric, ax=ax)

    @classmethod
    def from_history(cls, history, *, best_epoch=None, metric="accuracy", ax=None):
        """Draw a history that is at hand.

        Parameters
        ----------
        history : dict of str to list of float
            As the parameter of the class; that of a Keras ``History`` will do.

        best_epoch : int or None, default=None
            The epoch, counted from 0, whose weights were kept.

        metric : {"accuracy", "loss"}, default="accuracy"
            What to draw.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : HistoryDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        TypeError
            If the history is no dict.

        ValueError
            If the history lacks the metric, or the best epoch is none of its epochs.
        """
        return cls(history, best_epoch=best_epoch).plot(metric, ax=ax)

    @validate_params(
        {"metric": [StrOptions(set(_METRICS))]},
        prefer_skip_nested_validation=True,
    )
    def plot(self, metric="accuracy", ax=None):
        """Draw one metric.

        Parameters
        ----------
        metric : {"accuracy", "loss"}, default="accuracy"
            What to draw.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : HistoryDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        TypeError
            If the history is no dict.

        ValueError
            If the history lacks the metric, or the best epoch is none of its epochs.
        """
        curves = self._curves(metric)
        ax = self._make_axes(ax, 4.8, 3.2)
        self.lines_ = []
        # The dashes tell the curves apart where colour cannot.
        styles = {"training": (BLUE, "--"), "validation": (VERMILION, "-")}
        for label, values in curves.items():
            color, dashes = styles[label]
            marker = "o" if len(values) == 1 else None
            epochs = range(1, len(values) + 1)
            self.lines_ += ax.plot(
                epochs, values, color=color, linestyle=dashes, marker=marker, label=label
            )
        self.best_ = None
        if self.best_epoch is not None:
            label, values = list(curves.items())[-1]
            value = values[self.best_epoch]
            self.best_ = ax.scatter(
                [self.best_epoch + 1],
                [value],
                s=42,
                color=styles[label][0],
                zorder=3,
                label=f"best epoch: {self.best_epoch + 1} ({value:.3f})",
            )
        ax.set_xlabel("Epoch")
        ax.set_ylabel(_METRICS[metric])
        ax.set_title(f"{metric.capitalize()} per epoch", loc="left")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.margins(x=0.02)
        if len(self.history[metric]) == 1:  # room for no other epoch
            ax.set_xlim(0.5, 1.5)
            ax.set_xticks([1])
        if metric == "accuracy":
            bottom, top = ax.get_ylim()
            ax.set_ylim(top=min(top, 1 + 0.02 * (1 - bottom)))
        ax.grid(axis="y", color=ink(), alpha=0.12, linewidth=0.8)
        ax.set_axisbelow(True)
        strip_axes(ax)
        ax.legend(frameon=False)
        return self

    def _curves(self, metric):
        if not isinstance(self.history, Mapping):
            raise TypeError(
                f"history is a {type(self.history).__name__}; wanted a dict with a list of numbers "
                "for each name, such as the attribute history of what Keras' fit returns."
            )
        if metric not in self.history:
            raise ValueError(
                f"The history has {sorted(self.history)}; wanted {metric!r}. Pass the history of a "
                "fitted FineTuneClassifier, or another metric."
            )
        names = {"training": metric, "validation": f"val_{metric}"}
        curves = {
            label: [float(value) for value in self.history[name]]
            for label, name in names.items()
            if name in self.history
        }
        n_epochs = {len(values) for values in curves.values()}
        if len(n_epochs) > 1 or 0 in n_epochs:
            raise ValueError(
                f"The history has {sorted(n_epochs)} epochs; wanted one value for each epoch in "
                "every list."
            )
        last = n_epochs.pop() - 1
        if self.best_epoch is not None and not 0 <= self.best_epoch <= last:
            raise ValueError(
                f"best_epoch={self.best_epoch}: wanted an epoch from 0 to {last}, since they are "
                "counted from 0."
            )
        return curves
