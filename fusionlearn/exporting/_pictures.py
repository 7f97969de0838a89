"""Pictures on their way through a graph."""

from .._compat import import_keras
from ._resize import resize


class Pictures:
    """Pixels of a batch, and what was made of them already.

    Whatever is asked for twice is computed once: members of a fusion share it.

    Parameters
    ----------
    pixels : keras.KerasTensor of shape (n, height, width, n_channels)
        Whole numbers in 0-255, float32; one channel, or RGB.
    """

    def __init__(self, pixels):
        self._pixels = pixels
        self._made = {}

    def at(self, size):
        """Give RGB pixels, stretched to a size."""
        return self.once(("at", size), self._resized, size)

    def grey(self):
        """Give the pictures in grey, by the integers of Pillow's ``L``."""
        return self.once("grey", self._grey)

    def mirrored(self):
        """Give the pictures turned left to right."""
        return self.once("mirrored", self._mirrored)

    def once(self, key, make, *args):
        """Make something of the pictures, or give what was made under the same key."""
        if key not in self._made:
            self._made[key] = make(*args)
        return self._made[key]

    def _resized(self, size):
        pixels = resize(self._pixels, size)
        if pixels.shape[-1] == 3:
            return pixels
        return import_keras().ops.concatenate([pixels] * 3, axis=-1)

    def _grey(self):
        if self._pixels.shape[-1] == 1:
            return self
        red, green, blue = (self._pixels[..., channel : channel + 1] for channel in range(3))
        total = red * 19595.0 + green * 38470.0 + blue * 7471.0 + 32768.0
        return Pictures(import_keras().ops.floor(total / 65536.0))

    def _mirrored(self):
        return Pictures(import_keras().ops.flip(self._pixels, axis=2))
