"""Synthetic chest CT slices."""

from collections import Counter
from numbers import Integral

import numpy as np
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from ..images import check_images
from ._phantom_patient import PATTERNS, draw_patient
from ._phantom_slice import render_slice


def make_ct_phantoms(
    n_samples=200, *, n_patients=None, image_size=128, n_classes=2, random_state=0
):
    n_patients = max(n_classes, -(-n_samples // 4)) if n_patients is None else n_patients
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    patients = np.sort(np.arange(n_samples) % n_patients)
    images = np.empty((n_samples, image_size, image_size), dtype=np.uint8)
    target = np.array([PATTERNS[patient % n_classes] for patient in patients])
    for patient in range(n_patients):
        rng = np.random.default_rng([seed, patient])
        of = np.flatnonzero(patients == patient)
        phantom = draw_patient(rng, PATTERNS[patient % n_classes])
        t = phantom.traits
        for k, i in enumerate(of):
            z = t["z"] + (k - (len(of) - 1) / 2) * t["spacing"]
            d = render_slice(rng, phantom, z, image_size)
            g = (d - t["black"]) / (t["white"] - t["black"])
            images[i] = np.clip(np.rint(g * 255), 0, 255)
    groups = np.array([f"phantom-{p:03d}" for p in patients])
    return Bunch(data=check_images(images, groups=groups), images=images, target=target, groups=groups)
