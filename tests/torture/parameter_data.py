"""Data as people hand them over by mistake, by name, each made of data that are right."""

import numpy as np
import pandas as pd
from scipy import sparse

from fusionlearn import check_images


def _with(values, index, new):
    """A copy as objects, or as floats for a number, with one entry exchanged."""
    dtype = np.float64 if isinstance(new, float) else object
    changed = np.array(values, dtype=dtype)
    changed.reshape(-1)[index] = new
    return changed


def _read_only(values):
    values = values.copy()
    values.setflags(write=False)
    return values


def _apart(values):
    """The same values, not one beside the other in memory."""
    return np.repeat(values, 2, axis=-1)[..., ::2][::-1][::-1]


# Of an array of features or of pictures.
DATA = {
    "as it is": lambda X: X,
    "a list of arrays": list,
    "a tuple": lambda X: tuple(X),
    "nested lists": lambda X: X.tolist(),
    "read-only": _read_only,
    "not contiguous": _apart,
    "in Fortran's order": np.asfortranarray,
    "reversed": lambda X: X[::-1],
    "big-endian": lambda X: X.astype(X.dtype.newbyteorder(">")),
    **{
        f"as {kind}": lambda X, kind=kind: X.astype(kind)
        for kind in ("int8", "int64", "uint16", "float16", "float32", "bool", "complex", "O", "U9")
    },
    "as bytes of text": lambda X: X.astype("S9"),
    "as dates": lambda X: X.astype("int64").astype("datetime64[s]"),
    "masked": lambda X: np.ma.masked_array(X, X.mean() < X),
    "with NaN": lambda X: _with(X, 1, np.nan),
    "with infinity": lambda X: _with(X, 1, np.inf),
    "with None": lambda X: _with(X, 1, None),
    "with pandas.NA": lambda X: _with(X, 1, pd.NA),
    "with text": lambda X: _with(X, 1, "x"),
    "with a huge integer": lambda X: _with(X, 1, 2**70),
    "with a huge number": lambda X: _with(X, 1, 1e308),
    "with huge numbers": lambda X: X * (1e305 / 255),
    "with tiny numbers": lambda X: X * 1e-310,
    "all the same": lambda X: np.zeros_like(X),
    "negative": lambda X: -1.0 * X - 1,
    "nothing": lambda X: None,
    "one number": lambda X: 3,
    "one text": lambda X: "scan.png",
    "one path that is there": lambda X: ".",
    "bytes": lambda X: b"\x89PNG\r\n\x1a\n",
    "a dictionary": lambda X: {"a": X},
    "a set": lambda X: {1, 2},
    "an iterator": lambda X: iter(X),
    "a class": lambda X: np.ndarray,
    "a function": lambda X: len,
    "an empty list": lambda X: [],
    "no rows": lambda X: X[:0],
    "no columns": lambda X: X[:, :0],
    "an empty object array": lambda X: np.empty(0, dtype=object),
    "one row": lambda X: X[:1],
    "one row less": lambda X: X[:-1],
    "one column": lambda X: X[:, :1],
    "no dimension": lambda X: np.array(1.0),
    "one dimension": lambda X: X.ravel(),
    "one picture": lambda X: X[0],
    "five dimensions": lambda X: X.reshape(*X.shape, *[1] * (5 - X.ndim)),
    "two channels": lambda X: X[..., :2],
    "a list in a list": lambda X: [[row] for row in X],
    "ragged": lambda X: [row[: index + 1] for index, row in enumerate(X)],
    "a list of nothing": lambda X: [None] * len(X),
    "a list of numbers": lambda X: list(range(len(X))),
    "a list of classes": lambda X: [int] * len(X),
    "paths of nothing": lambda X: [f"nowhere-{index}.png" for index in range(len(X))],
    "paths of folders": lambda X: ["."] * len(X),
    "paths with zero bytes": lambda X: ["a\0b"] * len(X),
    "paths without an encoding": lambda X: ["\ud800"] * len(X),
    "empty paths": lambda X: [""] * len(X),
    "bytes of nothing": lambda X: [b""] * len(X),
    "bytes of no picture": lambda X: [b"GIF89a" + bytes(9)] * len(X),
    "a mixed list": lambda X: [X[0], "nowhere.png", b"", None, 3.5, *X[5:]],
    "a series": lambda X: pd.Series(list(X)),
    "a frame of one column": lambda X: pd.DataFrame({"picture": list(X)}),
    "a frame": lambda X: pd.DataFrame(X.reshape(len(X), -1)),
    "a frame with odd names": lambda X: pd.DataFrame(
        X.reshape(len(X), -1)[:, :2], columns=["a", 1]
    ),
    "a frame of text": lambda X: pd.DataFrame({"a": ["x"] * len(X), "b": 1}),
    "a frame without rows": lambda X: pd.DataFrame({"a": []}),
    "a frame with gaps": lambda X: pd.DataFrame({"a": [pd.NA] + [1] * (len(X) - 1)}),
    "sparse": lambda X: sparse.csr_array(X.reshape(len(X), -1)),
    "an old sparse matrix": lambda X: sparse.coo_matrix(X.reshape(len(X), -1)),
    "records": lambda X: np.zeros(len(X), dtype=[("a", "f4"), ("b", "i4")]),
    "references": lambda X: check_images(X) if X.ndim > 2 else X,
    "a column of references": lambda X: check_images(X)[:, None] if X.ndim > 2 else X,
}
# Of an array of two labels.
LABELS = {
    "as they are": lambda y: y,
    "a list": lambda y: y.tolist(),
    "a column": lambda y: y[:, np.newaxis],
    "a row": lambda y: y[np.newaxis],
    "two outputs": lambda y: np.column_stack([y, y]),
    "a series with an index of its own": lambda y: pd.Series(y, index=range(5, 5 + len(y))),
    "categories": lambda y: pd.Series(y, dtype="category"),
    "text of pandas": lambda y: pd.Series(y, dtype="string"),
    "a frame": lambda y: pd.DataFrame({"y": y}),
    "objects": lambda y: y.astype(object),
    "booleans": lambda y: y == y[0],
    "integers": lambda y: (y == y[0]) * 2 - 1,
    "unsigned": lambda y: (y == y[0]).astype(np.uint8),
    "huge integers": lambda y: [10**30 + index % 2 for index in range(len(y))],
    "whole floats": lambda y: (y == y[0]) * 1.0,
    "floats": lambda y: np.linspace(0, 1.3, len(y)),
    "complex": lambda y: (y == y[0]) * 1j,
    "bytes": lambda y: y.astype("S4"),
    "dates": lambda y: (y == y[0]).astype("datetime64[D]"),
    "odd text": lambda y: np.where(y == y[0], "a\0\n", "ß☃{}%s"),
    "empty text": lambda y: np.where(y == y[0], "", " "),
    "one class": lambda y: y[[0] * len(y)],
    "a class for each": lambda y: [f"class {index}" for index in range(len(y))],
    "a class of one": lambda y: np.where(np.arange(len(y)) == 0, "once", "often"),
    "three classes": lambda y: np.array(["a", "b", "c"] * len(y))[: len(y)],
    "nothing": lambda y: None,
    "one number": lambda y: 3,
    "one text": lambda y: "ill",
    "a dictionary": lambda y: dict(enumerate(y)),
    "an iterator": lambda y: iter(y),
    "a set": lambda y: set(y),
    "an empty list": lambda y: [],
    "one too many": lambda y: [*y, y[0]],
    "one too few": lambda y: y[:-1],
    "the first alone": lambda y: y[:1],
    "with None": lambda y: _with(y, 1, None),
    "with NaN": lambda y: [np.nan, *y[1:]],
    "with pandas.NA": lambda y: [pd.NA, *y[1:]],
    "a gap in numbers": lambda y: pd.Series([None, *[0, 1] * len(y)][: len(y)], dtype="Int64"),
    "NaN among numbers": lambda y: [np.nan, *[0.0, 1.0] * len(y)][: len(y)],
    "infinity among numbers": lambda y: [np.inf, *[0.0, 1.0] * len(y)][: len(y)],
    "text and numbers": lambda y: [0, *y[1:]],
    "lists": lambda y: [[label] for label in y],
    "ragged": lambda y: [[label] * (index % 3) for index, label in enumerate(y)],
    "objects of no kind": lambda y: [object() for _ in y],
    "classes": lambda y: [int, float] * (len(y) // 2),
    "sparse": lambda y: sparse.csr_array((y == y[0])[:, np.newaxis].astype(float)),
    "pictures": lambda y: np.zeros((len(y), 4, 4)),
}
# Of a number of samples.
WEIGHTS = {
    "none": lambda n: None,
    "ones": np.ones,
    "one number": lambda n: 2.0,
    "zeros": np.zeros,
    "all but one": lambda n: np.arange(n) == 0,
    "negative": lambda n: np.arange(n) - 1.0,
    "NaN": lambda n: np.full(n, np.nan),
    "infinite": lambda n: np.full(n, np.inf),
    "huge": lambda n: np.full(n, 1e300),
    "tiny": lambda n: np.full(n, 1e-300),
    "huge integers": lambda n: [2**70] * n,
    "too many": lambda n: np.ones(n + 1),
    "too few": lambda n: np.ones(n - 1),
    "a column": lambda n: np.ones((n, 1)),
    "a table": lambda n: np.ones((n, 2)),
    "text": lambda n: ["much"] * n,
    "one text": lambda n: "balanced",
    "a dictionary": lambda n: {"ill": 2},
    "with None": lambda n: [None] + [1] * (n - 1),
    "with pandas.NA": lambda n: [pd.NA] + [1] * (n - 1),
    "an iterator": lambda n: iter([1] * n),
}
GROUPS = {
    "none": lambda n: None,
    "numbers": lambda n: np.arange(n),
    "text": lambda n: [f"p{index // 2}" for index in range(n)],
    "floats": lambda n: np.arange(n) / 2,
    "one group": np.zeros,
    "with None": lambda n: [None, *["a"] * (n - 1)],
    "with NaN": lambda n: [np.nan, *[1.0] * (n - 1)],
    "with pandas.NA": lambda n: [pd.NA, *[1] * (n - 1)],
    "text and numbers": lambda n: ["a", *range(n - 1)],
    "too many": lambda n: np.arange(n + 1),
    "too few": lambda n: np.arange(n - 1),
    "one text": lambda n: "patient",
    "one number": lambda n: 3,
    "a column": lambda n: np.arange(n)[:, np.newaxis],
    "a table": lambda n: np.zeros((n, 2)),
    "a dictionary": lambda n: {"a": 1},
    "an iterator": lambda n: iter(range(n)),
    "a series": lambda n: pd.Series(range(n), index=range(n, 2 * n)),
    "a gap of pandas": lambda n: pd.Series([None, *range(n - 1)], dtype="Int64"),
    "mixed objects": lambda n: np.array(["a", *range(n - 1)], dtype=object),
    "objects": lambda n: [object() for _ in range(n)],
    "lists": lambda n: [[index] for index in range(n)],
}
