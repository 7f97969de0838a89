"""What has to be known of a model, for machines and for people."""

import datetime
from importlib.metadata import PackageNotFoundError, version

from .._labels import is_multilabel
from .._versions import library_versions
from ..reporting._extractors import named_extractors
from ..reporting._listing import estimator_text

INTENDED_USE = (
    "Research on pictures like those that it was fitted on. It is not a medical device: its "
    "probabilities are no diagnosis, and no decision about a patient may rest on them."
)
_MEANING = {
    False: "one for each class, in their order; they sum to 1",
    True: "one for each label, each by itself, in the order of the columns of y; they do not "
    "sum to 1",
}


def describe(estimator, digest, format_name, runtime, *, license, intended_use):
    """Collect the facts that are written into a model and beside it.

    Parameters
    ----------
    estimator : classifier of pictures
        What is exported.

    digest : str
        Digest of the graph.

    format_name, runtime : str
        The format, and what runs it.

    license, intended_use : str or None
        As for :func:`fusionlearn.export`.

    Returns
    -------
    metadata : dict
        As JSON can hold it.
    """
    return {
        "made_by": "fusionlearn",
        "made_on": datetime.date.today().isoformat(),
        "format": format_name,
        "runtime": runtime,
        "digest": digest,
        "classes": _names(estimator),
        "input": {
            "name": "pixels",
            "shape": ["n", "height", "width", 3],
            "type": "uint8",
            "meaning": "RGB, 0-255, any size, all of one batch alike; grey as three equal channels",
        },
        "output": {
            "name": "probabilities",
            "shape": ["n", len(estimator.classes_)],
            "type": "float32",
            "meaning": _MEANING[is_multilabel(estimator)],
        },
        "networks": [
            _network(name, extractor) for name, extractor in named_extractors(estimator).items()
        ],
        "license": license or "not stated",
        "intended_use": intended_use or INTENDED_USE,
        "versions": library_versions() | _runtime_version(runtime),
    }


def _runtime_version(runtime):
    try:
        return {runtime: version(runtime.replace("_", "-"))}
    except PackageNotFoundError:
        return {}


def _names(estimator):
    if is_multilabel(estimator):
        return [f"column {number}" for number in range(len(estimator.classes_))]
    return [label.item() if hasattr(label, "item") else label for label in estimator.classes_]


def _network(name, extractor):
    network = extractor.job().network
    weights = network.weights_digest
    return {
        "name": name,
        "application": network.backbone.name,
        "input_size": list(network.input_size),
        "pooling": network.pooling,
        "weights": weights if len(weights) < 64 else f"sha256 {weights}",
    }


def model_card(metadata, estimator, difference, n_compared, size, evaluation, title):
    """Write the card.

    Parameters
    ----------
    metadata : dict
        What :func:`describe` gave.

    estimator : classifier of pictures
        What was exported.

    difference : float
        Largest difference of a probability when both were compared.

    n_compared : int
        Pictures that were compared.

    size : int
        Bytes of the model.

    evaluation : Evaluation or None
        What is known of its scores.

    title : str
        The first line.

    Returns
    -------
    text : str
        Markdown.
    """
    networks = "\n".join(
        f"| {one['name']} | {one['application']} | {' x '.join(map(str, one['input_size']))} "
        f"| {one['pooling']} | `{one['weights']}` |"
        for one in metadata["networks"]
    )
    versions = ", ".join(f"{name} {version}" for name, version in metadata["versions"].items())
    classes = ", ".join(f"`{label}`" for label in metadata["classes"])
    return f"""# {title}

Made by fusionlearn on {metadata["made_on"]}, format {metadata["format"]}, {size / 1e6:.1f} MB.

## Intended use

{metadata["intended_use"]}

## What goes in and what comes out

- In: `pixels`, uint8, of shape (n, height, width, 3): {metadata["input"]["meaning"]}.
- Out: `probabilities`, float32, of shape (n, {len(metadata["classes"])}): \
{metadata["output"]["meaning"]}.
- Classes: {classes}.

{metadata["runtime"]} runs it, without fusionlearn: give it `pixels` of a picture that is \
decoded to RGB. Resizing, grey levels, scaling of pixels, networks, fusion and probabilities are \
all in the graph. DICOM windows, decoding of files and the choice of a threshold are not.

## Scores

{_scores(evaluation)}

## The model

```
{estimator_text(estimator)}
```

| name | network | pixels | pooling | weights |
| --- | --- | --- | --- | --- |
{networks}

## Agreement

On {n_compared} pictures its probabilities differ from those in Python by {difference:.2g} at \
most, run by {metadata["runtime"]} in float32. Runtimes that compute in bfloat16 or float16 by \
default give others.

## Provenance

- Digest of operations and weights: `{metadata["digest"]}`
- Licence: {metadata["license"]}. Weights of networks have licences of their own.
- Versions: {versions}
"""


def _scores(evaluation):
    if evaluation is None:
        return (
            "None were given. Without scores on patients that it has never seen, with intervals, "
            "and beside what the files alone give away, nothing is known about what this model "
            "is worth."
        )
    return (
        f"```\n{evaluation}\n```\n\nWhoever made this card vouches that what was judged here had "
        "seen none of these patients when it was fitted."
    )
