"""What a diagram is made of, and how that is laid out and drawn."""

from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import NamedTuple

from ._figures import BLUE, COLORS, ink, shorten

_ORANGE, _GREEN = COLORS[1], COLORS[2]
# Colour, corners and thickness: a print in black and white keeps the last two.
_LOOKS = {
    "data": (None, "round,pad=0,rounding_size=0.16", 1.0),
    "network": (BLUE, "square,pad=0", 1.2),
    "step": (None, "square,pad=0", 0.8),
    "fusion": (_ORANGE, "round,pad=0,rounding_size=0.16", 1.6),
    "classifier": (_GREEN, "square,pad=0", 1.8),
    "dropped": (None, "square,pad=0", 0.8),
}
_LETTERS = 30
# All in inches.
_TITLE, _TEXT = 7.5 / 72, 6.5 / 72
_LINE = 1.28  # of the size of letters
_PAD = 0.08
_GAP = 0.34  # where arrows are
_ROW = 0.1  # between branches
_FRAME = 0.16
_BUS = 0.3  # inside a frame, where one arrow becomes several
_NOTE = 0.3


@dataclass
class Box:
    """A part that is not taken apart: title, further lines, and number of columns it gives."""

    title: str
    lines: list = field(default_factory=list)
    role: str = "step"
    n_features: int | None = None


@dataclass
class Series:
    """Blocks, each of which takes what the one before gives."""

    blocks: list

    @property
    def n_features(self):
        """Number of columns that the last one gives."""
        return self.blocks[-1].n_features


@dataclass
class Parallel:
    """Blocks that all take the same; a note says what is done with the result of each."""

    blocks: list
    notes: list


@dataclass
class Frame:
    """A block inside something that has a name."""

    title: str
    block: object

    @property
    def n_features(self):
        """Number of columns that the block gives."""
        return self.block.n_features


class _Port(NamedTuple):
    """Where an arrow begins or ends; at a frame it goes on behind it, without a head."""

    along: float
    axis: float
    has_head: bool = True


