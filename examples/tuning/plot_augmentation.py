"""
Augmentation that does not leak
===============================

Copies of pictures, moved, turned and mirrored, are made in ``fit`` alone and of training pictures
alone. Whether they help is a question to the data: on small sets of medical pictures, copies
that are interpolated can cost more than they bring.
"""

# %%
# Two ways to make copies
# -----------------------
# The default turns, shears, shifts and zooms. The gentle one moves whole pixels and mirrors,
# so nothing is interpolated and fine texture stays as it is.
import matplotlib.pyplot as plt

from fusionlearn import ImageAugmenter
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.inspection import AugmentationDisplay

ct = make_ct_phantoms(160, n_patients=80, image_size=64)
augmenters = {
    "gentle": ImageAugmenter(2, rotation=0, shear=0, zoom=0, shift=0.05, fill_mode="constant"),
    "default": ImageAugmenter(2, fill_mode="constant"),
}
for name, augmenter in augmenters.items():
    figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
    AugmentationDisplay.from_augmenter(augmenter, ct.data[::40], n_pictures=2, ax=ax)
    figure.suptitle(name)
    plt.show()

# %%
# A mirrored chest has its heart on the other side. Whether that matters is for you to say:
# ``horizontal_flip=False``.
#
# Do they help?
# -------------
# ``AugmentedClassifier`` goes around the model, and the evaluation around both: what is held out
# is never augmented. Copies are a pure function of picture, seed and number, so each goes through
# the networks once, whatever the number of folds.
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import AugmentedClassifier, ConcatFusion, FeatureStore, make_extractors
from fusionlearn.model_selection import evaluate

store = FeatureStore()
settings = {"weights": None, "input_size": 64, "layers": 0.1, "pooling": "avg_std"}
features = ConcatFusion(make_extractors("MobileNet", "VGG16", store=store, **settings))
plain = make_pipeline(features, StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
models = {
    "no copies": plain,
    **{name: AugmentedClassifier(plain, augmenter) for name, augmenter in augmenters.items()},
    "gentle, and at prediction": AugmentedClassifier(plain, augmenters["gentle"], test_copies=2),
}
results = {
    name: evaluate(model, ct.data, ct.target, cv=3, positive="ground-glass", shortcut=False)
    for name, model in models.items()
}
print(f"{store.stats()['computed']} rows computed for {len(ct.data)} pictures and 2 networks")

# %%
figure, ax = plt.subplots(figsize=(6.5, 2.5), layout="constrained")
for row, result in enumerate(results.values()):
    estimate, low, high = result.scores["roc_auc"]
    ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt="o", capsize=4)
ax.axvline(0.5, linestyle=":", color="gray")
ax.set(yticks=range(len(results)), yticklabels=results, ylim=(3.5, -0.5), xlim=(0.4, 1))
ax.set_xlabel("area under the ROC curve, 95 % interval by patient")
plt.show()

# %%
# The paired differences against the model without copies:
for name, result in list(results.items())[1:]:
    estimate, low, high = result.compare(results["no copies"])["roc_auc"]
    print(f"{name:26} {estimate:+.3f} [{low:+.3f}, {high:+.3f}]")

# %%
# With ImageNet weights
# ---------------------
# ::
#
#     ct = load_image_folder("scans/", group_pattern=r"(patient\d+)")
#     features = ConcatFusion(make_extractors("DenseNet121", "ResNet50", store="features.db"))
