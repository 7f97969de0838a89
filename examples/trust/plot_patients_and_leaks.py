"""
Patients and leaks
==================

Here the labels are drawn by coin, one for each patient: there is *nothing* to be learned, and
an honest score is about one half. A split by picture finds much more than that, since slices
of one patient look alike. This is the commonest way to publish a figure that does not hold.
"""

# %%
# Labels by coin
# --------------
import numpy as np

from fusionlearn.datasets import make_ct_phantoms

ct = make_ct_phantoms(360, n_patients=60, image_size=64)
patients, index = np.unique(ct.groups, return_inverse=True)
coin = np.random.default_rng(0).permutation(np.repeat(["heads", "tails"], 30))
y = coin[index]

# %%
# Split by picture, split by patient
# ----------------------------------
# The same model, the same pictures, the same number of folds.
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from fusionlearn import ConcatFusion, make_extractors
from fusionlearn.metrics import bootstrap_interval
from fusionlearn.model_selection import StratifiedImageGroupKFold

settings = {"weights": None, "input_size": 64, "layers": [0.1, 0.3], "pooling": "avg_std"}
features = ConcatFusion(make_extractors("MobileNet", "VGG16", **settings))
model = make_pipeline(features, ExtraTreesClassifier(300, random_state=0))
splits = {
    "by picture": StratifiedKFold(5, shuffle=True, random_state=0),
    "by patient": StratifiedImageGroupKFold(5, shuffle=True, random_state=0),
}


def accuracy(y_true, y_pred):
    """Share of pictures that were predicted right."""
    return np.mean(y_true == y_pred)


intervals = {}
for name, cv in splits.items():
    predicted = cross_val_predict(model, ct.data, y, cv=cv)
    intervals[name] = bootstrap_interval(accuracy, y, predicted, groups=ct.groups)
    print(name, *np.round(intervals[name], 2))

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(6, 1.9), layout="constrained")
for row, (estimate, low, high) in enumerate(intervals.values()):
    ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt="o", capsize=4)
ax.axvline(0.5, linestyle=":", color="gray")
ax.set(yticks=range(2), yticklabels=intervals, ylim=(1.5, -0.5), xlim=(0.3, 1.03))
ax.set_xlabel("accuracy on labels that were drawn by coin")
plt.show()

# %%
# Note the interval, too: it is as sure of the wrong figure as of the right one.
#
# The audit finds it before anything is trained
# ---------------------------------------------
from fusionlearn.model_selection import audit_leakage

for name, cv in splits.items():
    report = audit_leakage(ct.data, y, cv=cv)
    print(f"{name}: {'leaks' if report.is_leaking else 'no leak found'}")
    print(*(f"    {finding.kind}" for finding in report.findings if finding.leaks), sep="\n")

# %%
# Where the library is told the patients, it refuses such folds:
from fusionlearn.model_selection import evaluate

try:
    evaluate(model, ct.data, y, cv=splits["by picture"])
except ValueError as error:
    print(error)

# %%
# With your pictures
# ------------------
# Nothing here depends on the networks; trained ones remember a patient even better. ::
#
#     scans = load_image_folder("scans/", group_pattern=r"(patient\d+)")
#     audit_leakage(scans.data, scans.target, cv=your_splitter).raise_if_leaking()
