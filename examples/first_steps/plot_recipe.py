"""
The recipe, to the letter
=========================

:func:`fusionlearn.presets.covid_ct` is the recipe of Ji et al. (2020) for chest CT pictures.
Its numbers are data, its parts are public, and each can be replaced. Here the recipe runs with
the paper's numbers on synthetic slices, and with three things changed.

Two small untrained networks stand in for the seven large ones, so that this runs offline in
seconds. The curves show how the numbers act, not what the recipe reaches.
"""

# sphinx_gallery_thumbnail_number = 3

# %%
# The numbers
# -----------
from fusionlearn.presets import covid_ct

for name, value in covid_ct.RECIPE.items():
    print(f"{name:20} {value}")

# %%
# To the letter
# -------------
# ``validation="tail"`` takes the last 40 % of what is fitted for validation, as Keras does with
# ``validation_split``. All else is the preset's default. A tail knows no patients, and the library
# says so.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import make_extractors
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.exceptions import ValidationSplitWarning
from fusionlearn.inspection import HistoryDisplay

ct = make_ct_phantoms(160, n_patients=80, image_size=64)
networks = make_extractors(
    "MobileNet", "VGG16", weights=None, input_size=64, layers=0.1, pooling="avg_std"
)
order = np.random.default_rng(0).permutation(len(ct.data))
X, y = ct.data[order], ct.target[order]
literal = covid_ct(extractors=networks, n_copies=1, validation="tail")
with warnings.catch_warnings(record=True, category=ValidationSplitWarning) as caught:
    warnings.simplefilter("always")
    literal.fit(X, y)
print(caught[0].message)


def show(model, title):
    """Draw accuracy and loss of each epoch."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    HistoryDisplay.from_estimator(model, metric="accuracy", ax=axes[0])
    HistoryDisplay.from_estimator(model, metric="loss", ax=axes[1])
    figure.suptitle(title)
    plt.show()


show(literal, "Adam, learning rate 1e-5, batches of 2, 100 epochs")

# %%
# A hundred epochs, and the loss still falls: the rate is small for so few pictures, and features
# enter the head unscaled.
#
# With three changes
# ------------------
# A larger rate and batch, the preset's own validation part (stratified, by patient), and features
# scaled. Any part of the preset can be replaced by its name.
changed = covid_ct(extractors=networks, n_copies=1, learning_rate=1e-3, batch_size=32)
scaled = make_pipeline(changed.estimator["features"], StandardScaler())
changed.set_params(estimator__features=scaled).fit(X, y)
show(changed, "Adam, learning rate 1e-3, batches of 32, features scaled")

# %%
# Before and after augmentation
# -----------------------------
# The recipe's first two figures: pictures, and the copies that training sees.
from fusionlearn.inspection import AugmentationDisplay

figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
AugmentationDisplay.from_augmenter(changed.augmenter, ct.data[:2], n_pictures=2, n_copies=3, ax=ax)
plt.show()

# %%
# With ImageNet weights
# ---------------------
# The paper's seven networks are the default; their first use downloads them::
#
#     model = covid_ct(store="features.db", verbose=1)
#     model.fit(ct.data, ct.target)
#
# ``examples/covid_ct.py`` runs it on COVID-CT, each network alone, concatenated and voting.
