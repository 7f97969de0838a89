"""Stand-ins that let feature matrices pass as pictures."""

import json
import uuid
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import make_blobs
from sklearn.utils.validation import validate_data

from fusionlearn import AugmentedClassifier, FineTuneClassifier, check_images, get_groups

_ZERO, _SCALE = 128, 20


def as_pictures(X):
    """Turn a matrix (n, f) into pictures (n, 1, f, 1); numbers lose some of their digits."""
    pixels = np.clip(_ZERO + _SCALE * np.asarray(X, dtype=np.float64), 0, 255)
    return pixels.astype(np.uint8)[:, np.newaxis, :, np.newaxis]


class PixelExtractor(TransformerMixin, BaseEstimator):
    """Turns pictures of one line back into the matrix."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        pixels = [reference.decode()[0, :, 0] for reference in X]
        return (np.array(pixels, dtype=np.float64) - _ZERO) / _SCALE

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.two_d_array = False
        return tags


class MatrixAdapter:
    """Overrides the one hook, so that scikit-learn's battery can pass its matrices."""

    def _check_images(self, X, *groups):
        # fit passes groups, predict does not.
        X = validate_data(self, X, dtype=np.float64, reset=bool(groups))
        return check_images(as_pictures(X), *groups)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


class MatrixAugmentedClassifier(MatrixAdapter, AugmentedClassifier):
    pass


class MatrixFineTuneClassifier(MatrixAdapter, FineTuneClassifier):
    pass


def write_event(log, **event):
    """One file for each event, so that processes do not disturb each other."""
    (Path(log) / f"{uuid.uuid4().hex}.json").write_text(json.dumps(event))


def read_events(log):
    return [json.loads(path.read_text()) for path in Path(log).glob("*.json")]


class RecordingExtractor(PixelExtractor):
    """Notes which patients it was fitted on, and which ones it was then asked about."""

    def __init__(self, log):
        self.log = log

    def fit_transform(self, X, y=None):
        self.fitted_groups_ = sorted(set(get_groups(X).tolist()))
        write_event(
            self.log,
            kind="fit",
            groups=self.fitted_groups_,
            n_pictures=len(X),
            n_copies=sum(reference.is_view for reference in X),
        )
        return super().transform(X)

    def transform(self, X):
        write_event(
            self.log,
            kind="predict",
            fitted=self.fitted_groups_,
            groups=sorted(set(get_groups(X).tolist())),
            n_copies=sum(reference.is_view for reference in X),
        )
        return super().transform(X)


class RecordingHead(FineTuneClassifier):
    """Notes what it trained and what it validated on, for early stopping."""

    def __init__(self, log, **parameters):
        super().__init__(**parameters)
        self.log = log

    @classmethod
    def _get_param_names(cls):
        return sorted([*FineTuneClassifier._get_param_names(), "log"])

    def _split_validation(self, X, labels, weight, groups, rng):
        parts = super()._split_validation(X, labels, weight, groups, rng)
        training, validation = (sorted(set(groups[rows].tolist())) for rows in parts)
        write_event(self.log, kind="split", training=training, validation=validation)
        return parts


X, Y = make_blobs(90, centers=[[-2, 0], [2, 0]], random_state=0)


def quick(*args, **parameters):
    """A head that learns X in a moment."""
    defaults = {"learning_rate": 0.05, "epochs": 15, "random_state": 0}
    return FineTuneClassifier(*args, **(defaults | parameters))
