"""
A search over subsets of networks
=================================

Which networks are worth their time? ``"drop"`` leaves one out, so a grid can try all subsets,
beside any other parameter. And since features belong to the picture rather than to the fold,
the whole search costs one pass per picture and network.
"""

# %%
# The model
# ---------
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import ConcatFusion, FeatureStore, make_extractors
from fusionlearn.datasets import make_ct_phantoms

ct = make_ct_phantoms(120, n_patients=60, image_size=64)
store = FeatureStore()  # FeatureStore("features.db") would keep them for tomorrow
settings = {"weights": None, "input_size": 64, "layers": 0.1, "pooling": "avg_std"}
networks = make_extractors("MobileNet", "MobileNetV2", "VGG16", store=store, **settings)
model = Pipeline(
    [
        ("features", ConcatFusion(networks)),
        ("scale", StandardScaler()),
        ("classifier", LogisticRegression(max_iter=1000)),
    ]
)

# %%
# Seven subsets, three strengths of regularisation
# ------------------------------------------------
# The eighth subset is empty, and would be refused: hence a list of grids. Each picture carries
# its patient, so the splitter needs no ``groups``.
from itertools import product

from sklearn.model_selection import GridSearchCV

from fusionlearn.model_selection import StratifiedImageGroupKFold

strengths = {"classifier__C": [0.01, 0.1, 1.0]}
subsets = [
    {f"features__{name}": [network if is_in else "drop"] for (name, network), is_in in chosen}
    for chosen in (zip(networks, ins, strict=True) for ins in product([True, False], repeat=3))
]
grid = [{**subset, **strengths} for subset in subsets[:-1]]
search = GridSearchCV(
    model,
    grid,
    cv=StratifiedImageGroupKFold(4, shuffle=True, random_state=0),
    scoring="roc_auc",
)
search.fit(ct.data, ct.target)

# %%
# 21 candidates and 4 folds ask for each picture's features a great many times. Each was computed
# once:
counts = store.stats()
print(f"{counts['computed']} rows computed for {len(ct.data)} pictures and 3 networks,")
print(f"{counts['hits']} found again")

# %%
# What the search saw
# -------------------
import matplotlib.pyplot as plt
import numpy as np

scores = search.cv_results_["mean_test_score"].reshape(7, 3)
labels = [
    " + ".join(name for name, _ in networks if subset[f"features__{name}"] != ["drop"])
    for subset in subsets[:-1]
]
figure, ax = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
image = ax.imshow(scores, cmap="viridis", aspect="auto")
for row, column in np.ndindex(scores.shape):
    color = "white" if scores[row, column] < np.median(scores) else "black"
    ax.text(column, row, f"{scores[row, column]:.2f}", ha="center", va="center", color=color)
ax.set(
    xticks=range(3), xticklabels=strengths["classifier__C"], xlabel="C of the classifier",
    yticks=range(7), yticklabels=labels, title="area under the ROC curve, mean of 4 folds",
)  # fmt: skip
plt.show()

# %%
# The best of 21 is better than it deserves: it was chosen by these figures. What it is worth is
# what :func:`~fusionlearn.model_selection.evaluate` says about the *search*, in folds around it:
# ``evaluate(search, ct.data, ct.target)``.
#
# With ImageNet weights
# ---------------------
# ::
#
#     networks = make_extractors("InceptionV3", "DenseNet121", "ResNet50", store="features.db")
#     ct = load_image_folder("scans/", group_pattern=r"(patient\d+)")
