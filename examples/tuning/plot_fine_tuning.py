"""
Fine-tuning a network
=====================

How much of a trained network should learn anew with the head: nothing, its last layer, all of it?
Here a small one that knows digits, white on black, is tuned to sixty negatives of other digits.
"""

# %%
# A pretrained network
# --------------------
# Three layers, trained with Keras. In earnest this step is a download.
import keras
import numpy as np
from sklearn.datasets import load_digits

from fusionlearn import BackboneFeatureExtractor, FineTuneClassifier, register_backbone

digits = load_digits()
pictures = np.round(digits.images * 255 / 16).astype(np.uint8).repeat(2, axis=1).repeat(2, axis=2)
y = digits.target


def small_network():
    """Make three layers of filters with random weights, always the same."""
    inputs = keras.Input((16, 16, 3))
    maps = inputs / 255
    for width in (16, 32, 64):
        filters = keras.initializers.HeNormal(seed=width)
        layer = keras.layers.Conv2D(width, 3, padding="same", kernel_initializer=filters)
        maps = keras.ops.relu(layer(maps))
        maps = keras.layers.MaxPooling2D()(maps) if width < 64 else maps
    return keras.Model(inputs, maps)


keras.utils.set_random_seed(1)
network = small_network()
means = keras.layers.GlobalAveragePooling2D()(network.output)
whole = keras.Model(network.input, keras.layers.Dense(10, "softmax")(means))
whole.compile("adam", "sparse_categorical_crossentropy")
whole.fit(pictures[:1000, ..., None].repeat(3, axis=-1), y[:1000], epochs=20, verbose=0)
pretrained = register_backbone("white on black", network)
from_scratch = register_backbone("untrained", small_network())

# %%
# Sixty negatives
# ---------------
# The head comes first, then the layers at the end of the network with it, at a lower rate. The
# epoch with the lowest validation loss is kept; so an attempt that brings nothing changes nothing.
negatives = 255 - pictures
others = 1000 + np.random.default_rng(1).permutation(len(pictures) - 1000)
train, test = others[:60], others[60:]
attempts = {
    "head alone": (pretrained, 0),
    "head and last layer": (pretrained, 1),
    "head and all layers": (pretrained, "all"),
    "all layers, not pretrained": (from_scratch, "all"),
}
models = {}
for name, (backbone, unfreeze) in attempts.items():
    models[name] = FineTuneClassifier(
        BackboneFeatureExtractor(backbone), unfreeze=unfreeze, learning_rate=0.01, epochs=60,
        fine_tune_learning_rate=1e-3, fine_tune_epochs=40, dropout=0.2,
        validation_fraction=0.25, random_state=0,
    )  # fmt: skip
    models[name].fit(negatives[train], y[train])

# %%
# Both stages; the second one begins at the dotted line.
import matplotlib.pyplot as plt

from fusionlearn.inspection import HistoryDisplay

figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for ax, metric in zip(axes, ("accuracy", "loss"), strict=True):
    HistoryDisplay.from_estimator(models["head and all layers"], metric=metric, ax=ax)
    ax.axvline(models["head and all layers"].n_head_iter_ + 0.5, linestyle=":", color="gray")
plt.show()

# %%
# On pictures that nobody has seen
# --------------------------------
from fusionlearn.metrics import bootstrap_interval

figure, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
for row, (name, model) in enumerate(models.items()):
    right = (model.predict(negatives[test]) == y[test]).astype(float)
    estimate, low, high = bootstrap_interval(lambda _, r: r.mean(), y[test], right)
    print(f"{name:27} {estimate:.3f} [{low:.3f}, {high:.3f}]")
    ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt="o", capsize=4)
ax.set(yticks=range(4), yticklabels=models, ylim=(3.5, -0.5), xlabel="accuracy")
plt.show()

# %%
# Not a finding: negatives and this seed were chosen to tell the ways apart. With another seed their
# order changed, and for other digits a start from nothing was often better. Measure yours. ::
#
#     network = BackboneFeatureExtractor("DenseNet121", store="features.db")  # ImageNet's weights
#     model = FineTuneClassifier(network, unfreeze=0.2, fine_tune_learning_rate=1e-5)
