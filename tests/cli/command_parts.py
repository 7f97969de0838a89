"""Pictures in folders, and a preset that takes no time, for the commands."""

import json

import pytest
from PIL import Image

from fusionlearn import BackboneFeatureExtractor
from fusionlearn.cli import main
from fusionlearn.datasets import make_ct_phantoms
from fusionlearn.presets import covid_ct
from fusionlearn.presets._registry import _PRESETS


def write_pictures(folder, n_patients=6, size=40, seed=0, copies=False):
    """A folder for each class, with a phantom of each of different patients, or two of each."""
    ct = make_ct_phantoms(
        2 * n_patients, n_patients=2 * n_patients, image_size=size, random_state=seed
    )
    for number, (reference, label) in enumerate(zip(ct.data, ct.target, strict=True)):
        file = folder / str(label) / f"patient{number}-{seed}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(reference.decode())
        picture.save(file)
        if copies:
            picture.rotate(3).save(file.with_stem(f"{file.stem}b"))
    return folder


def run(*words):
    """Run a command."""
    return main([str(word) for word in words])


def run_json(capsys, *words, status=0):
    """Run a command; give its document, and what it says beside."""
    assert run(*words, "--json") == status
    out, err = capsys.readouterr()
    return json.loads(out), err


@pytest.fixture(scope="module")
def tiny_preset(tiny):
    """A preset of the name "tiny_vote" whose two networks cost nothing."""

    def tiny_vote(*, fusion="vote", epochs=1, store=None, verbose=0):
        networks = [
            (pooling, BackboneFeatureExtractor(tiny, pooling=pooling, store=store))
            for pooling in ("avg", "max")
        ]
        return covid_ct(
            fusion=fusion,
            extractors=networks,
            epochs=epochs,
            batch_size=16,
            learning_rate=0.05,
            n_copies=0,
            verbose=verbose,
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_PRESETS, "tiny_vote", tiny_vote)
        yield ("--preset", "tiny_vote")
