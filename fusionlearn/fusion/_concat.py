"""Many transformers, one row of features."""

from contextlib import nullcontext
from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import TransformerMixin, clone
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from .._compat import hand_on_callbacks, with_callbacks
from ..features import BackboneFeatureExtractor, callback_task, extract
from ..images import check_images, share_references
from ._base import Fusion
from ._blame import naming_who_takes_no_pictures
from ._constraints import FINITE
from ._jobs import limit_jobs


class ConcatFusion(TransformerMixin, Fusion):
    """The features of several transformers, one beside the other.

    Extractors among the transformers share the work: each picture is read and decoded
    once for all their networks and input sizes. Any other transformer may sit beside
    them, such as a Pipeline or a ColumnTransformer on a data frame.

    Parameters
    ----------
    transformers : list of (str, transformer) tuples
        Names and transformers. They are cloned before they are fitted. "drop" instead of
        a transformer leaves it out; "passthrough" hands on X itself, which must then be
        features.

    transformer_weights : dict, default=None
        Factors by name, by which the columns of a transformer are multiplied.

    n_jobs : int, default=None
        Number of transformers that are fitted at the same time, in processes, extractors
        aside. None means 1 unless in a :obj:`joblib.parallel_backend` context, -1 all
        processors. Extractors compute in this process or, where that context is a
        cluster's, on its workers.

    Attributes
    ----------
    transformers_ : list of (str, transformer) tuples
        The fitted transformers that were not dropped.

    named_transformers_ : dict
        The fitted transformers by name; "drop" where one was dropped.

    n_features_in_ : int
        Number of features seen during ``fit``, if a transformer knows it.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during ``fit``, if a transformer knows them.

    See Also
    --------
    MajorityVoteFusion : Fuses decisions instead of features.
    sklearn.pipeline.FeatureUnion : The same for transformers that share no work; its
        ``fit`` replaces the transformers in its parameter.

    References
    ----------
    .. [1] Ji, Zhao, Zhang and Zhao, "Research on Recognition Method of COVID-19 Images
       Based on Deep Learning" (2020): the features of seven networks are concatenated.

    Examples
    --------
    >>> import numpy as np
    >>> from fusionlearn import ConcatFusion, make_extractors
    >>> X = np.random.default_rng(0).integers(0, 255, (2, 40, 40), dtype=np.uint8)
    >>> networks = make_extractors("MobileNetV2", "VGG16", weights=None, input_size=32)
    >>> ConcatFusion(networks).fit_transform(X).shape
    (2, 1792)
    """

    _parameter_constraints = {
        "transformers": [list],
        "transformer_weights": [dict, None],
        "n_jobs": [Integral, None],
    }

    _members_parameter = "transformers"
    _member_kind = "transformer"

    def __init__(self, transformers, *, transformer_weights=None, n_jobs=None):
        self.transformers = transformers
        self.transformer_weights = transformer_weights
        self.n_jobs = n_jobs

    def fit(self, X, y=None, **params):
        """Fit the transformers.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Pictures as for :func:`~fusionlearn.check_images`, features, or a data
            frame: what the transformers take.

        y : array-like of shape (n_samples,), default=None
            Targets, for transformers that use them.

        **params : dict
            With metadata routing switched on, whatever transformers request.

        Returns
        -------
        self : ConcatFusion
            The fitted fusion.

        Raises
        ------
        ValueError
            If ``transformers`` or ``transformer_weights`` are not as above.

        TypeError
            If ``params`` are given and metadata routing is off, or a transformer is given
            pictures and takes none.
        """
        self._fit(X, y, params)
        return self

    def fit_transform(self, X, y=None, **params):
        """Fit the transformers and concatenate what they make of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As for ``fit``.

        y : array-like of shape (n_samples,), default=None
            As for ``fit``.

        **params : dict
            As for ``fit``.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features)
            The columns of all transformers, in their order.
        """
        return self._stack(self._fit(X, y, params, and_transform=True))

    def transform(self, X):
        """Concatenate what the transformers make of X.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            As for ``fit``.

        Returns
        -------
        features : ndarray of shape (n_samples, n_features)
            The columns of all transformers, in their order.

        Raises
        ------
        ValueError
            If a transformer gives something that cannot stand beside the others.
        """
        check_is_fitted(self)
        shared, _ = share_references(X)
        blocks = self._extract(self.transformers_, shared)
        for name, transformer in self.transformers_:
            if name not in blocks:
                blocks[name] = transformer.transform(shared)
        return self._stack(blocks)

    def get_feature_names_out(self, input_features=None):
        """Get names for the columns of the result.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features in X, handed to the transformers.

        Returns
        -------
        names : ndarray of shape (n_features,), dtype object
            Each transformer's names behind its own: ``ResNet50__resnet50_0``, ...
        """
        check_is_fitted(self)
        names = [
            f"{name}__{feature}"
            for name, transformer in self.transformers_
            for feature in transformer.get_feature_names_out(input_features)
        ]
        return np.array(names, dtype=object)

    def get_metadata_routing(self):
        """Get the routing of metadata to the transformers.

        Returns
        -------
        routing : MetadataRouter
            Who gets what, as scikit-learn describes it.
        """
        router = MetadataRouter(owner=self)
        for name, transformer in self.transformers:
            if not isinstance(transformer, str):
                mapping = MethodMapping()
                for caller in ("fit", "fit_transform"):
                    callee = caller if hasattr(transformer, caller) else "fit"
                    mapping.add(caller=caller, callee=callee)
                router.add(**{name: transformer}, method_mapping=mapping)
        return router

    def _fitted_members(self):
        return [transformer for _, transformer in self.transformers_]

    @with_callbacks
    def _fit(self, X, y, params, and_transform=False):
        """Fit the transformers; give what they make of X if that is asked for."""
        self._validate_params()
        chosen = self._check_transformers()
        metadata = self._check_metadata(params, chosen, and_transform)
        # One more: all extractors share the way of the pictures.
        context = self._init_callback_context(max_subtasks=len(chosen) + 1)
        shared, references = share_references(X)
        if references is not None:
            self._check_passes_no_pictures()
        context.call_on_fit_task_begin(estimator=self, X=shared, y=y)
        blocks = {}
        if and_transform:
            blocks = self._extract(chosen, shared, callback_task(context, self))
        tasks = {
            name: {
                "name": name,
                "transformer": transformer,
                "X": shared,
                "y": y,
                "metadata": metadata[name],
                "and_transform": and_transform and name not in blocks,
                "caller": self,
                "context": context.subcontext(task_name=f"fit-{name}"),
            }
            for name, transformer in chosen
        }
        # An extractor learns nothing; another process would load TensorFlow for that.
        extractors = {name for name, transformer in chosen if _is_extractor(transformer)}
        fitted = {name: _fit_one(**tasks[name]) for name in tasks if name in extractors}
        others = [name for name in tasks if name not in extractors]
        results = Parallel(n_jobs=limit_jobs(self.n_jobs, len(others)))(
            delayed(_fit_one)(**tasks[name]) for name in others
        )
        fitted.update(zip(others, results, strict=True))
        self.transformers_ = [(name, fitted[name][0]) for name in tasks]
        by_name = dict(self.transformers_)
        self.named_transformers_ = {
            name: by_name.get(name, "drop") for name, _ in self.transformers
        }
        if and_transform:
            blocks.update({name: block for name, (_, block) in fitted.items() if name in others})
        context.call_on_fit_task_end(estimator=self, X=shared, y=y)
        return blocks

    def _check_transformers(self):
        """Names and clones of the transformers that are not dropped."""
        kept = self._kept()
        names = [name for name, _ in self.transformers]
        unknown = sorted(set(self.transformer_weights or {}) - set(names), key=str)
        if unknown:
            raise ValueError(
                f"transformer_weights has {unknown}, but the transformers are {sorted(names)}."
            )
        for name, weight in (self.transformer_weights or {}).items():
            if not FINITE.is_satisfied_by(weight):
                raise ValueError(
                    f"transformer_weights has {weight!r} for {name!r}; wanted a finite number."
                )
        chosen = []
        for name, transformer in kept:
            if isinstance(transformer, str) and transformer == "passthrough":
                transformer = FunctionTransformer(feature_names_out="one-to-one", validate=True)
            is_transformer = hasattr(transformer, "transform") and (
                hasattr(transformer, "fit") or hasattr(transformer, "fit_transform")
            )
            if not is_transformer or isinstance(transformer, type):
                raise ValueError(
                    f"Transformer {name!r} is {transformer!r}; wanted an instance with fit and "
                    "transform, 'drop' or 'passthrough'."
                )
            chosen.append((name, clone(transformer)))
        return chosen

    def _check_passes_no_pictures(self):
        for name, transformer in self.transformers:
            if isinstance(transformer, str) and transformer == "passthrough":
                raise ValueError(
                    f"Transformer {name!r} is 'passthrough', but X is pictures; wanted features. "
                    "Give it a transformer of pictures, or 'drop'."
                )

    def _check_metadata(self, params, chosen, and_transform):
        """What the fit of each transformer is given besides."""
        if not params:
            return {name: {} for name, _ in chosen}
        if not get_config()["enable_metadata_routing"]:
            raise TypeError(
                f"{type(self).__name__}.fit got unexpected argument(s) {sorted(params)}; they "
                "need sklearn.set_config(enable_metadata_routing=True)."
            )
        method = "fit_transform" if and_transform else "fit"
        routed = process_routing(self, method, **params)
        # A transformer has one of both methods there, and "passthrough" has no entry.
        by_method = {name: routed.get(name, {}) for name, _ in chosen}
        return {
            name: {**routes.get("fit", {}), **routes.get("fit_transform", {})}
            for name, routes in by_method.items()
        }

    def _extract(self, transformers, X, task=None):
        """Features of all extractors, each picture decoded once; by name."""
        extractors = [
            (name, transformer) for name, transformer in transformers if _is_extractor(transformer)
        ]
        if not extractors:
            return {}
        features = extract(
            check_images(X),
            [extractor.job() for _, extractor in extractors],
            n_jobs=extractors[0][1].n_jobs,
            verbose=max(extractor.verbose for _, extractor in extractors),
            task=task,
            beside=True,
        )
        return {name: block for (name, _), block in zip(extractors, features, strict=True)}

    def _stack(self, blocks):
        """Columns of all transformers, beside each other."""
        weights = self.transformer_weights or {}
        stacked = []
        for name, transformer in self.transformers_:
            block = blocks[name]
            block = block.toarray() if sparse.issparse(block) else np.asarray(block)
            if block.ndim != 2 or block.dtype.kind not in "fiub":
                raise ValueError(
                    f"Transformer {name!r} gave {block.dtype} of shape {block.shape}; wanted "
                    "numbers of shape (n_samples, n_features)."
                )
            if name in weights:
                # What extractors give is nobody else's.
                out = block if _is_extractor(transformer) else None
                block = _multiply(name, block, weights[name], out)
            stacked.append(block)
        if len({len(block) for block in stacked}) > 1:
            names = [name for name, _ in self.transformers_]
            lengths = dict(zip(names, map(len, stacked), strict=True))
            raise ValueError(f"The transformers gave different numbers of rows: {lengths}.")
        return _beside(stacked)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        tags.transformer_tags.preserves_dtype = []
        return tags


