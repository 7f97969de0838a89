"""From pixels to what a network in a file takes, and from what it gives to features."""

import numpy as np

from ..exceptions import BackboneError
from ._file_encoder import check_axes
from ._pixel_model import MEAN, SCALE


class FileForm:
    """The form in which a network in a file takes pixels and gives features.

    Parameters
    ----------
    network : Network
        A network that is a registered file.

    Attributes
    ----------
    batch_size : int or None
        Pictures that enter together, where the file takes no other number of them.
    """

    def __init__(self, network):
        self._encoder = network.backbone.builder
        self._pooling = network.pooling
        self._size = network.input_size
        self._is_reversed = network.backbone.preprocessing == "caffe"
        self._mean, self._scale = _normalization(network.backbone, self._encoder)
        self.batch_size = self._encoder.input.shape[0]

    def shape(self, n_pictures):
        """Shape of the input.

        Parameters
        ----------
        n_pictures : int
            Length of a batch.

        Returns
        -------
        shape : list of int
            Lengths of the four axes.
        """
        lengths = dict(
            zip("NCHW", (n_pictures, self._encoder.n_channels, *self._size), strict=True)
        )
        return [lengths[axis] for axis in self._encoder.layout]

    def enter(self, pictures):
        """Make of pixels what the network takes.

        Parameters
        ----------
        pictures : ndarray of shape (n, height, width, 3), uint8
            RGB pictures; left as they are.

        Returns
        -------
        pixels : ndarray of four axes
            In an array without gaps.
        """
        pixels = pictures
        if self._encoder.input.type != "uint8":
            pixels = pixels.astype(np.float32)
            if self._is_reversed:
                pixels = pixels[..., ::-1]
        if self._encoder.n_channels == 1:
            pixels = pixels.mean(axis=3, keepdims=True, dtype=np.float32)
        if self._mean is not None:
            pixels = (pixels - self._mean) / self._scale
        if self._encoder.layout == "NCHW":
            pixels = pixels.transpose(0, 3, 1, 2)
        if self._encoder.input.type == "uint8":
            pixels = np.rint(pixels)
        return np.ascontiguousarray(pixels, dtype=self._encoder.input.type)

    def leave(self, output):
        """Make rows of features of what the network gives.

        Parameters
        ----------
        output : ndarray of shape (n, ...)
            Vectors, maps or tokens.

        Returns
        -------
        rows : ndarray of shape (n, n_features), float32
            Features, in an array of its own.
        """
        check_axes(self._encoder, output.ndim)
        output = np.array(output, dtype=np.float32)
        if output.ndim == 2:
            return output
        if output.ndim == 4:
            axes = (2, 3) if self._encoder.layout == "NCHW" else (1, 2)
        else:
            tokens, axes = self._encoder.source.tokens, (1,)
            if tokens == "class":
                return output[:, 0]
            if tokens >= output.shape[1]:
                raise BackboneError(
                    f"tokens={tokens}: {self._encoder.title} gives {output.shape[1]} tokens, and "
                    "none would be left to pool."
                )
            output = output[:, tokens:]
        if self._pooling == "max":
            return output.max(axis=axes)
        mean = output.mean(axis=axes)
        if self._pooling == "avg":
            return mean
        return np.concatenate([mean, output.std(axis=axes)], axis=1)


def _normalization(backbone, encoder):
    """What is taken off pixels in 0-255, and what they are divided by."""
    source, mode = encoder.source, backbone.preprocessing
    if source.mean is not None or source.std is not None:
        mean, scale = source.mean or (0.0,), source.std or (1.0,)
        mean, scale = 255 * np.asarray(mean), 255 * np.asarray(scale)
    elif mode == "none":
        return None, None
    else:
        mean, scale = MEAN[mode], SCALE.get(mode, (1.0,))
        if encoder.n_channels == 1:
            mean, scale = mean[:1], scale[:1]
    return np.asarray(mean, np.float32), np.asarray(scale, np.float32)
