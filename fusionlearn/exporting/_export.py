"""Leaving Python."""

import json
import os
import stat
import tempfile
from dataclasses import dataclass

import numpy as np
from sklearn.utils._param_validation import StrOptions, validate_params
from sklearn.utils.validation import check_is_fitted

from .._bars import progress_bar
from .._compat import isolated_keras_build, without_chatter
from .._files import check_writable_place, write_whole
from .._hints import did_you_mean
from ..exceptions import ExportError
from ._agreement import largest_difference, sample_pictures
from ._card import describe, model_card
from ._formats import FORMATS, METADATA_NAME, other_people_s_code, remove
from ._graph import build_graph, graph_digest


@dataclass(frozen=True)
class Exported:
    """What :func:`export` has written.

    Parameters
    ----------
    path : str
        The model: a file, or a folder of the format "saved_model".

    files : tuple of str
        All that was written, with the metadata (JSON) and the model card (Markdown).

    format : str
        The format.

    size : int
        Bytes of the model, without metadata and card.

    difference : float
        Largest difference of a probability between the graph and ``predict_proba``.

    n_compared : int
        Number of pictures on which they were compared.

    metadata : dict
        What was written into the model.
    """

    path: str
    files: tuple
    format: str
    size: int
    difference: float
    n_compared: int
    metadata: dict

    def __str__(self):
        return (
            f"{self.path}: {self.format}, {self.size / 1e6:.1f} MB, differs from predict_proba by "
            f"{self.difference:.2g} at most on {self.n_compared} pictures"
        )


