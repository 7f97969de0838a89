"""Weights files as Keras' own are called, of networks that were never trained."""

import warnings

import keras

from fusionlearn._compat import isolated_keras_build

QUARTER = "mobilenet_2_5_224_tf_no_top.h5"
THIRD = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5"
_MAKERS = {
    QUARTER: ("MobileNet", {"alpha": 0.25}),
    THIRD: ("MobileNetV2", {"alpha": 0.35}),
}


def write_weights(folder, *names, seed=0):
    """Write weights files without the top."""
    for name in names:
        application, params = _MAKERS[name]
        with isolated_keras_build(seed):
            model = getattr(keras.applications, application)(
                weights=None, include_top=False, input_shape=(224, 224, 3), **params
            )
        with warnings.catch_warnings():  # h5py's, about NumPy 2
            warnings.simplefilter("ignore", DeprecationWarning)
            # The whole model, as weights alone are only written in today's form.
            model.save(folder / name)
    return folder
