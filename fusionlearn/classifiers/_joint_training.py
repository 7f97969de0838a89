"""End to end: what enters the trained layers, their training, and what they predict."""

import dataclasses
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from .._bars import progress_bar
from .._hints import did_you_mean
from ..backbones import Network, cut_network
from ..exceptions import BackboneError
from ..features import BackboneFeatureExtractor, FeatureStore, Job, extract, find_probes
from ..fusion import ConcatFusion
from ._joint import Joint
from ._optimizers import rates_of
from ._probed import probed_logits
from ._trainer_pool import JOINT_POOL
from ._training import Trained, check_finite

# Pictures that are predicted together.
_BLOCK = 256


@dataclass(frozen=True)
class Member:
    """A network of an extractor, whole or cut.

    Parameters
    ----------
    name : str
        Its name in the fusion.

    network : Network
        The network whose rows enter the model.

    scale : float
        What its features are multiplied by.

    store : FeatureStore
        Where its rows are kept.

    batch_size : int or None
        Pictures that enter it together.
    """

    name: str
    network: Network
    scale: float
    store: FeatureStore
    batch_size: int | None


@dataclass(frozen=True)
class Tuning:
    """How layers of networks are trained.

    Parameters
    ----------
    is_multilabel : bool
        Whether outputs of the head are labels, each by itself, instead of classes.

    optimizer : str
        Name of the optimizer.

    weight_decay, clipnorm : float or None
        As for :class:`Joint`.

    learning_rate : float
        Learning rate.

    schedule : {"constant", "cosine"}
        How it goes on.

    averaging : float
        Share that the running mean of the weights keeps at each step.

    dropout : float
        Dropout of the head.

    batch_size : int
        Pictures of a batch.

    epochs : int
        Largest number of epochs.

    patience : int or None
        Epochs without a better validation loss after which training stops. None: all.
    """

    is_multilabel: bool
    optimizer: str
    weight_decay: float | None
    clipnorm: float | None
    learning_rate: float
    schedule: str
    averaging: float
    dropout: float
    batch_size: int
    epochs: int
    patience: int | None


def find_members(extractor, unfreeze):
    """Find the networks of an extractor, and where each is cut.

    Parameters
    ----------
    extractor : BackboneFeatureExtractor or ConcatFusion
        Fitted or not.

    unfreeze : int, float, str or dict
        As for :class:`~fusionlearn.FineTuneClassifier`.

    Returns
    -------
    members : list of Member
        In the order of the features.

    Raises
    ------
    ValueError
        If the extractor has something else than networks, or ``unfreeze`` names one
        that is not there.

    BackboneError
        If a network has no such layers.
    """
    if isinstance(extractor, ConcatFusion):
        named = [(name, member) for name, member in extractor.transformers if member != "drop"]
        scales = extractor.transformer_weights or {}
    elif isinstance(extractor, BackboneFeatureExtractor):
        named, scales = [(str(extractor.job().network.backbone.name), extractor)], {}
    else:
        named, scales = [("extractor", extractor)], {}
    for name, transformer in named:
        if not isinstance(transformer, BackboneFeatureExtractor):
            raise ValueError(
                f"unfreeze={unfreeze!r}: {name!r} is a {type(transformer).__name__}, which has no "
                "layers to train. Wanted a BackboneFeatureExtractor, or a ConcatFusion of them; "
                "what prepares pictures goes before it: Pipeline([..., FineTuneClassifier("
                "extractor, unfreeze=...)]). Set unfreeze=0 to train the head only."
            )
    names = [name for name, _ in named]
    if not isinstance(unfreeze, dict):
        unfreeze = dict.fromkeys(names, unfreeze)
    for name in unfreeze:
        if name not in names:
            hint = did_you_mean(name, names)
            raise ValueError(f"unfreeze names {name!r}; the networks are {names}.{hint}")
    members = []
    for name, transformer in named:
        job = transformer.job()
        chosen = unfreeze.get(name, 0)
        _check_choice(name, chosen)
        is_cut = chosen == "" or bool(chosen)  # no layer has an empty name
        network = _cut(name, job.network, chosen, len(named)) if is_cut else job.network
        members.append(
            Member(
                name=name,
                network=network,
                scale=float(scales.get(name, 1.0)),
                # No store with a path is given pixels to keep.
                store=FeatureStore() if network.row_type == "|u1" else job.store,
                batch_size=job.batch_size,
            )
        )
    return members


