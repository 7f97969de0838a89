"""Where the model was wrong and sure of itself."""

from ...inspection import ErrorGalleryDisplay
from .._blocks import Gallery, LeftOut, Picture, Section, Text
from .._privacy import shorten
from .._thumbnails import thumbnail
from .._words import unit_apart

_N_PICTURES = 12


def errors_section(material):
    """Show the mistakes with the largest probability.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section or LeftOut
        The section.
    """
    found = ErrorGalleryDisplay.from_evaluation(
        material.evaluation, material.references, n_pictures=_N_PICTURES
    )
    title = "Mistakes"
    if not found.n_errors:
        return LeftOut(title, "Every picture was predicted right, so there is no mistake to show.")
    low, high = found.error_interval
    accuracy = material.evaluation.scores.get("accuracy")
    if accuracy is not None:  # two methods on one page would be two intervals of one figure
        low, high = 1 - accuracy.high, 1 - accuracy.low
    shows = material.options["show_pictures"]
    pictures = []
    for number, index in enumerate(found.indices.tolist()):
        true = shorten(found.true_labels[number])
        predicted = shorten(found.predicted_labels[number])
        alt = f"Picture {index}, of the class {true}, taken for {predicted}"
        pictures.append(
            Picture(
                thumbnail(found.pictures[number]) if shows else None,
                alt,
                f"is {true}",
                (
                    f"predicted {predicted}, probability {found.probabilities[number]:.2f}",
                    *material.names[index],
                ),
            )
        )
    blocks = [Gallery(tuple(pictures))]
    if not shows:
        blocks.insert(0, Text("Pictures are not shown, as was asked for."))
    return Section(
        "mistakes",
        title,
        f"{found.n_errors:,} of {found.n_samples:,} pictures were predicted wrong, a share of "
        f"{found.n_errors / found.n_samples:.3f} [{low:.3f}, {high:.3f}]. "
        f"{_which(len(pictures), found.n_errors)} judged by a model that had not seen the "
        f"{unit_apart(material.known)}.",
        tuple(blocks),
        "A mistake may be the label's. A few pictures show what to look at next, not why the "
        "model fails.",
    )


def _which(n_shown, n_errors):
    if n_shown < n_errors:
        return f"These are the {n_shown} of which the model was surest, each"
    if n_errors == 1:
        return "This is the one,"
    return f"These are all {n_errors}, the surest first, each"
