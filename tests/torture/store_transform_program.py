"""A transform that its parent kills; named on the command line: the folder."""

import sys
from pathlib import Path

import numpy as np
import tiny_network

from fusionlearn import BackboneFeatureExtractor, FeatureStore, register_backbone

folder = Path(sys.argv[1])
backbone = register_backbone("tiny", tiny_network.build, input_size=tiny_network.SIDE)
X = np.load(folder / "X.npy")
BackboneFeatureExtractor(backbone, store=FeatureStore()).transform(X[:1])
(folder / "ready").touch()
BackboneFeatureExtractor(backbone, store=folder / "features.db", batch_size=8).transform(X)
