"""
Pictures beside a table
=======================

A scan comes with an age, a laboratory value, a device. A column of a data frame may hold pictures,
so scikit-learn's ``ColumnTransformer`` and ``StackingClassifier`` combine both; the patients
stay apart in the inner folds of the stack, too.

Ages and values are invented for synthetic slices.
"""

# %%
# A data frame
# ------------
# The invented value is a little higher where the slice has an opacity.
import numpy as np
import pandas as pd

from fusionlearn.datasets import make_ct_phantoms

ct = make_ct_phantoms(160, n_patients=80, image_size=64)
rng = np.random.default_rng(0)
patients, index = np.unique(ct.groups, return_inverse=True)
table = pd.DataFrame(
    {
        "picture": ct.data,
        "age": rng.integers(30, 85, len(patients))[index],
        "marker": rng.normal(size=len(patients))[index] + 0.8 * (ct.target == "ground-glass"),
    }
)
print(table[["age", "marker"]].describe().loc[["mean", "std"]].round(2))

# %%
# Three models: pictures, numbers, and a stack of both
# ----------------------------------------------------
# ``StratifiedImageGroupKFold`` finds the patients in the column with the pictures, so nothing
# need be routed.
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import ConcatFusion, make_extractors
from fusionlearn.model_selection import StratifiedImageGroupKFold

settings = {"weights": None, "input_size": 64, "layers": 0.1, "pooling": "avg_std"}
networks = ConcatFusion(make_extractors("MobileNet", "VGG16", **settings))
pictures = make_pipeline(
    make_column_transformer((networks, ["picture"])),
    StandardScaler(),
    LogisticRegression(C=0.1, max_iter=1000),
)
numbers = make_pipeline(
    make_column_transformer((StandardScaler(), ["age", "marker"])), LogisticRegression()
)
folds = StratifiedImageGroupKFold(4, shuffle=True, random_state=0)
stack = StackingClassifier(
    [("pictures", pictures), ("numbers", numbers)],
    final_estimator=LogisticRegression(),
    cv=StratifiedImageGroupKFold(3),
)

# %%
# All on the same folds
# ---------------------
import matplotlib.pyplot as plt
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from fusionlearn.metrics import bootstrap_interval

is_sick = ct.target == "ground-glass"
models = {"pictures": pictures, "numbers": numbers, "stack of both": stack}
figure, ax = plt.subplots(figsize=(6, 2.2), layout="constrained")
for row, (name, model) in enumerate(models.items()):
    scores = cross_val_predict(model, table, is_sick, cv=folds, method="predict_proba")[:, 1]
    interval = bootstrap_interval(roc_auc_score, is_sick, scores, groups=ct.groups)
    estimate, low, high = interval
    print(f"{name:14} {estimate:.3f} [{low:.3f}, {high:.3f}]")
    ax.errorbar(estimate, row, xerr=[[estimate - low], [high - estimate]], fmt="o", capsize=4)
ax.axvline(0.5, linestyle=":", color="gray")
ax.set(yticks=range(3), yticklabels=models, ylim=(2.5, -0.5), xlim=(0.4, 1))
ax.set_xlabel("area under the ROC curve, 95 % interval by patient")
plt.show()

# %%
# With ImageNet weights and a table of yours
# ------------------------------------------
# ::
#
#     table["picture"] = check_images(table["path"], groups=table["patient"])
#     networks = ConcatFusion(make_extractors("DenseNet121", "ResNet50", store="features.db"))