@validate_params(
    {
        "path": [str, os.PathLike],
        "format": [StrOptions(set(FORMATS)), None],
        "license": [str, None],
        "intended_use": [str, None],
        "title": [str, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def export(
    estimator,
    path,
    format=None,
    *,
    X=None,
    evaluation=None,
    license=None,
    intended_use=None,
    title=None,
    verbose=0,
):
    """Write a fitted classifier of pictures as one graph that runs without this library.

    The graph takes pixels of pictures of any size, as they are, and gives probabilities:
    resizing as Pillow does it, to the bit, preprocessing, networks, fusion, heads and
    calibration are all in it. What was written is run, and compared with
    ``predict_proba``, before it takes its place.

    Parameters
    ----------
    estimator : classifier of pictures
        A fitted classifier that has ``predict_proba``. It may be composed of the
        extractors, fusions and classifiers of this library, and of scikit-learn's
        pipelines, scalers, selectors, PCA, linear models, searches, votes, stacks and
        calibration. Anything else is refused by its name.

    path : str or path-like
        What is written, with the suffix of its format; a folder for "saved_model". What
        an earlier export wrote there is replaced. Metadata and a model card are written
        beside it, as ``path`` + ".json" and ``path`` + ".md".

    format : {"keras", "saved_model", "onnx", "openvino", "litert"}, default=None
        None takes the one that the suffix of ``path`` says: ".keras", ".onnx", ".xml"
        (OpenVINO, with its weights in ".bin" beside it) or ".tflite" (LiteRT).

    X : array-like of pictures, default=None
        Pictures of one's own, of which eight are compared too, besides some that are made.

    evaluation : Evaluation, default=None
        What :func:`~fusionlearn.model_selection.evaluate` gave, for the model card.

    license, intended_use, title : str, default=None
        Text for metadata and model card. None: the licence is not stated, the use is
        research, and the title is the name of the file.

    verbose : int, default=0
        1 shows a progress bar of the steps.

    Returns
    -------
    exported : Exported
        Where it lies, how large it is and how well it agrees.

    Raises
    ------
    ExportError
        If a part of the estimator cannot be said as a graph, a package is not installed,
        the path does not fit the format, or the graph gives other probabilities.

    NotFittedError
        If the estimator is not fitted.

    OSError
        If the files cannot be written.

    See Also
    --------
    save : Writes a model for Python, which stays what it is.

    Notes
    -----
    Runtimes have to compute in float32, which is not the default of each: pass
    ``{"INFERENCE_PRECISION_HINT": "f32"}`` to OpenVINO on processors with bfloat16.

    JPEG files much larger than the networks' input are decoded at a fraction of their size
    by this library. The graph takes pixels, wherever they come from: of such a file it may
    be given slightly other ones.

    References
    ----------
    .. [1] M. Mitchell et al., "Model Cards for Model Reporting" (2019), arXiv:1810.03993.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from fusionlearn import BackboneFeatureExtractor, export
    >>> X = np.random.default_rng(0).integers(0, 255, (6, 40, 40), dtype=np.uint8)
    >>> network = BackboneFeatureExtractor("MobileNetV2", weights=None, input_size=32)
    >>> model = make_pipeline(network, LogisticRegression()).fit(X, [0, 1, 0, 1, 0, 1])
    >>> export(model, "model.keras").difference < 1e-4
    True
    """
    path = os.path.abspath(os.fspath(path))
    name = _choose_format(path, format)
    chosen = FORMATS[name]
    _check_place(path, chosen)
    _check_beside(path, chosen)
    check_is_fitted(estimator)
    if not hasattr(estimator, "predict_proba"):
        raise ExportError(
            f"{type(estimator).__name__} has no predict_proba; wanted a classifier that gives "
            "probabilities, for example inside CalibratedClassifierCV."
        )
    with progress_bar("exporting", 4, unit="steps", verbose=verbose) as bar:
        model = build_graph(estimator)
        bar.update()
        metadata = describe(
            estimator,
            graph_digest(model),
            name,
            chosen.runtime,
            license=license,
            intended_use=intended_use,
        )
        pictures = sample_pictures(X)
        parent, base = os.path.split(path)
        with tempfile.TemporaryDirectory(dir=parent, prefix=".fusionlearn-") as place:
            new = os.path.join(place, base)
            try:
                with isolated_keras_build(0), other_people_s_code(), without_chatter():
                    chosen.write(model, new, metadata)
                    bar.update()
                    run = chosen.open(new)
                    run(pictures[0][np.newaxis])
            except Exception as error:
                raise ExportError(
                    f"format={name!r}: the converter or {chosen.runtime} failed ({error}). Try "
                    "another format."
                ) from error
            difference = largest_difference(run, estimator, pictures)
            bar.update()
            size = sum(_size(file) for file in chosen.files(new))
            for source, target in zip(chosen.files(new), chosen.files(path), strict=True):
                if os.path.isdir(target):
                    remove(target)
                os.replace(source, target)
        metadata["largest_difference"] = difference
        card = model_card(
            metadata, estimator, difference, len(pictures), size, evaluation, title or base
        )
        # Who may read the model may read what is to be known of it.
        mode = stat.S_IMODE(os.stat(path).st_mode) & 0o666
        write_whole(f"{path}.json", json.dumps(metadata, indent=2).encode() + b"\n", mode)
        write_whole(f"{path}.md", card.encode(), mode)
        bar.update()
    files = (*chosen.files(path), f"{path}.json", f"{path}.md")
    return Exported(path, files, name, size, difference, len(pictures), metadata)


def _choose_format(path, format):
    suffix = os.path.splitext(path)[1]
    if format is None:
        for name, candidate in FORMATS.items():
            if candidate.suffix and candidate.suffix == suffix:
                return name
        suffixes = {one.suffix: name for name, one in FORMATS.items() if one.suffix}
        raise ExportError(
            f"path={path!r} does not say the format: wanted one of the suffixes "
            f"{', '.join(suffixes)}, or format=.{did_you_mean(suffix, list(suffixes))}"
        )
    wanted = FORMATS[format].suffix
    if wanted and suffix != wanted:
        raise ExportError(
            f"path={path!r} with format={format!r}: wanted a path that ends in {wanted!r}."
        )
    return format


def _check_place(path, chosen):
    missing = chosen.missing_packages()
    if missing:
        raise ExportError(
            f"{', '.join(missing)}: not installed. Install what formats need "
            "(pip install 'fusionlearn[export]'), or choose 'keras' or 'saved_model'."
        )
    check_writable_place(path)
    if os.path.isdir(path):
        ours = os.path.join(path, "assets.extra", METADATA_NAME)
        if chosen.suffix or not os.path.exists(ours):
            raise ExportError(
                f"path={path!r} is a folder that no export has made; nothing was written. Choose "
                "another path."
            )
    elif not chosen.suffix and os.path.exists(path):
        raise ExportError(f"path={path!r} is a file, and a folder is wanted for this format.")


def _check_beside(path, chosen):
    """Refuse to write over files that were not named, unless an export made them."""
    beside = [*chosen.files(path)[1:], f"{path}.json", f"{path}.md"]
    there = [one for one in beside if os.path.lexists(one)]
    if not there:
        return
    try:
        with open(f"{path}.json", encoding="utf-8") as file:
            is_ours = json.load(file)["made_by"] == "fusionlearn"
    except (OSError, ValueError, KeyError, TypeError):
        is_ours = False
    if not is_ours or any(os.path.isdir(one) for one in there):
        raise ExportError(
            f"{there[0]!r} would be written beside path={path!r}, and is there already, made by "
            "something else. Choose another path."
        )


def _size(path):
    if not os.path.isdir(path):
        return os.path.getsize(path)
    return sum(
        os.path.getsize(os.path.join(folder, name))
        for folder, _, names in os.walk(path)
        for name in names
    )
