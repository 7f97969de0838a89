"""A look into a model's file."""

import json
import os
import textwrap
from dataclasses import dataclass

from ..exceptions import printable
from ._archive import NOT_OURS, read_schema
from ._container import read_model, refusal
from ._network_text import network_text
from ._trust import trusted_types

_WIDTH = 88


@dataclass(frozen=True)
class ModelFile:
    """What is in a model's file.

    Parameters
    ----------
    path : str
        The file.

    n_bytes : int
        Its size.

    digest : str
        SHA-256 of what it holds, 64 hexadecimal digits. Two models are the same file if
        they have the same digest.

    estimator : str
        The estimator with the parameters that were not the defaults when it was saved.

    classes : tuple of str
        Labels, in their order; empty if it was not fitted or has none.

    versions : dict
        Versions of Python and libraries with which it was saved, by name.

    networks : tuple of dict
        Of each network its name, and everything that its features depend on: application,
        weights (a digest), input size, layers, pooling, precision. "title" says what a
        registered file or function is.

    parameters : dict
        Parameters of all estimators inside by their paths in the object, such as
        ``"estimator.steps.0.1.pooling"``.

    types : tuple of str
        Full names of all types that loading makes.

    untrusted : tuple of str
        Those among them that ``load`` wants to be named in ``trusted``.
    """

    path: str
    n_bytes: int
    digest: str
    estimator: str
    classes: tuple
    versions: dict
    networks: tuple
    parameters: dict
    types: tuple
    untrusted: tuple

    def __str__(self):
        # What a file says of itself may be commands to a terminal, or lines like ours.
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        networks = ", ".join(map(network_text, self.networks))
        lines = [
            f"{self.path}: {self.n_bytes:,} bytes, SHA-256 {self.digest}",
            f"classes: {', '.join(self.classes) or 'none'}",
            f"networks: {networks or 'none'}",
            f"saved with: {versions}",
            f"types that need your trust: {', '.join(self.untrusted) or 'none'}",
        ]
        estimator = [f"  {printable(line)}" for line in self.estimator.splitlines()]
        first, *others = map(printable, lines)
        return "\n".join([first, *map(_fold, others), "estimator:", *estimator])


def _fold(line):
    return textwrap.fill(
        line, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def inspect(path):
    """Say what is in a model's file, without loading it.

    Nothing in the file is made or imported. What the file says of itself (``estimator``,
    ``classes``, ``versions``, ``networks``) is as honest as who wrote it; ``parameters``,
    ``types`` and ``untrusted`` are read off what would be loaded.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    content : ModelFile
        What was found; as a str a few lines.

    Raises
    ------
    PersistenceError
        If it is no model, or is damaged.

    OSError
        If the file cannot be opened.

    Examples
    --------
    >>> from fusionlearn import BackboneFeatureExtractor, save
    >>> from fusionlearn.persistence import inspect
    >>> save(BackboneFeatureExtractor("ResNet50"), "extractor.fusion")
    >>> content = inspect("extractor.fusion")
    >>> content.parameters["pooling"], content.untrusted
    ('avg', ())
    """
    # It loads all of scikit-learn.
    import skops.io

    manifest, archive, digest = read_model(path)
    schema = read_schema(path, archive)
    try:
        untrusted = set(skops.io.get_untrusted_types(data=archive)) - set(trusted_types())
        parameters, types = _look(schema)
    except Exception as error:
        reason = f"its objects are not described as they should be ({error!r})"
        raise refusal(path, reason, NOT_OURS) from error
    return ModelFile(
        path=os.fspath(path),
        n_bytes=os.stat(path).st_size,
        digest=digest,
        estimator=str(manifest.get("estimator")),
        classes=tuple(map(str, _of(manifest, "classes", list))),
        versions=_of(manifest, "versions", dict),
        networks=tuple(
            entry for entry in _of(manifest, "networks", dict).values() if isinstance(entry, dict)
        ),
        parameters=parameters,
        types=types,
        untrusted=tuple(sorted(untrusted)),
    )


def _of(manifest, key, kind):
    value = manifest.get(key)
    return value if isinstance(value, kind) else kind()


def _look(schema):
    """Parameters by their paths, and all types."""
    parameters, types = {}, set()
    pending = [((), schema)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, list):
            pending += [
                (None if path is None else (*path, str(i)), each) for i, each in enumerate(node)
            ]
            continue
        if not isinstance(node, dict):
            continue
        loader = node.get("__loader__")
        if loader is not None and "__class__" in node:
            types.add(f"{node['__module__']}.{node['__class__']}")
        if loader == "JsonNode" and path is not None:
            parameters[".".join(path)] = json.loads(node["content"])
        for name, part in node.items():
            if loader is not None:  # the parts of a node stand in its content
                pending.append((path if name == "content" else None, part))
            else:
                is_parameter = path is not None and not name.startswith("_")
                is_parameter = is_parameter and not name.endswith("_")
                pending.append(((*path, name) if is_parameter else None, part))
    return dict(sorted(parameters.items())), tuple(sorted(types))
