"""
Calibrated probabilities and prediction sets
============================================

A network that says 0.9 is not right nine times in ten unless somebody saw to it. Two remedies,
neither of which belongs to this library: scikit-learn's ``CalibratedClassifierCV`` makes
probabilities of scores, and MAPIE_ turns them into sets of classes that hold the true one as
often as was asked for. Both need held-out patients.

.. _MAPIE: https://mapie.readthedocs.io
"""

# %%
# Patients for training, for calibration, for the test
# ----------------------------------------------------
import numpy as np
from sklearn.model_selection import train_test_split

from fusionlearn.datasets import make_ct_phantoms

ct = make_ct_phantoms(480, n_patients=480, image_size=64)
train, rest = train_test_split(np.arange(480), train_size=240, stratify=ct.target, random_state=0)
hold, test = train_test_split(rest, train_size=0.5, stratify=ct.target[rest], random_state=0)

# %%
# These patients have one slice each, so that any split is one by patient. With several slices
# each, take ``StratifiedImageGroupKFold`` to split, and one slice of each patient, or the mean
# of them, to calibrate: slices of one patient are not independent, and the promise of a
# prediction set is made for what is exchangeable.
#
# An overconfident model
# ----------------------
# A head without dropout, trained long on few pictures.
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import ConcatFusion, FineTuneClassifier, make_extractors
from fusionlearn.model_selection import StratifiedImageGroupKFold

settings = {"weights": None, "input_size": 64, "layers": 0.1, "pooling": "avg_std"}
features = ConcatFusion(make_extractors("MobileNet", "VGG16", **settings))
head = FineTuneClassifier(
    hidden_units=(64,),
    dropout=0.0,
    early_stopping=False,
    learning_rate=0.005,
    random_state=0,
)
model = make_pipeline(features, StandardScaler(), head)
calibrated = CalibratedClassifierCV(model, cv=StratifiedImageGroupKFold(3))

# %%
import matplotlib.pyplot as plt

is_sick = ct.target == "ground-glass"
figure, ax = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
for name, classifier in {"as trained": model, "calibrated": calibrated}.items():
    classifier.fit(ct.data[train], is_sick[train])
    CalibrationDisplay.from_estimator(
        classifier,
        ct.data[test],
        is_sick[test],
        n_bins=5,
        strategy="quantile",
        name=name,
        ax=ax,
    )
plt.show()

# %%
# Sets instead of labels
# ----------------------
# MAPIE takes the fitted model as it is. ``{healthy, ground-glass}`` is its way to say that it
# does not know.
from mapie.classification import SplitConformalClassifier

sets = SplitConformalClassifier(calibrated, confidence_level=[0.8, 0.9, 0.95], prefit=True)
sets.conformalize(ct.data[hold], is_sick[hold])
_, members = sets.predict_set(ct.data[test])
for number, level in enumerate((0.8, 0.9, 0.95)):
    covered = members[np.arange(len(test)), is_sick[test].astype(int), number]
    both = members[:, :, number].all(axis=1)
    print(f"asked {level:.0%}: {covered.mean():.0%} hold the truth, {both.mean():.0%} hold both")

# %%
# Coverage is a mean over patients like those who were held out; it says nothing about one
# patient, or about another hospital. And 120 held-out patients give it a few points of chance.
#
# With ImageNet weights
# ---------------------
# ::
#
#     ct = load_image_folder("scans/", group_pattern=r"(patient\d+)")
#     features = ConcatFusion(make_extractors("DenseNet121", "ResNet50", store="features.db"))
