"""Pictures to measure with."""

from pathlib import Path

import numpy as np

from fusionlearn.datasets import make_ct_phantoms


def slices(count, side):
    """Draw synthetic CT slices, which compress as real ones do.

    Parameters
    ----------
    count : int
        Number of pictures.

    side : int
        Width and height in pixels.

    Returns
    -------
    pictures : ndarray of shape (count, side, side, 3), uint8
        No two alike: drawing is slow, so few are drawn and each is shifted by whole rows.
    """
    drawn = make_ct_phantoms(min(count, 16), n_patients=2, image_size=side).data
    drawn = np.stack([reference.decode() for reference in drawn])
    shifts, numbers = np.divmod(np.arange(count), len(drawn))
    if count > len(drawn) * side:
        raise ValueError(f"count={count}: {side} rows give no more than {len(drawn) * side}.")
    return np.stack(
        [
            np.roll(drawn[number], shift, axis=0)
            for number, shift in zip(numbers, shifts, strict=True)
        ]
    )


def write_files(pictures, folder, extension, **options):
    """Write grey pictures into a folder.

    Parameters
    ----------
    pictures : ndarray of shape (n, height, width, 3), uint8
        The pictures, whose three channels are equal.

    folder : str or path-like
        The folder.

    extension : str
        Such as ".png".

    **options : dict
        For Pillow's ``save``.

    Returns
    -------
    paths : list of str
        In the order of the pictures.
    """
    from PIL import Image

    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = [str(Path(folder) / f"{number:06d}{extension}") for number in range(len(pictures))]
    for picture, path in zip(pictures, paths, strict=True):
        Image.fromarray(picture[..., 0]).save(path, **options)
    return paths


def write_small_files(count, side, folder):
    """Write that many different small pictures of noise as PNG.

    Parameters
    ----------
    count, side : int
        Number of pictures, and their width and height in pixels.

    folder : str or path-like
        The folder.

    Returns
    -------
    paths : list of str
        The files.
    """
    rng = np.random.default_rng(0)
    paths = []
    for start in range(0, count, 1000):
        part = Path(folder) / f"{start:06d}"
        part.mkdir()
        pixels = rng.integers(0, 256, (min(1000, count - start), side, side, 3), dtype=np.uint8)
        paths += write_files(pixels, part, ".png", compress_level=1)
    return paths