def _is_extractor(transformer):
    # A subclass may do more in transform than the shared way of pictures does.
    return type(transformer) is BackboneFeatureExtractor


def _fit_one(name, transformer, X, y, metadata, *, and_transform, caller, context):
    blame = naming_who_takes_no_pictures(f"Transformer {name!r}", transformer)
    # What extractors compute is a task of its own, and nothing happens in their fit.
    is_silent = _is_extractor(transformer)
    with blame, nullcontext() if is_silent else hand_on_callbacks(context, transformer):
        context.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        block = None
        if and_transform and hasattr(transformer, "fit_transform"):
            block = transformer.fit_transform(X, y, **metadata)
        else:
            transformer.fit(X, y, **metadata)
            block = transformer.transform(X) if and_transform else None
        context.call_on_fit_task_end(estimator=caller, X=X, y=y)
    return transformer, block


def _multiply(name, block, weight, out):
    with np.errstate(over="raise"):
        try:
            return np.multiply(block, float(weight), out=out)
        except FloatingPointError:
            raise ValueError(
                f"transformer_weights: {weight!r} times the features of {name!r} is beyond the "
                f"range of {block.dtype}. Take a smaller weight."
            ) from None


def _beside(blocks):
    """Join blocks; those of extractors alone are parts of one array already."""
    whole = blocks[0].base
    is_joined = all(block.base is whole for block in blocks) and isinstance(whole, np.ndarray)
    if is_joined and whole.shape[1:] == (sum(block.shape[1] for block in blocks),):
        return whole
    return np.hstack(blocks)
