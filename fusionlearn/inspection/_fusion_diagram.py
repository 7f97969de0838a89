"""What an estimator is made of, as a diagram."""

from ._blocks import Drawing
from ._composition import read_composition
from ._figures import FigureMixin, check_matplotlib

_WIDEST = 9.0  # inches; what is wider goes down rather than to the right
_MARGIN = 0.02  # inches, as the next one
_LAYOUT = 0.0417  # what constrained layout leaves free at each side


class FusionDiagramDisplay(FigureMixin):
    """The way from pictures over networks and their fusion to a class.

    Make it by :meth:`from_estimator`. It takes any composition of this library's and
    scikit-learn's estimators: pipelines, fusions, column transformers, votes, stacks,
    augmentation, searches, calibration. Nothing is loaded or run for it, so it shows
    numbers of features where the table of networks or a fit knows them.

    Networks are blue and square, fusions orange with a thick, round frame, classifiers
    green with a thick, square one. Parts that are "drop" stay visible, and lead nowhere.
    What stands around others, such as a search, is a dotted frame with its name.

    Parameters
    ----------
    composition : object
        What :meth:`from_estimator` read off the estimator.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.

    figure_ : matplotlib Figure
        The figure.

    boxes_ : list of matplotlib FancyBboxPatch
        The parts.

    frames_ : list of matplotlib FancyBboxPatch
        What stands around parts.

    arrows_ : list of matplotlib FancyArrowPatch
        The ways between parts.

    See Also
    --------
    ConcatFusion : Fuses features.
    MajorityVoteFusion : Fuses decisions.

    Notes
    -----
    What is too wide to be read from left to right is drawn from top to bottom. A member of
    a fusion stands under its own name, with the network's below it where that is another.

    Examples
    --------
    >>> from fusionlearn.inspection import FusionDiagramDisplay
    >>> from fusionlearn.presets import covid_ct
    >>> display = FusionDiagramDisplay.from_estimator(covid_ct(backbones=["ResNet50", "VGG19"]))
    >>> print(*(text.get_text() for text in display.ax_.texts[:3]), sep=", ")
    pictures, AugmentedClassifier: n_copies=2, ResNet50
    """

    def __init__(self, composition):
        self.composition = composition

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Draw what an estimator is made of.

        Parameters
        ----------
        estimator : estimator object
            A classifier or a transformer, fitted or not.

        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        display : FusionDiagramDisplay
            The drawn display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.

        TypeError
            If it is no estimator.
        """
        return cls(read_composition(estimator)).plot(ax)

    def plot(self, ax=None):
        """Draw the diagram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw into. None makes a figure.

        Returns
        -------
        self : FusionDiagramDisplay
            The display, with its attributes set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib(type(self).__name__)  # letters are measured with it
        drawing = Drawing(self.composition)
        if drawing.width > _WIDEST:
            drawing = min(
                (drawing, Drawing(self.composition, is_vertical=True)),
                key=lambda candidate: candidate.width,
            )
        width, height = drawing.width + 2 * _MARGIN, drawing.height + 2 * _MARGIN
        is_own = ax is None
        ax = self._make_axes(ax, width + 2 * _LAYOUT, height + 2 * _LAYOUT)
        # Letters cannot grow and shrink with axes that somebody else has made.
        place = ax.get_window_extent()
        dpi = self.figure_.get_dpi()
        scale = 1.0 if is_own else min(place.width / width, place.height / height) / dpi
        ax.set_xlim(-_MARGIN, drawing.width + _MARGIN)
        ax.set_ylim(drawing.height + _MARGIN, -_MARGIN)
        ax.set_aspect("equal")
        ax.set_axis_off()
        drawing.draw(ax, scale)
        self.boxes_, self.frames_ = drawing.boxes, drawing.frames
        self.arrows_ = drawing.arrows
        return self
