"""Pictures beside the evidence in them."""

import numpy as np

from ._augmentation import _shape
from ._explain import explain
from ._explanation import UNITS
from ._figures import FigureMixin, check_matplotlib

_CELL = 1.6  # inches
_GAP = 0.06  # of a cell
_TEXT = 0.16  # of a cell, below each map
# Where evidence is strongest, the picture still shines through.
_MOST_COVER = 0.75
_CONTOURS = (0.25, 0.5)
_CLIP = 99  # percent of the pixels of each map that lie within the scale
_COLORMAP = "inferno"


class ExplanationDisplay(FigureMixin):
    """Pictures, the evidence in each, and that of each network.

    Make it by :meth:`from_estimator`. Each row has a picture, the evidence of the whole
    laid over it, and that of each network with its share. All maps of a figure have one
    scale; its end is passed by at most one pixel in a hundred of any map. Two contours, at a
    quarter and at half of it, also survive a print in black and white.

    Parameters
    ----------
    explanations : list of Explanation
        As :func:`~fusionlearn.inspection.explain` gives them, of one method.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with all pictures.

    figure_ : matplotlib Figure
        The figure.

    images_ : ndarray of shape (n_pictures, 2 + n_networks), dtype object
        The matplotlib artist of each picture and each map.

    colorbar_ : matplotlib Colorbar
        The scale of all maps.

    See Also
    --------
    explain : Makes explanations.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import BackboneFeatureExtractor
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> from fusionlearn.inspection import ExplanationDisplay
    >>> ct = make_ct_phantoms(n_samples=12, image_size=48)
    >>> network = BackboneFeatureExtractor(
    ...     "MobileNet", weights=None, input_size=32, layers=0.1
    ... )
    >>> model = make_pipeline(network, LogisticRegression()).fit(ct.data, ct.target)
    >>> display = ExplanationDisplay.from_estimator(model, ct.data[:2])
    >>> display.images_.shape
    (2, 2)
    """

    def __init__(self, explanations):
        self.explanations = explanations

    @classmethod
    def from_estimator(cls, estimator, X, *, method="gradcam", target=None, verbose=0, ax=None):
        """Explain decisions, and draw the explanations.

        Parameters
        ----------
        estimator : classifier of pictures
            Fitted, with ``predict_proba``.

        X : array-like of pictures, of shape (n_samples,)
            As for :func:`~fusionlearn.check_images`; all are shown.

        method : {"gradcam", "occlusion"}, default="gradcam"
            As for :func:`~fusionlearn.inspection.explain`.

        target : object, default=None
            The class whose evidence is shown. None: for each picture the one that is
            predicted.

        verbose : int, default=0
            1 shows a progress bar of the pictures.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : ExplanationDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            As for :func:`~fusionlearn.inspection.explain`.
        """
        check_matplotlib(cls.__name__)
        found = explain(estimator, X, method=method, target=target, verbose=verbose)
        return cls(found).plot(ax)

    def plot(self, ax=None):
        """Draw the pictures and the maps.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : ExplanationDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        ValueError
            If there is no explanation, or they are of both methods.
        """
        method = self._method()
        names = list(dict.fromkeys(name for one in self.explanations for name in one.networks))
        # One network is the whole.
        names = names if len(names) > 1 else []
        titles = ["picture", "all networks" if names else "evidence", *names]
        heights = [_shape(one.picture)[0] for one in self.explanations]
        tops = np.concatenate([[0], np.cumsum(np.add(heights, _GAP + _TEXT))])
        ax = self._make_axes(ax, 2.6 + _CELL * len(titles), 0.5 + _CELL * tops[-1])
        maps = [values for one in self.explanations for values in _maps(one, names)]
        # A few hot pixels, often in a corner, do not make all the rest look empty.
        largest = max(float(np.percentile(values, _CLIP)) for values in maps)
        self._scale = largest if largest > 0 else 1.0
        is_clipped = max(float(values.max()) for values in maps) > self._scale
        self.images_ = np.full((len(self.explanations), len(titles)), None, dtype=object)
        for i, one in enumerate(self.explanations):
            height, width = _shape(one.picture)
            for j in range(len(titles)):
                left = j * (1 + _GAP) + (1 - width) / 2
                extent = (left, left + width, tops[i] + height, tops[i])
                self.images_[i, j] = ax.imshow(one.picture, extent=extent)
                if j == 0:
                    continue
                name = titles[j] if j > 1 else None
                if name is not None and name not in one.networks:
                    continue
                values = one.heat_map if name is None else one.networks[name]
                self.images_[i, j] = self._lay(ax, values, extent)
                words = [] if name is None else [f"share {one.shares[name]:.0%}"]
                # An unmarked picture would read as one that was not explained.
                words += [] if values.any() else ["empty"]
                if words:
                    ax.text(
                        left + width / 2,
                        tops[i] + height + 0.03,
                        ", ".join(words),
                        ha="center",
                        va="top",
                        fontsize="small",
                    )
        centres = [j * (1 + _GAP) + 0.5 for j in range(len(titles))]
        ax.set_xlim(0, centres[-1] + 0.5)
        ax.set_ylim(tops[-1] - _GAP, 0)
        ax.set_xticks(centres, labels=[title.replace(" / ", "\n") for title in titles])
        ax.set_yticks(
            [top + height / 2 for top, height in zip(tops, heights, strict=False)],
            labels=[_in_words(one) for one in self.explanations],
        )
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
        ax.spines[:].set_visible(False)
        self.colorbar_ = self._draw_scale(ax, method, is_clipped)
        return self

    def _method(self):
        methods = {one.method for one in self.explanations}
        if len(methods) != 1:
            raise ValueError(
                f"explanations has {len(self.explanations)} entries of the methods "
                f"{sorted(methods)}; wanted one or more, of one method."
            )
        return methods.pop()

    def _lay(self, ax, values, extent):
        """Lay a map over a picture: the more evidence, the less of the picture is seen."""
        from matplotlib import patheffects

        share = np.clip(values / self._scale, 0, 1)
        image = ax.imshow(
            values,
            extent=extent,
            cmap=_COLORMAP,
            vmin=0,
            vmax=self._scale,
            alpha=_MOST_COVER * np.sqrt(share),
        )
        left, right, bottom, top = extent
        height, width = values.shape
        levels = [level for level in _CONTOURS if values.min() < level * self._scale < values.max()]
        if levels:
            lines = ax.contour(
                left + (np.arange(width) + 0.5) / width * (right - left),
                top + (np.arange(height) + 0.5) / height * (bottom - top),
                share,
                levels=levels,
                colors="white",
                linewidths=[1.2 if level == _CONTOURS[-1] else 0.6 for level in levels],
            )
            # Dark and light, so that one of them differs from any grey below.
            lines.set_path_effects(
                [patheffects.Stroke(linewidth=2.2, foreground="black"), patheffects.Normal()]
            )
        return image

    def _draw_scale(self, ax, method, is_clipped):
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        mappable = ScalarMappable(Normalize(0, self._scale), cmap=_COLORMAP)
        bar = self.figure_.colorbar(
            mappable,
            ax=ax,
            shrink=0.8,
            aspect=24,
            pad=0.02,
            extend="max" if is_clipped else "neither",
        )
        if len(self.explanations) > 1:
            bar.set_label(f"evidence ({UNITS[method]})")
        else:  # a line of it would be longer than the picture is high
            bar.set_label(f"evidence\n({UNITS[method]})", fontsize="small")
        bar.outline.set_visible(False)
        for level in _CONTOURS:
            bar.ax.axhline(level * self._scale, color="white", linewidth=0.8)
        return bar


def _maps(explanation, names):
    return [
        explanation.heat_map,
        *(explanation.networks[name] for name in names if name in explanation.networks),
    ]


def _in_words(explanation):
    target, prediction = explanation.target, explanation.prediction
    lines = [f"predicted: {prediction}", f"probability of\n{target}: {explanation.probability:.2f}"]
    if target != prediction:
        lines.append(f"evidence for {target}")
    return "\n".join(lines)
