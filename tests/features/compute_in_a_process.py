"""One of two processes that compute the same pictures at the same moment."""

import sys
import time
from pathlib import Path

import numpy as np
import tiny_network

from fusionlearn import BackboneFeatureExtractor, FeatureStore, register_backbone

folder, number = Path(sys.argv[1]), int(sys.argv[2])
backbone = register_backbone("tiny", tiny_network.build, input_size=tiny_network.SIDE)
X = np.load(folder / "X.npy")
BackboneFeatureExtractor(backbone, store=FeatureStore()).transform(X[:1])

(folder / f"ready {number}").touch()
while not (folder / f"ready {1 - number}").exists():
    time.sleep(0.001)

store = FeatureStore(folder / "features.db")
features = BackboneFeatureExtractor(backbone, store=store, batch_size=4).transform(X)
np.save(folder / f"features {number}.npy", features)
(folder / f"hits {number}").write_text(str(store.stats()["hits"]))
