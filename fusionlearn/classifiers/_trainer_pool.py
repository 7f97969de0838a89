"""Trainers are built once per process and shape."""

import threading
from contextlib import contextmanager

from .._compat import enter_runtime, import_keras
from ._joint import JointTrainer
from ._portable_joint import JaxJointTrainer, TorchJointTrainer
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


_TRAINERS = {"tensorflow": Trainer, "jax": JaxTrainer, "torch": TorchTrainer}
_JOINT_TRAINERS = {
    "tensorflow": JointTrainer,
    "jax": JaxJointTrainer,
    "torch": TorchJointTrainer,
}


def _by_backend(trainers):
    """Choose by what Keras runs on."""

    def make(head):
        backend = import_keras().config.backend()
        if backend not in trainers:
            raise RuntimeError(
                f"Keras runs on {backend!r}; FineTuneClassifier trains on {', '.join(trainers)}. "
                "Set KERAS_BACKEND to one of them."
            )
        return trainers[backend](head)

    return make


POOL = TrainerPool(_by_backend(_TRAINERS), _MAX_IDLE)
# Whole networks and their optimizer's state are large.
JOINT_POOL = TrainerPool(_by_backend(_JOINT_TRAINERS), 1)