class Drawing:
    """Lays blocks out along one axis and draws them; all numbers are inches.

    Parameters
    ----------
    block : Box, Series, Parallel or Frame
        What is drawn.

    is_vertical : bool, default=False
        Whether the way goes down rather than to the right.
    """

    def __init__(self, block, is_vertical=False):
        self.block = block
        self.is_vertical = is_vertical
        self.scale = 1.0
        self.boxes, self.frames, self.arrows = [], [], []
        self.length, self._up, self._down = self._size(block)

    @property
    def width(self):
        """Width of all."""
        return self._up + self._down if self.is_vertical else self.length

    @property
    def height(self):
        """Height of all."""
        return self.length if self.is_vertical else self._up + self._down

    def draw(self, ax, scale):
        """Draw all, from (0, 0) at the top left, into axes that show an inch as ``scale``."""
        self.scale = scale
        self._draw(ax, self.block, 0.0, self._up)

    def _size(self, block, lengths=()):
        """Length along the way, and extents to both sides of it.

        ``lengths`` are those of the boxes of a branch, where others stand beside it.
        """
        if isinstance(block, Box):
            width, height = _box_size(block)
            along, across = (height, width) if self.is_vertical else (width, height)
            return (lengths[0] if lengths else along), across / 2, across / 2
        if isinstance(block, Series):
            sizes = [
                self._size(inner, lengths[number : number + 1])
                for number, inner in enumerate(block.blocks)
            ]
            along = sum(size[0] for size in sizes) + _GAP * (len(sizes) - 1)
            return along, max(size[1] for size in sizes), max(size[2] for size in sizes)
        if isinstance(block, Parallel):
            sizes = self._branch_sizes(block)
            across = sum(size[1] + size[2] for size in sizes) + _ROW * (len(sizes) - 1)
            along = max(size[0] for size in sizes) + (_NOTE if any(block.notes) else 0)
            return along, across / 2, across / 2
        along, up, down = self._size(block.block)
        along += self._frame_start(block) + _FRAME
        title = _text_width(block.title, _TEXT) + 2 * _FRAME
        if self.is_vertical:  # the way comes in beside the title
            return along, max(up + _FRAME, title), down + _FRAME
        return max(along, title), up + _TEXT * _LINE + 1.5 * _FRAME, down + _FRAME

    def _frame_start(self, frame):
        title = _TEXT * _LINE if self.is_vertical else 0
        return title + (_BUS if _n_entries(frame.block) > 1 else _FRAME)

    def _lengths(self, block):
        """Lengths of boxes of branches, so that those beside each other are equal."""
        columns = {}
        for inner in block.blocks:
            for number, box in enumerate(_flat(inner)):
                columns.setdefault(number, []).append(self._size(box)[0])
        return [max(columns[number]) for number in range(len(columns))]

    def _branch_sizes(self, block):
        lengths = self._lengths(block)
        return [self._size(inner, lengths if _flat(inner) else ()) for inner in block.blocks]

    def _draw(self, ax, block, start, axis, lengths=()):
        """Draw a block; give back the places where arrows enter and leave it."""
        if isinstance(block, Box):
            return self._draw_box(ax, block, start, axis, lengths)
        if isinstance(block, Series):
            ports = []
            for number, inner in enumerate(block.blocks):
                own = lengths[number : number + 1]
                ports.append(self._draw(ax, inner, start, axis, own))
                start += self._size(inner, own)[0] + _GAP
            for (_, before), (after, _) in pairwise(ports):
                self._connect(ax, before, after)
            return ports[0][0], ports[-1][1]
        if isinstance(block, Parallel):
            return self._draw_branches(ax, block, start, axis)
        along, up, down = self._size(block)
        self._draw_frame(ax, block, start, axis - up, along, up + down)
        first = start + self._frame_start(block)
        entries, exits = self._draw(ax, block.block, first, axis)
        # One way crosses the frame, however many begin behind it.
        way_in, way_out = (_Port(start, axis, False), _Port(start + along, axis, False))
        self._connect(ax, [way_in], entries)
        self._connect(ax, exits, [way_out])
        return [way_in], [way_out]

    def _draw_branches(self, ax, block, start, axis):
        lengths, sizes = self._lengths(block), self._branch_sizes(block)
        longest = max(size[0] for size in sizes)
        place = axis - self._size(block)[1]
        entries, exits = [], []
        for inner, note, (_, up, down) in zip(block.blocks, block.notes, sizes, strict=True):
            own = lengths if _flat(inner) else ()
            enter, leave = self._draw(ax, inner, start, place + up, own)
            entries += enter
            exits += leave
            if note:
                self._draw_note(ax, note, start + longest, place + up)
            place += up + down + _ROW
        return entries, exits

    def _draw_box(self, ax, box, start, axis, lengths):
        from matplotlib.patches import FancyBboxPatch

        along, up, down = self._size(box, lengths)
        left, top, width, height = self._rectangle(start, axis - up, along, up + down)
        color, corners, thick = _LOOKS[box.role]
        dropped = box.role == "dropped"
        patch = FancyBboxPatch(
            (left, top),
            width,
            height,
            boxstyle=corners,
            facecolor=(color, 0.16) if color else "none",
            edgecolor=color or ink(),
            linewidth=thick,
            linestyle=(0, (3, 2)) if dropped else "-",
            alpha=0.55 if dropped else None,
        )
        ax.add_patch(patch)
        self.boxes.append(patch)
        title, *lines = _texts(box)
        heights = [_TITLE * _LINE, *(_TEXT * _LINE for _ in lines)]
        place = top + (height - sum(heights)) / 2
        for text, tall in zip((title, *lines), heights, strict=True):
            ax.text(
                left + width / 2,
                place + tall / 2,
                text,
                ha="center",
                va="center",
                fontsize=self._points(_TITLE if text is title else _TEXT),
                fontweight="bold" if text is title else "normal",
                alpha=0.6 if dropped else None,
            )
            place += tall
        if dropped:
            return [], []
        return [_Port(start, axis)], [_Port(start + along, axis)]

    def _draw_frame(self, ax, frame, start, place, along, across):
        from matplotlib.patches import FancyBboxPatch

        left, top, width, height = self._rectangle(start, place, along, across)
        patch = FancyBboxPatch(
            (left, top),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="none",
            edgecolor=(ink(), 0.55),
            linewidth=0.8,
            linestyle=(0, (1, 1.5)),
        )
        ax.add_patch(patch)
        self.frames.append(patch)
        ax.text(
            left + 0.06,
            top + 0.04,
            frame.title,
            ha="left",
            va="top",
            fontsize=self._points(_TEXT),
        )

    def _draw_note(self, ax, note, along, axis):
        x, y = self._point(along + 0.04, axis - (0 if self.is_vertical else 0.025))
        ax.text(
            x + (0.04 if self.is_vertical else 0),
            y,
            note,
            ha="left",
            va="top" if self.is_vertical else "bottom",
            fontsize=self._points(_TEXT),
        )

    def _connect(self, ax, before, after):
        """Draw an arrow from each exit to each entry, in lines that meet at one place."""
        from matplotlib.patches import FancyArrowPatch
        from matplotlib.path import Path

        if not (before and after):  # all members are dropped
            return
        middle = min(port.along for port in after) - _GAP * 0.55
        if len(after) > 1:
            middle = (middle + before[0].along + _GAP * 0.45) / 2
        for port, target in product(before, after):
            corners = [(port.along, port.axis), (target.along, target.axis)]
            if port.axis != target.axis:
                corners[1:1] = [(middle, port.axis), (middle, target.axis)]
            arrow = FancyArrowPatch(
                path=Path([self._point(*corner) for corner in corners]),
                arrowstyle="-|>,head_length=3.2,head_width=1.6" if target.has_head else "-",
                color=ink(),
                linewidth=0.8,
                joinstyle="miter",
                capstyle="butt",
            )
            ax.add_patch(arrow)
            self.arrows.append(arrow)

    def _points(self, inches):
        return 72 * self.scale * inches

    def _point(self, along, axis):
        return (axis, along) if self.is_vertical else (along, axis)

    def _rectangle(self, start, place, along, across):
        left, top = self._point(start, place)
        return (left, top, across, along) if self.is_vertical else (left, top, along, across)


def _texts(box):
    lines = [shorten(text, _LETTERS) for text in (box.title, *box.lines)]
    if box.n_features is not None and box.role != "step":
        lines.append(f"{box.n_features:,} features")
    return lines


def _box_size(box):
    title, *lines = _texts(box)
    widths = [_text_width(title, _TITLE, "bold"), *(_text_width(text, _TEXT) for text in lines)]
    height = _TITLE * _LINE + len(lines) * _TEXT * _LINE
    return max(widths) + 2 * _PAD, height + 2 * _PAD


def _text_width(text, size, weight="normal"):
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    letters = FontProperties(size=72 * size, weight=weight)
    return text_to_path.get_text_width_height_descent(text, letters, ismath=False)[0] / 72


def _flat(block):
    """The boxes of a branch that is one box or a row of them; otherwise none."""
    blocks = block.blocks if isinstance(block, Series) else [block]
    return blocks if all(isinstance(inner, Box) for inner in blocks) else []


def _n_entries(block):
    """Number of arrows that go into a block."""
    if isinstance(block, Series):
        return _n_entries(block.blocks[0])
    if isinstance(block, Parallel):
        return sum(_n_entries(inner) for inner in block.blocks)
    return int(not (isinstance(block, Box) and block.role == "dropped"))
