"""Whether weights found out of fold make a vote on COVID-CT better than equal ones, by patient."""

import sys
import time
import warnings

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fusionlearn import FeatureStore, MajorityVoteFusion, get_groups
from fusionlearn.exceptions import SmallSampleWarning
from fusionlearn.model_selection import evaluate

from .accuracy import AccuracyReport, as_intervals, read_data

_N_REPEATS = 3
_RULES = {"equal weights": None, 'weights="oof"': "oof", 'weights="greedy"': "greedy"}


def run(quick):
    """Evaluate votes of few and of many members under each rule.

    Parameters
    ----------
    quick : bool
        Whether to do a smoke run: phantoms, one untrained network, one repeat.

    Returns
    -------
    report : AccuracyReport
        Scores with intervals, paired differences to equal weights, and weights.
    """
    dataset, networks = read_data("selection", quick)
    report = AccuracyReport("selection", quick)
    report.data = {
        "pictures": len(dataset.data),
        "patients": len(np.unique(get_groups(dataset.data))),
        "networks": [name for name, _ in networks],
        "repeats": 1 if quick else _N_REPEATS,
    }
    store = FeatureStore()
    networks = [(name, clone(network).set_params(store=store)) for name, network in networks]
    for _, network in networks:  # computed once; seconds are then those of the heads
        network.fit_transform(dataset.data)
    with warnings.catch_warnings():
        if quick:  # too few phantoms, which is what a smoke run is
            warnings.simplefilter("ignore", SmallSampleWarning)
        for library, members in _libraries(networks).items():
            _compare(report, library, members, dataset)
    return report


def _libraries(networks):
    """Members by name: one kind of head, all about equally good, and heads of three kinds."""
    heads = {
        "logistic regression": LogisticRegression(C=1e-3, max_iter=1000),
        "nearest neighbours": KNeighborsClassifier(15),
        "naive Bayes": GaussianNB(),
    }

    def members(chosen):
        return [
            (f"{name}, {head}", make_pipeline(network, StandardScaler(), clone(heads[head])))
            for head in chosen
            for name, network in networks
        ]

    few, many = members(["logistic regression"]), members(heads)
    return {f"{len(few)} heads of one kind": few, f"{len(many)} heads of three kinds": many}


def _compare(report, library, members, dataset):
    found = {}
    for rule, weights in _RULES.items():
        vote = MajorityVoteFusion(members, weights=weights, random_state=0)
        found[rule], fitted = _judge(report, f"{library}, {rule}", vote, dataset)
        shares = fitted.weights_.tolist()
        scores = [None] * len(members) if weights is None else fitted.oof_scores_.tolist()
        report.rows[-1]["members"] = [
            {"name": name, "weight": share, "oof_score": score}
            for (name, _), share, score in zip(members, shares, scores, strict=True)
        ]
    # Chosen on all pictures, so slightly too good: a bar for what is chosen inside the folds.
    name, best = members[int(fitted.oof_scores_.argmax())]
    found[f"{name} alone"], _ = _judge(report, f"{library}, {name} alone", best, dataset)
    equal = found.pop("equal weights")
    for rule, evaluation in found.items():
        gained = as_intervals(evaluation.compare(equal))
        report.differences.append({"name": f"{library}, {rule}", "plain": gained})


def _judge(report, name, model, dataset):
    start = time.perf_counter()
    fitted = clone(model).fit(dataset.data, dataset.target)
    seconds = time.perf_counter() - start
    evaluation = evaluate(
        model,
        dataset.data,
        dataset.target,
        n_repeats=report.data["repeats"],
        positive=dataset.pos_label,
        shortcut=False,
    )
    print(f"\n{name}: fitted in {seconds:.1f} seconds\n{evaluation}", file=sys.stderr, flush=True)
    report.rows.append(
        {
            "name": name,
            "plain": as_intervals(evaluation.scores),
            "by_patient": as_intervals(evaluation.by_patient().scores),
            "seconds": seconds,
            "members": [],
        }
    )
    return evaluation, fitted
