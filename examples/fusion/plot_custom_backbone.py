"""
A network of your own
=====================

Any Keras model that turns pictures into maps or vectors can be a backbone: one that you trained
on other scans, one from a colleague, or, as here, one that is written by hand from what is known
about the pictures. Registered once, it is fused, stored and searched over like the networks of
Keras.
"""

# %%
# Sixteen windows
# ---------------
# Radiologists look at a scan through windows: ranges of grey in which one tissue shows. This
# model has sixteen of them, each a map of how near every pixel is to one grey value; the mean of
# a map is the share of the picture in that window. Pixels come in as 0 to 255 with three channels,
# and what scales them is part of the model, so that nobody can forget it.
import keras
import numpy as np

from fusionlearn import register_backbone

inputs = keras.Input((64, 64, 3))
grey = keras.ops.mean(inputs, axis=-1, keepdims=True) / 255
centres = np.linspace(0, 1, 16).astype("float32")
maps = keras.ops.relu(1 - keras.ops.abs(grey - centres) * 15)
model = keras.Model(inputs, maps)
windows = register_backbone("windows", model)

# %%
# What they see
# -------------
import matplotlib.pyplot as plt

from fusionlearn.datasets import make_ct_phantoms

ct = make_ct_phantoms(160, n_patients=80, image_size=64)
picture = ct.data[ct.target == "ground-glass"][0].decode()
seen = model.predict(picture[None].astype("float32"), verbose=0)[0]
figure, axes = plt.subplots(1, 7, figsize=(9, 1.6), layout="constrained")
axes[0].imshow(picture)
axes[0].set_title("picture", fontsize=9)
for ax, number in zip(axes[1:], range(0, 12, 2), strict=True):
    ax.imshow(seen[:, :, number], cmap="gray", vmin=0, vmax=1)
    ax.set_title(f"grey {centres[number]:.2f}", fontsize=9)
for ax in axes:
    ax.axis("off")

# %%
# Fused with another one
# ----------------------
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import BackboneFeatureExtractor, ConcatFusion
from fusionlearn.model_selection import evaluate

mine = BackboneFeatureExtractor(windows, pooling="avg_std")
other = BackboneFeatureExtractor("VGG16", weights=None, input_size=64, layers=0.1)
both = ConcatFusion([("windows", mine), ("vgg", other)])
candidates = {"windows": mine, "VGG16, untrained": other, "both": both}
settings = {"cv": 4, "positive": "ground-glass", "shortcut": False}
results = {}
for name, features in candidates.items():
    classifier = make_pipeline(features, StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    results[name] = evaluate(classifier, ct.data, ct.target, **settings)

# %%
figure, ax = plt.subplots(figsize=(6, 2.2), layout="constrained")
for row, result in enumerate(results.values()):
    estimate, low, high = result.scores["roc_auc"]
    ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt="o", capsize=4)
ax.axvline(0.5, linestyle=":", color="gray")
ax.set(yticks=range(3), yticklabels=results, ylim=(2.5, -0.5), xlim=(0.4, 1))
ax.set_xlabel("area under the ROC curve, 95 % interval by patient")
plt.show()

# %%
# Sixteen windows beat a deep network that knows nothing: what is planted in these phantoms is a
# shade of grey, and of ten kinds of filters these were chosen on these very pictures. That is no
# advice for real scans, whose grey depends on the scanner.
#
# The same without Keras
# ----------------------
# Any function on batches of pictures is a network, too, under a text that stands for what it
# computes. Files of ONNX and encoders of PyTorch: :doc:`/how-to/backbones`.
from fusionlearn.backbones import EncoderFunction


def shares(pixels):
    grey = pixels.mean(axis=-1, keepdims=True) / 255
    return np.maximum(1 - np.abs(grey - centres) * 15, 0).mean(axis=(1, 2))


encoder = EncoderFunction(shares, digest="sixteen windows, 1")
by_hand = register_backbone("windows, by hand", encoder, input_size=64)
both_ways = [BackboneFeatureExtractor(one).transform(ct.data) for one in (by_hand, windows)]
print(f"largest difference: {np.abs(both_ways[0] - both_ways[1]).max():.1e}")
