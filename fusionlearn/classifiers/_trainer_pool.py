"""Trainers are built once per process and shape."""

import threading
from contextlib import contextmanager

from .._compat import enter_runtime
from ._joint import JointTrainer
from ._trainer import Trainer

_MAX_IDLE = 8


class TrainerPool:
    """Trainers that are free, the least recently used ones dropped first.

    Parameters
    ----------
    trainer_class : type
        Makes a trainer from what shapes it.

    max_idle : int
        How many are kept.
    """

    def __init__(self, trainer_class, max_idle):
        self._trainer_class = trainer_class
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
        trainer = self._take(head) or self._trainer_class(head)
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


POOL = TrainerPool(Trainer, _MAX_IDLE)
# Whole networks and their optimizer's state are large.
JOINT_POOL = TrainerPool(JointTrainer, 1)
