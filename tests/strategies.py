"""Hypothesis strategies that several rooms share."""

import hypothesis.extra.numpy as npst
import hypothesis.strategies as st
import numpy as np


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
