"""Hypothesis strategies that several rooms share."""

from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path

import hypothesis.extra.numpy as npst
import hypothesis.strategies as st
import numpy as np
import pandas as pd
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import Interval, Options, make_constraint


def grey_or_rgb(max_side=12):
    """Pixels of one picture: (height, width) or (height, width, 3), uint8."""
    sides = st.integers(1, max_side)
    shapes = st.tuples(sides, sides) | st.tuples(sides, sides, st.just(3))
    return shapes.flatmap(lambda shape: npst.arrays(np.uint8, shape))


def augmentations():
    """Parameters of an ImageAugmenter that leave pictures finite in size."""
    return st.fixed_dictionaries(
        {
            "rotation": st.sampled_from([0.0, 15.0, 180.0]),
            "shear": st.sampled_from([0.0, 10.0, 60.0]),
            "shift": st.sampled_from([0.0, 0.1, 0.9]),
            "zoom": st.sampled_from([0.0, 0.1, 0.5]),
            "horizontal_flip": st.booleans(),
            "brightness": st.sampled_from([0.0, 0.3]),
            "contrast": st.sampled_from([0.0, 0.3]),
            "fill_mode": st.sampled_from(["nearest", "reflect", "wrap", "constant"]),
        }
    )


def digests():
    """Digests as pictures and networks have them."""
    return st.integers(0, 9).map(lambda number: f"{number:064x}")


def feature_rows(width=3):
    """One row of features, with every value that float32 has but NaN."""
    return npst.arrays(
        np.float32, width, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    )


def affordable(values, limit):
    """Those of the values that do not ask for more work than a test has time for."""
    return values.filter(lambda value: not (isinstance(value, Real) and limit < value < np.inf))


def odd_values():
    """What people and programs hand over by mistake: any type, borders, odd text."""
    return st.one_of(
        st.sampled_from(_ODD).map(lambda make: make()),
        st.integers(-3, 3),
        st.floats(),
        st.text(max_size=5),
        st.lists(st.sampled_from(_ODD).map(lambda make: make()), max_size=3),
        st.dictionaries(st.text(max_size=2), st.integers(-1, 1), max_size=2),
    )


def spoiled(value):
    """A list, tuple or dict with one thing in it, or in what is in it, exchanged."""
    if isinstance(value, dict) and value:
        key, inner = next(iter(value.items()))
        others = {name: item for name, item in value.items() if name != key}
        keys = st.text(max_size=3) | st.sampled_from([None, 0, ("a",)])
        changed = odd_values() | spoiled(inner)
        return changed.map(lambda new: {**others, key: new}) | keys.map(
            lambda new: {**others, new: inner}
        )
    if isinstance(value, (list, tuple)) and value:
        make = type(value)
        first, *rest = value
        changed = odd_values() | spoiled(first)
        return st.one_of(
            changed.map(lambda new: make([new, *rest])),
            st.just(make([*value, first])),
            st.just(make(rest)),
        )
    return odd_values()


def parameter_values(constraints):
    """Values that constraints of scikit-learn allow, at the borders and inside."""
    return st.one_of([_allowed(make_constraint(constraint)) for constraint in constraints])


def _allowed(constraint):
    if isinstance(constraint, Interval):
        return _inside(constraint)
    if isinstance(constraint, Options):  # and StrOptions
        return st.sampled_from(sorted(constraint.options, key=str))
    examples = st.sampled_from(_ODD).map(lambda make: make())
    return examples.filter(constraint.is_satisfied_by) | st.just(None).filter(
        constraint.is_satisfied_by
    )


def _inside(interval):
    low = -3 if interval.left is None else interval.left
    high = low + 3 if interval.right is None else interval.right
    if interval.type is Integral:
        numbers = st.integers(low, high) | st.integers(low, high).map(np.int64)
    else:
        borders = [low, high, np.nextafter(low, high), np.nextafter(high, low)]
        numbers = st.one_of(
            st.sampled_from(borders), st.floats(low, high), st.floats(low, high).map(np.float32)
        )
    return numbers.filter(interval.is_satisfied_by)


class _WithoutMethods:
    """No estimator, whatever it is called."""


# Each is made when it is drawn: some can be used up.
_ODD = [
    *(lambda value=value: value for value in (None, True, False, 0, 1, 2, -1, 2**31, 2**63)),
    *(lambda value=value: value for value in (2**70, -(2**70), 10**400, 1j)),
    *(lambda value=value: value for value in (0.0, -0.0, 0.5, 1.0, 1.5, -1.5, 1e-320, 1e39, 1e308)),
    *(lambda value=value: value for value in (np.nan, np.inf, -np.inf, Decimal("0.5"), pd.NA)),
    *(lambda value=value: value for value in (np.int8(1), np.uint64(2**64 - 1), np.float16(0.5))),
    *(lambda value=value: value for value in (np.bool_(True), np.float32("nan"), np.str_("a"))),
    *(lambda value=value: value for value in ("", " ", "\0", "\ud800", "\n", "a" * 5000, "ß☃")),
    *(lambda value=value: value for value in ("{}%s", "drop", "None", "1", b"adam", Path("no"))),
    *(lambda value=value: value for value in (int, KFold, StandardScaler, len, object(), ...)),
    list,
    tuple,
    dict,
    set,
    _WithoutMethods,
    StandardScaler,
    GaussianNB,
    lambda: KFold(2),
    lambda: np.random.RandomState(0),
    lambda: np.random.default_rng(0),
    lambda: iter([1]),
    lambda: range(2),
    lambda: [None],
    lambda: [[]],
    lambda: (0,),
    lambda: (1, 1),
    lambda: (20, 20),
    lambda: (np.nan,),
    lambda: ("a", 1),
    lambda: [("a", None)],
    lambda: [("a", StandardScaler())],
    lambda: [("a__b", GaussianNB())],
    lambda: {"a": 1},
    lambda: {1: 2},
    lambda: {None: None},
    lambda: np.array([]),
    lambda: np.array(1),
    lambda: np.array([1, 2]),
    lambda: np.array(["a", None], dtype=object),
    lambda: pd.Series([1.0, np.nan]),
]
