"""
Ten classes, nothing medical
============================

Nothing in the library is about medicine except its examples. Here it reads digits: ten classes,
arrays instead of files, no patients.
"""

# %%
# Pictures as an array
# --------------------
# scikit-learn's digits have 8 x 8 pixels from 0 to 16. Pixels are 0 to 255 here, as in Keras;
# others are refused, because a network would see them as black.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from fusionlearn.exceptions import ImageError

digits = load_digits()
pictures = np.round(digits.images[:800] * 255 / 16).astype(np.uint8)
y = digits.target[:800]
print(pictures.shape, pictures.dtype)

# %%
# Two networks, concatenated
# --------------------------
# Early layers of untrained networks are random filters. They are enough for digits, and the
# first layers of trained ones see edges much the same.
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import ConcatFusion, make_extractors
from fusionlearn.model_selection import evaluate

settings = {"weights": None, "input_size": 32, "layers": [0.1, 0.3], "pooling": "avg_std"}
networks = make_extractors("MobileNet", "VGG16", **settings)
model = make_pipeline(
    ConcatFusion(networks), StandardScaler(), LogisticRegression(C=0.1, max_iter=1000)
)
evaluation = evaluate(model, pictures, y, cv=3, shortcut=False, scoring=["accuracy", "roc_auc"])
print(evaluation)

# %%
# Where nobody names a group, each picture is one of its own. Those who wrote the digits are
# known to be few; a score *by writer* cannot be had from these data, and would be lower.
#
# What is taken for what
# ----------------------
from sklearn.metrics import ConfusionMatrixDisplay

figure, ax = plt.subplots(figsize=(5, 4.6), layout="constrained")
ConfusionMatrixDisplay.from_predictions(y, evaluation.y_pred, ax=ax, cmap="Blues", colorbar=False)
plt.show()

# %%
# Pictures that go wrong
# ----------------------
wrong = np.flatnonzero(evaluation.y_pred != y)[:8]
figure, axes = plt.subplots(1, 8, figsize=(8, 1.6), layout="constrained")
for ax, number in zip(axes, wrong, strict=False):
    ax.imshow(pictures[number], cmap="gray")
    ax.set_title(f"{y[number]}, not {evaluation.y_pred[number]}", fontsize=9)
for ax in axes:
    ax.axis("off")
plt.show()

# %%
# Pixels that are not 0 to 255
# ----------------------------
try:
    model.fit(pictures / 255.0, y)
except ImageError as error:
    print(str(error).splitlines()[0])

# %%
# With ImageNet weights
# ---------------------
# ::
#
#     networks = make_extractors("MobileNetV2", "EfficientNetB0", store="features.db")
#     photos = load_image_folder("photos/")
