"""What all displays share: axes without global state, and colours."""

import functools

# Okabe and Ito's colours, which people with any colour vision can tell apart; their
# brightness differs too, so that they survive a black and white print.
COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
    "#000000",
)
BLUE, VERMILION = COLORS[0], COLORS[3]


class FigureMixin:
    """Mixin of displays: makes the figure, and shows it in notebooks.

    What ``plot`` writes is text as it is, also where a label has dollar signs: no formula.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "plot" in vars(cls):
            cls.plot = _without_formulas(cls.plot)

    def _repr_png_(self):
        # Figures that pyplot knows are shown by the notebook itself.
        figure = getattr(self, "figure_", None)
        if figure is None or hasattr(figure, "number"):
            return None
        import io

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        return buffer.getvalue()

    def _make_axes(self, ax, width, height):
        """Give back ``ax``, or the axes of a new figure of that many inches."""
        check_matplotlib(type(self).__name__)
        if ax is None:
            from matplotlib.figure import Figure

            # Not pyplot's: that would keep the figure alive and choose a window system.
            ax = Figure(figsize=(width, height), dpi=150, layout="constrained").subplots()
        elif not hasattr(ax, "get_figure"):
            raise TypeError(f"ax is a {type(ax).__name__}; wanted matplotlib axes, or None.")
        self.ax_ = ax
        self.figure_ = ax.get_figure()
        self._texts_before = _texts(self.figure_)
        return ax


def _without_formulas(plot):
    """Let what a method writes into its figure be drawn letter by letter."""

    @functools.wraps(plot)
    def plot_plainly(self, *args, **kwargs):
        result = plot(self, *args, **kwargs)
        for text, content in _texts(self.figure_).items():
            # The caller's own texts in the same figure may be formulas, and so may numbers
            # at ticks, which matplotlib writes later.
            if content and content != self._texts_before.get(text):
                text.set_parse_math(False)
        return result

    return plot_plainly


def _texts(figure):
    """All texts of a figure, also of legends and ticks, and what they say now."""
    from matplotlib.text import Text

    return {text: text.get_text() for text in figure.findobj(Text)}


def check_matplotlib(name):
    """Raise a helpful error if matplotlib is not installed.

    Parameters
    ----------
    name : str
        Who needs it.

    Raises
    ------
    ImportError
        With the command that installs it.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{name} draws with matplotlib, which is not installed. Install it by "
            "pip install 'fusionlearn[plot]'."
        ) from error


def strip_axes(ax):
    """Take away the lines at the top and the right."""
    ax.spines[["top", "right"]].set_visible(False)


def ink():
    """Give the colour of text, which lines and grids share with it on any page."""
    import matplotlib

    return matplotlib.rcParams["text.color"]


def shorten(text, length):
    """Leave out the middle of a text that is longer than that many letters."""
    text = str(text)
    if len(text) <= length:
        return text
    head = (length - 1) * 2 // 3
    return f"{text[:head]}…{text[head + 1 - length :]}"