def _check_choice(name, unfreeze):
    is_number = isinstance(unfreeze, Integral) and not isinstance(unfreeze, (bool, np.bool_))
    is_share = isinstance(unfreeze, Real) and not isinstance(unfreeze, Integral)
    if is_number and unfreeze >= 0:
        return
    if not isinstance(unfreeze, str) and not (is_share and 0 <= unfreeze <= 1):
        raise ValueError(
            f"unfreeze={unfreeze!r} for {name!r}: wanted a number of layers, a share of them as a "
            'float in 0-1, the name of the first, or "all".'
        )


def _cut(name, network, unfreeze, n_networks):
    try:
        return cut_network(network, unfreeze)
    except BackboneError as error:
        if n_networks == 1:
            raise
        # Members of a fusion may be one application several times.
        raise BackboneError(
            f"{name!r}: {error} A choice for each network is a dict: unfreeze={{{name!r}: ...}}; "
            "those that it does not name stay frozen."
        ) from error


def get_rows(members, references, **params):
    """Get what enters the model.

    Parameters
    ----------
    members : list of Member
        The networks.

    references : ndarray of shape (n_samples,), dtype object
        Pictures.

    **params : dict
        Further arguments of ``extract``.

    Returns
    -------
    members : list of Member
        The networks; those whose rows do not fit into float16 with float32.

    rows : list of ndarray of shape (n_samples, n_inputs)
        For each network.
    """
    try:
        jobs = [Job(member.network, member.store, member.batch_size) for member in members]
        return members, extract(references, jobs, **params)
    except OverflowError:  # a picture goes beyond what noise did
        wide = [
            dataclasses.replace(member, network=dataclasses.replace(member.network, row_type="<f4"))
            if member.network.row_type == "<f2"
            else member
            for member in members
        ]
        return get_rows(wide, references, **params)


