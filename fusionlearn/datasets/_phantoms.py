"""Synthetic chest CT slices."""

from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from ..images import check_images
from ._phantom_patient import PATTERNS, draw_patient
from ._phantom_slice import render_slice

_DESCRIPTION = """\
Synthetic axial chest CT slices in a lung window. They are drawn, not measured: ellipses, random
trees and smooth noise. They serve to try out and to test methods, and say nothing of disease."""


@validate_params(
    {
        "n_samples": [Interval(Integral, 2, None, closed="left")],
        "n_patients": [Interval(Integral, 2, None, closed="left"), None],
        "image_size": [Interval(Integral, 32, None, closed="left")],
        "n_classes": [Interval(Integral, 2, len(PATTERNS), closed="both")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_ct_phantoms(
    n_samples=200, *, n_patients=None, image_size=128, n_classes=2, random_state=0
):
    """Make synthetic chest CT slices of healthy and sick lungs.

    Each patient is drawn at random: body, heart, ribs, trees of vessels, settings of the
    scanner, and what the class asks for. Its slices lie close together and resemble each
    other, so that a split that tears a patient apart scores too well.

    The classes are "healthy"; "ground-glass", hazy opacities that leave vessels to be seen,
    mostly near the pleura; "consolidation", opacities that hide the vessels but not the
    airways; and "effusion", fluid behind the lung [1]_. Opacities reach from faint to plain,
    and a slice may miss them. All classes have what resembles disease and is none: density
    at the back from the lung's own weight, motion, nodules, crowded vessels, noise.

    Parameters
    ----------
    n_samples : int, default=200
        Number of pictures, at least 2.

    n_patients : int, default=None
        Number of patients, each with nearly as many pictures as the others. None makes
        one for every four pictures, and at least one for each class.

    image_size : int, default=128
        Width and height in pixels, at least 32.

    n_classes : {2, 3, 4}, default=2
        Number of classes, in the order above. The classes have nearly equal numbers of
        patients.

    random_state : int, RandomState instance or None, default=0
        Seed. An int gives the same pictures at every call.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        Sorted by patient, with:

        data : ndarray of shape (n_samples,), dtype object
            References to grey pictures, as from :func:`~fusionlearn.check_images`; they
            carry the patients.
        target : ndarray of shape (n_samples,), dtype str
            The class of each picture, which is that of its patient.
        target_names : ndarray of shape (n_classes,), dtype str
            The classes, sorted.
        pos_label : str or None
            "ground-glass", the positive one of two classes; None for more.
        groups : ndarray of shape (n_samples,), dtype str
            The patients: "phantom-000", "phantom-001", ...
        split : None
            There are no official parts.
        filenames : None
            There are no files.
        unlabelled : None
            Every picture has a label.
        DESCR : str
            What the data set is.

    Raises
    ------
    ValueError
        If there are fewer patients than classes, or fewer pictures than patients.

    See Also
    --------
    load_covid_ct : Loads real slices.
    load_image_folder : Loads any folder of pictures.

    References
    ----------
    .. [1] D. M. Hansell et al., "Fleischner Society: Glossary of Terms for Thoracic
       Imaging", Radiology 246, 697-722 (2008).

    Examples
    --------
    >>> from fusionlearn.datasets import make_ct_phantoms
    >>> phantoms = make_ct_phantoms(n_samples=8, image_size=64)
    >>> phantoms.data[0].decode().shape
    (64, 64, 3)
    >>> phantoms.groups[::4]
    array(['phantom-000', 'phantom-001'], dtype='<U11')
    >>> phantoms.target[::4]
    array(['healthy', 'ground-glass'], dtype='<U12')
    """
    if n_patients is None:
        n_patients = max(n_classes, -(-n_samples // 4))
    if not n_classes <= n_patients <= n_samples:
        raise ValueError(
            f"n_samples={n_samples}, n_patients={n_patients}, n_classes={n_classes}: wanted at "
            "least one patient for each class and one picture for each patient. Raise "
            "n_samples or n_patients."
        )
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    patients = np.sort(np.arange(n_samples) % n_patients)
    images = [
        image
        for patient, n_slices in enumerate(np.bincount(patients))
        for image in _slices(seed, patient, PATTERNS[patient % n_classes], n_slices, image_size)
    ]
    target = np.array([PATTERNS[patient % n_classes] for patient in patients])
    groups = np.array([f"phantom-{patient:03d}" for patient in patients])
    return Bunch(
        data=check_images(images, groups=groups),
        target=target,
        target_names=np.unique(target),
        pos_label="ground-glass" if n_classes == 2 else None,
        groups=groups,
        split=None,
        filenames=None,
        unlabelled=None,
        DESCR=f"{_DESCRIPTION}\n\n{n_samples} pictures of {n_patients} patients, "
        f"{image_size} pixels wide and high; classes: {', '.join(PATTERNS[:n_classes])}.",
    )


def _slices(seed, patient, pattern, n_slices, image_size):
    """Yield the slices of one patient as uint8 pictures."""
    rng = np.random.default_rng([seed, patient])
    phantom = draw_patient(rng, pattern)
    traits = phantom.traits
    for index in range(n_slices):
        z = traits["z"] + (index - (n_slices - 1) / 2) * traits["spacing"]
        density = render_slice(rng, phantom, z, image_size)
        # The window: Hounsfield units that are shown black and white.
        grey = (density - traits["black"]) / (traits["white"] - traits["black"])
        yield np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)
