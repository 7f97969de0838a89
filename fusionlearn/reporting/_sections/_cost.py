"""What the model costs in time."""

import os

from ...inspection._network_time import time_members
from .._blocks import Facts, Section, Table, Text
from .._extractors import named_extractors
from .._privacy import shorten
from .._words import count, seconds
from ._networks import milliseconds


def cost_section(material):
    """Give the time that training and each network take.

    Parameters
    ----------
    material : Material
        Everything.

    Returns
    -------
    section : Section
        The section.
    """
    computed, found = material.rows
    facts = (
        (
            "Cross-validation",
            f"{seconds(material.evaluation.seconds)} for {count(material.n_folds, 'fold')}, with "
            "all features that were not stored yet",
        ),
        (
            "One fit",
            f"{seconds(material.fit_seconds)} on {count(len(material.train), 'picture')}, with "
            "features in store",
        ),
        ("Rows of features", f"{computed:,} computed, {found:,} found in store for this page"),
        ("Processors", f"{os.cpu_count()}"),
    )
    extractors = named_extractors(material.model)
    networks = Text("The model has no network of this library in it.")
    if extractors:
        networks = _table(material, extractors)
    return Section(
        "cost",
        "Cost",
        "How long training takes, and one picture in each network, on the machine that wrote this.",
        (Facts(facts), networks),
        "Times differ from machine to machine and from run to run. Decoding a picture is not "
        "counted in those of networks.",
    )


def _table(material, extractors):
    known = material.contributions
    if known is not None and set(known.names) == set(extractors):
        extractors = {name: extractors[name] for name in known.names}
        times, engines, n_timed = known.milliseconds, known.engines, known.n_timed
    else:
        times, engines, n_timed = time_members(
            [[extractor] for extractor in extractors.values()], material.references
        )
    rows = []
    for (name, extractor), time, engine in zip(extractors.items(), times, engines, strict=True):
        height, width = extractor.job().network.input_size
        n_features = len(extractor.get_feature_names_out())
        rows.append(
            (shorten(name), f"{height} × {width}", f"{n_features:,}", milliseconds(time), engine)
        )
    head = ("Network", "Pixels", "Features", "ms per picture", "Engine")
    return Table(f"Networks, timed on {count(n_timed, 'picture')}", head, tuple(rows))