def tune(members, tuning, rows, y, weight, parts, trained, seed, observer):
    """Train the last layers of networks together with a head that is trained already.

    Parameters
    ----------
    members : list of Member
        The networks.

    tuning : Tuning
        How they are trained.

    rows : list of ndarray of shape (n_samples, n_inputs)
        What enters them.

    y, weight : ndarray of shape (n_samples,) or (n_samples, n_labels)
        Number of the class, and weight of each sample.

    parts : tuple of (ndarray, ndarray or None)
        Samples to train on, and to validate on.

    trained : Trained
        The head, whose history goes on.

    seed : numpy.random.SeedSequence
        For the order and the dropout.

    observer : object
        As for ``train``.

    Returns
    -------
    trained : Trained
        The head, its history with that of the tuning, and the best epoch of both.

    tuned : dict of str to list of ndarray
        Weights of the trained layers of each network; empty if the head alone was better.
    """
    training_rows, validation_rows = parts
    rng = np.random.default_rng(seed)
    history = {name: list(values) for name, values in trained.history.items()}
    watched = history["loss" if validation_rows is None else "val_loss"]
    stops_early = tuning.patience is not None and validation_rows is not None
    best_epoch, best = trained.best_epoch, None
    n_batches = -(-len(training_rows) // tuning.batch_size)
    rates = rates_of(tuning.schedule, tuning.learning_rate, tuning.epochs * n_batches)
    n_head = len(watched)
    with JOINT_POOL.lend(_joint(members, rows, trained.coefs, tuning)) as trainer:

        def attributes():
            (coefs, intercepts), tuned = trainer.arrays()
            return {
                "coefs_": coefs,
                "intercepts_": intercepts,
                "trained_layers_": trained_layers(members),
                "fine_tuned_": _by_name(members, tuned),
            }

        trainer.reset((trained.coefs, trained.intercepts), rng, rates[0], tuning.averaging)
        for epoch in range(tuning.epochs):
            observer.begin()
            values = trainer.train_epoch(
                rows,
                y,
                weight,
                rng.permutation(training_rows),
                tuning.batch_size,
                tuning.dropout,
                rates[epoch * n_batches : (epoch + 1) * n_batches],
                rng,
            )
            if validation_rows is not None:
                values += trainer.evaluate(rows, y, weight, validation_rows)
            values = dict(zip(history, values, strict=True))
            check_finite(values, n_head + epoch, "fine_tune_learning_rate")
            for name, value in values.items():
                history[name].append(value)
            if watched[-1] < watched[best_epoch]:
                best_epoch = n_head + epoch
                if stops_early:
                    best = trainer.arrays()
            wants_stop = observer.end(values, attributes)
            since = n_head + epoch - max(best_epoch, n_head - 1)
            if wants_stop or (stops_early and since >= tuning.patience):
                break
        arrays = best if stops_early else trainer.arrays()
    if arrays is None:
        return dataclasses.replace(trained, history=history), {}
    (coefs, intercepts), tuned = arrays
    return Trained(coefs, intercepts, history, best_epoch), _by_name(members, tuned)


def predict_logits(members, references, head_arrays, tuned, tuning, verbose=0):
    """Compute the outputs of a model that was trained end to end.

    Parameters
    ----------
    members : list of Member
        The networks.

    references : ndarray of shape (n_samples,), dtype object
        Pictures.

    head_arrays : tuple of (list of ndarray, list of ndarray)
        Weights and biases of the head.

    tuned : dict of str to list of ndarray
        Weights of the trained layers of each network.

    tuning : Tuning
        How they were trained, so that the model that did it serves again.

    verbose : bool or int, default=0
        Whether there is a progress bar.

    Returns
    -------
    logits : ndarray of shape (n_samples, n_outputs), float64
        Outputs before the sigmoid or softmax.
    """
    blocks = []
    with progress_bar("predicting", len(references), unit="pictures", verbose=verbose) as bar:
        for start in range(0, len(references), _BLOCK):
            block = references[start : start + _BLOCK]
            fitting, rows = get_rows(members, block)
            arrays = [tuned.get(member.name, []) for member in members]
            with JOINT_POOL.lend(_joint(fitting, rows, head_arrays[0], tuning)) as trainer:
                trainer.load(head_arrays, arrays)
                if find_probes(block):
                    blocks.append(probed_logits(trainer, fitting, block, rows, head_arrays, arrays))
                else:
                    blocks.append(trainer.logits(rows))
            bar.update(len(block))
    return np.concatenate(blocks)


def trained_layers(members):
    """Count trained layers.

    Parameters
    ----------
    members : list of Member
        The networks.

    Returns
    -------
    counts : dict of str to int
        Their number by the name of the network, where there are any.
    """
    return {
        member.name: member.network.trained_layers
        for member in members
        if member.network.trained_layers
    }


def _joint(members, rows, coefs, tuning):
    return Joint(
        networks=tuple(member.network for member in members),
        scales=tuple(member.scale for member in members),
        row_lengths=tuple(part.shape[1] for part in rows),
        n_features=len(coefs[0]),
        hidden_units=tuple(coef.shape[1] for coef in coefs[:-1]),
        n_outputs=coefs[-1].shape[1],
        is_multilabel=tuning.is_multilabel,
        optimizer=tuning.optimizer,
        weight_decay=tuning.weight_decay,
        clipnorm=tuning.clipnorm,
    )


def _by_name(members, tuned):
    return {member.name: arrays for member, arrays in zip(members, tuned, strict=True) if arrays}
