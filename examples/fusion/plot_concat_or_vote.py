"""
Concatenate or vote?
====================

Several networks can be fused in two ways: their features side by side under one classifier, or
one classifier for each and a vote. Which is better is a question to your data, and the answer
needs an interval of the *difference*.

The networks are untrained; the comparison shows the method, not a result.
"""

# %%
# Three networks, each alone
# --------------------------
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import ConcatFusion, MajorityVoteFusion, make_extractors
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.model_selection import evaluate

ct = make_ct_phantoms(160, n_patients=80, image_size=64)
settings = {"weights": None, "input_size": 64, "layers": 0.1, "pooling": "avg_std"}
networks = make_extractors("MobileNet", "MobileNetV2", "VGG16", **settings)


def under_a_head(features):
    """Put a linear classifier on features."""
    return make_pipeline(features, StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))


models = {name: under_a_head(network) for name, network in networks}

# %%
# Both fusions
# ------------
models["concatenated"] = under_a_head(ConcatFusion(networks))
models["voting"] = MajorityVoteFusion([(name, under_a_head(network)) for name, network in networks])

# %%
# All on the same folds
# ---------------------
# Each picture goes through each network once; the fusions find its features in the store.
results = {
    name: evaluate(model, ct.data, ct.target, cv=4, positive="ground-glass", shortcut=False)
    for name, model in models.items()
}

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, sharey=True, figsize=(8, 3), layout="constrained")
for ax, score in zip(axes, ["accuracy", "roc_auc"], strict=True):
    for row, result in enumerate(results.values()):
        estimate, low, high = result.scores[score]
        ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt="o", capsize=4)
    ax.axvline(0.5, linestyle=":", color="gray")
    ax.set(title=score, yticks=range(len(results)), yticklabels=results, xlim=(0.4, 1))
axes[0].invert_yaxis()
plt.show()

# %%
# The difference, with its interval
# ---------------------------------
# Intervals that overlap say little; the paired difference says more. Where it holds 0, the two
# have not been told apart. A vote ranks worse than the features below it, since its probability
# leaves out those who voted against: so a smaller area under the curve is no surprise.
differences = results["concatenated"].compare(results["voting"])
for score in ("accuracy", "roc_auc"):
    estimate, low, high = differences[score]
    print(f"{score:9} {estimate:+.3f} [{low:+.3f}, {high:+.3f}]")

# %%
# Who voted for what?
# -------------------
# Four fifths of the patients train. Among the pictures of the others you would look first at those
# on which the members disagree.
import numpy as np

is_test = np.isin(ct.groups, sorted(set(ct.groups))[::5])
vote = models["voting"].fit(ct.data[~is_test], ct.target[~is_test])
agreement = vote.agreement(ct.data[is_test])
print(f"the members agree on {(agreement == 1).sum()} of {is_test.sum()} pictures; the others:")
print(vote.votes(ct.data[is_test])[agreement < 1])

# %%
# With ImageNet weights
# ---------------------
# ::
#
#     networks = make_extractors("InceptionV3", "DenseNet121", "ResNet50", store="features.db")
#     ct = load_image_folder("scans/", group_pattern=r"(patient\d+)")
