"""
Where the time goes
===================

Networks that look at pictures take most of it, so the first rule is: once per picture. The other
rules are about that one pass. Times below are of the machine that built this page, in
milliseconds for one picture; look at the ratios, and run the program on yours.
"""

# %%
# A stopwatch
# -----------
# The first call builds the network (and converts it, where OpenVINO is installed), so it does
# not count. An empty store for each measurement, or nothing would be computed.
import time

import numpy as np

from fusionlearn import BackboneFeatureExtractor, FeatureStore

pictures = np.random.default_rng(0).integers(0, 256, (48, 256, 256), dtype=np.uint8)


def milliseconds(application="MobileNet", **params):
    """Time one pass of all pictures but the first."""
    extractor = BackboneFeatureExtractor(application, weights=None, store=FeatureStore(), **params)
    extractor.transform(pictures[:1])
    start = time.perf_counter()
    extractor.transform(pictures[1:])
    return (time.perf_counter() - start) / (len(pictures) - 1) * 1000


# %%
# Which network, at which size?
# -----------------------------
# Time grows with the area in pixels. A picture of 256 pixels gains nothing at 448.
times = {
    "MobileNet, 96 pixels": milliseconds(input_size=96),
    "MobileNet, 160 pixels": milliseconds(input_size=160),
    "MobileNet, 224 pixels": milliseconds(input_size=224),
    "half as wide, 224 pixels": milliseconds(input_size=224, application_params={"alpha": 0.5}),
    "cut at half its depth, 224 pixels": milliseconds(input_size=224, layers=0.5),
    "MobileNetV2, 224 pixels": milliseconds("MobileNetV2", input_size=224),
}

# %%
# Once, and then never again
# --------------------------
# The second pass reads the store. So do all other folds, grid points and clones; with a path,
# other processes and tomorrow's run do, too.
extractor = BackboneFeatureExtractor(weights=None, input_size=96, store=FeatureStore())
extractor.set_params(application="MobileNet").transform(pictures)
start = time.perf_counter()
extractor.transform(pictures)
times["any network, from the store"] = (time.perf_counter() - start) / len(pictures) * 1000

# %%
import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
bars = ax.barh(list(times), times.values())
ax.bar_label(bars, fmt="%.2g", padding=3)
ax.invert_yaxis()
ax.set(xlabel="milliseconds for one picture", xlim=(0, 1.15 * max(times.values())))
plt.show()

# %%
# On your machine
# ---------------
# - ``pip install "fusionlearn[openvino]"``: the engine on processors. Nothing else changes.
# - ``precision="bfloat16"`` can halve the time again, or double it: it depends on the processor.
#   Rows of both precisions are kept apart.
# - ``n_jobs=2`` in a search needs a store with a path, since processes share no memory.
#
# The weights make no difference to the time; with ImageNet's::
#
#     networks = make_extractors("MobileNet", "MobileNetV2", store="features.db")
#     features = ConcatFusion(networks).transform(paths)
