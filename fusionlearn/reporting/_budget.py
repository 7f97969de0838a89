"""A page that stays small, whatever is shown."""

from dataclasses import replace

from ._blocks import Drawing, Gallery, Text

MAX_BYTES = 5_000_000
# For text, tables and style.
_RESERVE = 500_000
_LEFT_OUT = "What stood here would have made the page larger than 5 MB."


def keep_small(sections):
    """Leave out the largest figures and galleries until the page is small.

    Parameters
    ----------
    sections : list of Section
        All.

    Returns
    -------
    sections : list of Section
        The same, with a sentence in the place of each block that is left out.
    """
    sizes = {
        (i, j): _size(block)
        for i, section in enumerate(sections)
        for j, block in enumerate(section.blocks)
    }
    left_out = set()
    while sum(sizes.values()) > MAX_BYTES - _RESERVE:
        largest = max(sizes, key=sizes.get)
        left_out.add(largest)
        sizes[largest] = 0
    return [
        replace(
            section,
            blocks=tuple(
                Text(_LEFT_OUT) if (i, j) in left_out else block
                for j, block in enumerate(section.blocks)
            ),
        )
        for i, section in enumerate(sections)
    ]


def _size(block):
    if isinstance(block, Drawing):
        return len(block.svg.encode())
    if isinstance(block, Gallery):
        return sum(len(picture.uri or "") for picture in block.pictures)
    return 0
