"""
Explanations that find a shortcut
=================================

A heat map does not show that a model is right. What it can show is that a model is right for the
wrong reason. So a reason is planted here: every slice with an opacity gets a bright mark in its
corner, as scanners and archives put them there.
"""

# %%
# A mark in the corner
# --------------------
import numpy as np

from fusionlearn import check_images
from fusionlearn.datasets import make_ct_phantoms

ct = make_ct_phantoms(120, n_patients=60, image_size=64)
is_sick = ct.target == "ground-glass"
pictures = np.array([reference.decode() for reference in ct.data])
marked = pictures.copy()
marked[is_sick, 2:16, 48:62] = 255
X = check_images(marked, groups=ct.groups)

# %%
# A model that is nearly always right
# -----------------------------------
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import ConcatFusion, make_extractors
from fusionlearn.model_selection import evaluate

settings = {"weights": None, "input_size": 64, "layers": 0.1, "pooling": "avg_std"}
networks = make_extractors("MobileNet", "VGG16", **settings)
classifier = LogisticRegression(C=0.1, max_iter=1000)
model = make_pipeline(ConcatFusion(networks), StandardScaler(), classifier)
evaluation = evaluate(model, X, ct.target, cv=3, positive="ground-glass", scoring="roc_auc")
print("the model      ", *np.round(evaluation.scores["roc_auc"], 3))
print("the file alone ", *np.round(evaluation.shortcut.scores["roc_auc"], 3))

# %%
# The file alone knows nothing, since all arrays have one size: this shortcut is in the pixels,
# and neither the score nor the baseline can see it.
#
# Where is the evidence?
# ----------------------
import matplotlib.pyplot as plt

from fusionlearn.inspection import ExplanationDisplay, deletion_insertion, explain

model.fit(X, ct.target)
chosen = np.flatnonzero(is_sick)[[0, 20]]
figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
ExplanationDisplay.from_estimator(
    model, X[chosen], method="occlusion", target="ground-glass", ax=ax
)
plt.show()

# %%
# In the mark and at its border, hardly any in the lungs. The test of it is to take the mark away:
for number in chosen:
    pair = np.stack([marked[number], pictures[number]])
    with_mark, without = model.predict_proba(pair)[:, list(model.classes_).index("ground-glass")]
    print(f"with the mark {with_mark:.2f}, without {without:.2f}")

# %%
# Are the maps true?
# ------------------
# Blur what a map calls evidence, most of it first: the probability must fall sooner than in the
# order of random maps. That says that a map tells what moves *this* classifier. It says nothing
# about disease, and a map that falls on a lung would not, either. (A large, bright mark was chosen
# for this page. With a small one, blurring in the order of the maps was no better than at random.)
curves = deletion_insertion(model, explain(model, X[is_sick][:12], target="ground-glass"))
figure, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
for name, probability in {
    "maps": curves.deletion,
    "random maps": curves.random_deletion,
}.items():
    ax.plot(curves.fractions, probability.mean(axis=0), label=f"in the order of {name}")
ax.set(xlabel="share of pixels that are blurred", ylabel="probability of ground-glass")
ax.legend()
plt.show()

# %%
# With ImageNet weights
# ---------------------
# ::
#
#     networks = make_extractors("DenseNet121", "ResNet50", store="features.db")
#     ct = load_image_folder("scans/", group_pattern=r"(patient\d+)")
