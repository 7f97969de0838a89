"""Scaling that leaves strong features some of their strength."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from .._documentation import DocumentedMixin


class ParetoScaler(DocumentedMixin, StandardScaler):
    """Centre features and divide them by the square root of their standard deviation.

    Halfway between features as they are and features of unit variance: a feature that
    varies little, and may be little more than noise, is not blown up to the size of the
    others, and one that varies much does not drown them. A classifier that penalises the
    size of its coefficients, such as ridge regression, therefore relies more on features
    that vary more.

    Parameters
    ----------
    copy : bool, default=True
        Whether ``transform`` leaves its input as it is.

    with_mean : bool, default=True
        Whether to subtract the mean. Sparse matrices take False only.

    with_std : bool, default=True
        Whether to divide.

    Attributes
    ----------
    scale_ : ndarray of shape (n_features,) or None
        What each feature is divided by, the square root of its standard deviation; 1 for
        a feature that is constant. None if ``with_std=False``.

    mean_ : ndarray of shape (n_features,) or None
        Mean of each feature. None if neither ``with_mean`` nor ``with_std``.

    var_ : ndarray of shape (n_features,) or None
        Variance of each feature. None if ``with_std=False``.

    n_features_in_ : int
        Number of features seen in ``fit``.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen in ``fit``, if X has names that are all strings.

    n_samples_seen_ : int or ndarray of shape (n_features,)
        Number of samples, for each feature if some are missing.

    See Also
    --------
    sklearn.preprocessing.StandardScaler : Divides by the standard deviation itself.

    References
    ----------
    R. A. van den Berg et al., "Centering, scaling, and transformations: improving the
    biological information content of metabolomics data", BMC Genomics 7, 142 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn.features import ParetoScaler
    >>> X = np.array([[0.0, 0.0], [2.0, 32.0]])
    >>> ParetoScaler().fit_transform(X)
    array([[-1., -4.],
           [ 1.,  4.]])
    """

    def partial_fit(self, X, y=None, sample_weight=None):
        """Update means and variances by further samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        y : None
            Ignored.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : ParetoScaler
            The fitted scaler.
        """
        super().partial_fit(X, y, sample_weight)
        if self.scale_ is not None:
            self.scale_ = np.sqrt(self.scale_)
        return self
