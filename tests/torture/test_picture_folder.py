"""A large folder with a few bad files: nothing is trained, and all of them are named."""

import numpy as np
import pytest
from picture_mutants import saved
from PIL import Image
from torture_tally import sizes

from fusionlearn import BackboneFeatureExtractor, FineTuneClassifier
from fusionlearn.exceptions import ImageError
from fusionlearn.images import find_bad_images


@sizes(100, 10_000)
@pytest.mark.parametrize("n_bad", [1, 5])
def test_bad_files_in_a_folder(n, n_bad, tally, tiny, tmp_path):
    t = tally(f"bad files in a folder of {n:,}, {n_bad} of them")
    rng = np.random.default_rng(n_bad)
    bad = sorted(int(index) for index in rng.choice(n, n_bad, replace=False))
    paths = [tmp_path / f"{number}.png" for number in range(n)]
    for index, path in enumerate(paths):
        data = saved(Image.fromarray(rng.integers(0, 256, (16, 16), dtype=np.uint8)), "PNG")
        path.write_bytes(data[:-100] if index in bad else data)
    classifier = FineTuneClassifier(BackboneFeatureExtractor(tiny), epochs=1, random_state=0)
    with pytest.raises(ImageError) as caught:
        classifier.fit(paths, np.arange(n) % 2)
    message = str(caught.value)
    found = [error.index for error in find_bad_images(paths)]
    for index in bad:
        t.tried += 1
        named = f"picture {index} ({paths[index]})" in message and index in found
        t.survived += named
        t.lost += not named
    t.wrong += len(found) - n_bad
