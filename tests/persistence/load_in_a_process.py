"""Load a model and predict in a new process."""

import json
import sys
import warnings

if "--without-openvino" in sys.argv:
    sys.modules["openvino"] = None

import numpy as np

import fusionlearn

path, pixels, *rest = (part for part in sys.argv[1:] if not part.startswith("--"))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", fusionlearn.exceptions.FusionlearnWarning)
    try:
        model = fusionlearn.load(path, weights=rest[0] if rest else None)
        said = {"proba": model.predict_proba(np.load(pixels)).tolist()}
    except fusionlearn.exceptions.FusionlearnError as error:
        said = {"error": f"{type(error).__name__}: {error}"}
said["warnings"] = [type(warning.message).__name__ for warning in caught]
said["openvino"] = sys.modules.get("openvino") is not None
sys.stdout.write(json.dumps(said))
