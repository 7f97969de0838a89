"""Who is told how far an extraction is: a bar and scikit-learn's callbacks."""

import threading
from contextlib import contextmanager

from .._bars import progress_bar


class ExtractionObserver:
    """Tells a progress bar about pictures, and callbacks about blocks of them.

    Parameters
    ----------
    n_pictures : int
        Length of the bar.

    n_rows : int
        Rows to be computed in all; each moves the bar by its share.

    n_blocks : int
        Blocks of pictures.

    verbose : bool or int
        Whether there is a bar.

    task : callable or None
        ``task(n_blocks)`` gives a context manager around the whole extraction, whose
        value makes one for each block.
    """

    def __init__(self, n_pictures, n_rows, n_blocks, verbose, task):
        self._n_pictures = n_pictures
        self._n_rows = n_rows
        self._n_blocks = n_blocks
        self._verbose = verbose
        self._task = task
        self._whole = None
        self._subtask = None
        self._lock = threading.Lock()

    def __enter__(self):
        if self._task is not None:
            self._whole = self._task(self._n_blocks)
            self._subtask = self._whole.__enter__()
        self._bar = progress_bar(
            "features", self._n_pictures, unit="pictures", verbose=self._verbose
        )
        self._bar.__enter__()
        return self

    def __exit__(self, *exception):
        self._bar.__exit__(*exception)
        if self._whole is not None:
            self._whole.__exit__(*exception)

    @contextmanager
    def block(self):
        """Surround the work on one block."""
        if self._subtask is None:
            yield
            return
        with self._subtask():
            yield

    def rows_done(self, n_rows):
        """Move the bar; engines call this from threads of their own."""
        if n_rows:
            with self._lock:
                self._bar.update(n_rows * self._n_pictures / self._n_rows)


def callback_task(context, estimator):
    """Make the ``task`` of an observer from a callback context of scikit-learn.

    Parameters
    ----------
    context : CallbackContext
        The task to which the extraction belongs.

    estimator : estimator object
        Who is fitted.

    Returns
    -------
    task : callable
        As :class:`ExtractionObserver` takes it.
    """

    @contextmanager
    def subtask(parent, **parameters):
        child = parent.subcontext(**parameters)
        child.call_on_fit_task_begin(estimator=estimator)
        yield child
        child.call_on_fit_task_end(estimator=estimator)

    @contextmanager
    def task(n_blocks):
        with subtask(context, task_name="extract", max_subtasks=n_blocks) as whole:
            yield lambda: subtask(whole, task_name="block")

    return task
