"""How a DICOM file becomes a picture: which values are shown, and which frame."""

import hashlib
from dataclasses import dataclass
from numbers import Integral, Real

# Centre and width in Hounsfield units, as radiologists set them for CT.
CT_WINDOWS = {
    "bone": (400.0, 1800.0),
    "brain": (40.0, 80.0),
    "lung": (-600.0, 1500.0),
    "mediastinum": (50.0, 350.0),
}


@dataclass(frozen=True, slots=True)
class Rendering:
    """What is shown of a DICOM file; with all defaults, of any file what it says itself.

    Parameters
    ----------
    window : tuple of (float, float), str or None, default=None
        Centre and width, a name of ``CT_WINDOWS``, or "full".

    frame : int or None, default=None
        Number of the frame, from 0.
    """

    window: tuple | str | None = None
    frame: int | None = None

    @classmethod
    def from_flat(cls, window="", frame=-1):
        """Make it again from what ``flat`` gave."""
        if ":" in window:
            window = tuple(float(number) for number in window.split(":"))
        return cls(window or None, None if frame < 0 else frame)

    def flat(self):
        """A string and a number from which it can be made again; nothing for the defaults."""
        if self == AS_STORED:
            return ()
        window = self.window or ""
        if isinstance(window, tuple):
            window = ":".join(map(repr, window))
        return window, -1 if self.frame is None else self.frame

    def digest(self, content):
        """Digest of what is shown of a file; that of the file itself with all defaults."""
        if self == AS_STORED:
            return content
        window, frame = self.flat()
        if window in CT_WINDOWS:
            window = ":".join(map(repr, CT_WINDOWS[window]))
        return hashlib.sha256(f"dicom-1\0{content}\0{window}\0{frame}".encode()).hexdigest()


AS_STORED = Rendering()


def check_window(window):
    """Bring a window into its one form.

    Parameters
    ----------
    window : tuple of (float, float), str or None
        As the user gave it.

    Returns
    -------
    window : tuple of (float, float), str or None
        The same, in Python's numbers.

    Raises
    ------
    ValueError
        If it is no window.
    """
    if window is None or (isinstance(window, str) and window in ("full", *CT_WINDOWS)):
        return window
    if isinstance(window, (tuple, list)) and len(window) == 2:
        numbers = [isinstance(n, (Real, Integral)) and not isinstance(n, bool) for n in window]
        if all(numbers):
            center, width = (float(number) for number in window)
            if abs(center) < 1e9 and 0 < width < 1e9:
                return center, width
    names = ", ".join(map(repr, ("full", *CT_WINDOWS)))
    raise ValueError(
        f"window={window!r}: wanted None, a tuple (center, width) with a width above 0, or one of "
        f"{names}."
    )
