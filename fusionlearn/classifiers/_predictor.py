"""What a trained head, and trained layers before it, predict."""

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from .._labels import is_multilabel
from ._chunked import unpack
from ._forward import head_logits, logits_to_decision, logits_to_proba
from ._joint_training import find_members, predict_logits
from ._keras_head import build_keras_classifier, build_keras_head

# Taken as they are, and converted block by block where they are computed with; anything
# else becomes the first of them, all at once.
_PREDICTABLE = [np.float64, np.float32]


class PredictorMixin:
    """Predictions from fitted arrays, which need Keras only where layers were trained."""

    def predict(self, X):
        """Predict labels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of pictures
            As for ``fit``.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable labels. Of several labels 1 for those that are more
            probable than not, else 0.
        """
        proba = self.predict_proba(X)
        if is_multilabel(self):
            return (proba > 0.5).astype(self.classes_.dtype)
        return self.classes_[proba.argmax(axis=1)]

    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of pictures
            As for ``fit``.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes) or (n_samples, n_labels)
            Probabilities in the order of ``classes_``. Of several labels the
            probability of each, whose sum is not 1.
        """
        return logits_to_proba(self._logits(X), is_multilabel(self))

    def decision_function(self, X):
        """Compute the outputs before the sigmoid or softmax.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or of pictures
            As for ``fit``.

        Returns
        -------
        decision : ndarray of shape (n_samples,), (n_samples, n_classes) or \
                (n_samples, n_labels)
            With two classes one number, positive for ``classes_[1]``. Of several labels
            one for each, positive where the sample has it.
        """
        return logits_to_decision(self._logits(X), is_multilabel(self))

    @property
    def model_(self):
        """Keras model, made anew at each access.

        From features to probabilities; where layers of networks were trained, from
        preprocessed pixels (``preprocess_input``), one input for each network.
        """
        check_is_fitted(self, "coefs_")
        arrays = self.coefs_, self.intercepts_
        head = build_keras_head(*arrays, self.dropout, is_multilabel(self))
        if not self.fine_tuned_:
            return head
        members = find_members(self.extractor_, self.trained_layers_)
        return build_keras_classifier(members, self.fine_tuned_, head)

    def __dir__(self):
        # scikit-learn looks at every attribute that exists, in dir() and for its HTML; that
        # must not load TensorFlow and build a model.
        names = object.__dir__(self)
        return [name for name in names if name != "model_" and hasattr(self, name)]

    def _logits(self, X):
        check_is_fitted(self, "coefs_")
        if self.fine_tuned_:
            members = find_members(self.extractor_, self.trained_layers_)
            head_arrays = (self.coefs_, self.intercepts_)
            return predict_logits(
                members,
                self._check_images(X),
                head_arrays,
                self.fine_tuned_,
                self._tuning(is_multilabel(self)),
                self.verbose,
            )
        if self.extractor is None:
            features = unpack(X, _PREDICTABLE)
            features = validate_data(self, features, dtype=_PREDICTABLE, reset=False)
        else:
            features = self.extractor_.transform(self._check_images(X))
            features = check_array(features, dtype=_PREDICTABLE, input_name="features")
        return head_logits(features, self.coefs_, self.intercepts_)
