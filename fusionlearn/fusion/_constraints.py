"""What parameters may be, beyond what scikit-learn's constraints say."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval

__all__ = ["FINITE", "POSITIVE", "WEIGHT", "Instance"]


class _Between(Interval):
    """An interval that NumPy's numbers are held against as Python's.

    Those of short types cannot be compared with its ends, and NumPy warns.
    """

    def __contains__(self, val):
        return super().__contains__(val.item() if isinstance(val, np.generic) else val)


_FLOAT32 = np.finfo(np.float32)
_FLOAT64 = np.finfo(np.float64)
FINITE = _Between(Real, float(_FLOAT64.min), float(_FLOAT64.max), closed="both")
# What TensorFlow can compute with in float32: weights, and numbers by which it also divides.
WEIGHT = _Between(Real, 0, float(_FLOAT32.max), closed="both")
POSITIVE = _Between(Real, float(_FLOAT32.tiny), float(_FLOAT32.max), closed="both")


class Instance(HasMethods):
    """An object with some methods, and not the class of such objects.

    Parameters
    ----------
    methods : str or list of str
        Names of the methods.
    """

    def is_satisfied_by(self, val):
        """Tell whether an object is one.

        Parameters
        ----------
        val : object
            The object.

        Returns
        -------
        satisfied : bool
            False for a class too: its methods have nobody to work on.
        """
        return not isinstance(val, type) and super().is_satisfied_by(val)

    def __str__(self):
        return super().__str__().replace("an object", "an instance")
