"""Trainers are built once per process and shape."""

import threading
from contextlib import contextmanager

from .._compat import enter_runtime, import_keras
from ._joint import JointTrainer
from ._portable_trainer import JaxTrainer, TorchTrainer
from ._trainer import Trainer

_MAX_IDLE = 8


class TrainerPool:
    """Trainers that are free, the least recently used ones dropped first.

    Parameters
    ----------
    make_trainer : callable
        Makes a trainer from what shapes it.

    max_idle : int
        How many are kept.
    """

    def __init__(self, make_trainer, max_idle):
        self._make_trainer = make_trainer
        self._max_idle = max_idle
        self._idle = []
        self._lock = threading.Lock()

    def __len__(self):
        return len(self._idle)

    @contextmanager
    def lend(self, head):
        """Lend a trainer to one thread, building it if none is free.

        Parameters
        ----------
        head : Head or Joint
            The shape.

        Yields
        ------
        trainer : Trainer
            A trainer that nobody else has. It must be reset before it is used.

        Raises
        ------
        ForkedProcessError
            If this process was forked from one in which networks had run.
        """
        enter_runtime()
        trainer = self._take(head) or self._make_trainer(head)
        try:
            yield trainer
        finally:
            with self._lock:
                self._idle.append(trainer)
                del self._idle[: -self._max_idle]

    def clear(self):
        """Forget all free trainers."""
        with self._lock:
            self._idle.clear()

    def _take(self, head):
        with self._lock:
            for index in reversed(range(len(self._idle))):
                if self._idle[index].head == head:
                    return self._idle.pop(index)
        return None


_BY_BACKEND = {"tensorflow": Trainer, "jax": JaxTrainer, "torch": TorchTrainer}


def _make_trainer(head):
    """Make the trainer for what Keras runs on."""
    backend = import_keras().config.backend()
    if backend not in _BY_BACKEND:
        raise RuntimeError(
            f"Keras runs on {backend!r}; FineTuneClassifier trains on {', '.join(_BY_BACKEND)}. "
            "Set KERAS_BACKEND to one of them."
        )
    return _BY_BACKEND[backend](head)


POOL = TrainerPool(_make_trainer, _MAX_IDLE)
# Whole networks and their optimizer's state are large.
JOINT_POOL = TrainerPool(JointTrainer, 1)
