"""How long one picture takes in each network."""

import time
from dataclasses import replace
from statistics import median

import numpy as np

from ..backbones import get_engine
from ..features import BackboneFeatureExtractor, FeatureStore
from ..features._extraction import extract
from ..images import check_images

# So many fill OpenVINO's requests; the first pass builds the network and is not counted.
N_PICTURES = 16
N_PASSES = 5


def time_members(members, references):
    """Measure how long one picture takes in the networks of each member.

    Nothing is read from or put into the stores of the extractors.

    Parameters
    ----------
    members : list of list of estimator object
        For each member what stands for it, with extractors in it.

    references : ndarray of shape (n_samples,), dtype object
        Pictures, of which some are taken from all over.

    Returns
    -------
    milliseconds : ndarray of shape (n_members,)
        Per picture; nan for a member without a network.

    engines : tuple of str
        What ran each member's networks; empty for a member without one.

    n_pictures : int
        Number of pictures on which was measured.
    """
    at = np.linspace(0, len(references) - 1, min(N_PICTURES, len(references))).astype(int)
    chosen = {reference.digest: reference for reference in references[at]}
    # Decoded once: that is no network's own work.
    pictures = check_images([reference.decode() for reference in chosen.values()])
    jobs = [
        [(extractor.job(), extractor.n_jobs) for part in parts for extractor in _extractors(part)]
        for parts in members
    ]
    seconds = _time([task for tasks in jobs for task in tasks], pictures)
    milliseconds, engines = [], []
    for tasks in jobs:
        times = [1000 * seconds[_key(job)] / len(pictures) for job, _ in tasks]
        milliseconds.append(sum(times) if times else np.nan)
        # What ran, which may be another one than what was asked for.
        engines.append(" and ".join(sorted({_engine_name(job) for job, _ in tasks})))
    return np.array(milliseconds), tuple(engines), len(pictures)


def _extractors(member):
    """All extractors in an estimator, each as often as it runs."""
    if isinstance(member, BackboneFeatureExtractor):
        return [member]
    params = member.get_params(deep=True) if hasattr(member, "get_params") else {}
    return [value for value in params.values() if isinstance(value, BackboneFeatureExtractor)]


def _engine_name(job):
    return type(get_engine(job.network)).__name__.removesuffix("Engine")


def _key(job):
    return job.network.identity, job.network.engine, job.batch_size


def _time(tasks, pictures):
    """Seconds that each network takes for all pictures."""
    tasks = {_key(job): (job, n_jobs) for job, n_jobs in tasks}
    seconds = {key: [] for key in tasks}
    # In turns: what else the machine is busy with then slows all networks alike.
    for _ in range(1 + N_PASSES):
        for key, (job, n_jobs) in tasks.items():
            # A fresh store, in which no row can be found.
            fresh = replace(job, store=FeatureStore())
            start = time.perf_counter()
            extract(pictures, [fresh], n_jobs=n_jobs)
            seconds[key].append(time.perf_counter() - start)
    return {key: median(passes[1:]) for key, passes in seconds.items()}
