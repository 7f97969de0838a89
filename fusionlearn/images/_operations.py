"""Pure operations on pixels, from which views of pictures are made."""

import hashlib
import json
from dataclasses import dataclass

import numpy as np

_FUNCTIONS = {}
_GEOMETRIES = {}


def operation(name, geometry=None):
    """Register a function ``(pixels, digest, **parameters) -> pixels`` under a name.

    The name enters the digest of every view, so it ends in a version number that
    changes whenever the function gives other pixels for the same arguments.

    One that moves pixels registers with it a function of the same arguments that tells
    where they come from: a matrix of shape (3, 3) that takes places (x, y, 1) in the
    result to places in ``pixels``, both as fractions of width and height.
    """

    def register(function):
        _FUNCTIONS[name] = function
        if geometry is not None:
            _GEOMETRIES[name] = geometry
        return function

    return register


@dataclass(frozen=True, slots=True)
class Operation:
    """A registered function with its parameters, as one flat string.

    Parameters
    ----------
    spec : str
        Canonical JSON of the name and the parameters.
    """

    spec: str

    @classmethod
    def make(cls, name, **parameters):
        """Describe a registered function and its parameters."""
        return cls(json.dumps([name, parameters], sort_keys=True, separators=(",", ":")))

    def digest(self, source_digest):
        """Digest of the view that this operation makes of a picture."""
        return hashlib.sha256(f"view\0{source_digest}\0{self.spec}".encode()).hexdigest()

    def apply(self, pixels, source_digest):
        """Pixels of the view; ``pixels`` is left as it is."""
        name, parameters = json.loads(self.spec)
        return _FUNCTIONS[name](pixels, source_digest, **parameters)

    def geometry(self, pixels, source_digest):
        """Matrix from places in the view to places in ``pixels``."""
        name, parameters = json.loads(self.spec)
        if name not in _GEOMETRIES:
            return np.eye(3)
        return _GEOMETRIES[name](pixels, source_digest, **parameters)
