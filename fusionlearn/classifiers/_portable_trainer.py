"""Heads trained where Keras runs on JAX or PyTorch."""

import numpy as np

from .._compat import import_keras
from ._dropout import dropout_masks
from ._head_model import HeadModel
from ._outputs import right_rows

# Rows that are looked at together without training.
_EVALUATED_TOGETHER = 256


class PortableTrainer(HeadModel):
    """Trains batch by batch, with the arithmetic of :class:`Trainer`.

    Results differ from those on TensorFlow by rounding only: weights, order of rows and
    dropout are drawn by the same numbers.

    Parameters
    ----------
    head : Head
        The shape.
    """

    def hold(self, X, y, weight, budget):
        """Keep rows; they are copied batch by batch, so that no budget is needed."""
        return X, np.asarray(y), np.asarray(weight, dtype=np.float32)

    def train_epoch(self, rows, order, batch_size, dropout, keys):
        """Go once through the data; see :class:`Trainer`."""
        return self._means(rows, order, min(batch_size, len(order)), (dropout, keys))

    def evaluate(self, rows, order):
        """Compute loss and accuracy without training; see :class:`Trainer`."""
        return self._means(rows, order, _EVALUATED_TOGETHER, None)

    def _means(self, rows, order, batch_size, dropout):
        self._begin()
        loss_sum = n_right = 0.0
        for start in range(0, len(order), batch_size):
            X, y, weight = (part[order[start : start + batch_size]] for part in rows)
            n_rows = len(X)
            if n_rows < batch_size and not self._takes_any_length:
                X, y, weight = (_padded(part, batch_size) for part in (X, y, weight))
            with np.errstate(over="raise"):
                X = _as_float32(X)
            batch = (X, self._targets(y), weight, (np.arange(len(X)) < n_rows).astype(np.float32))
            if dropout is None:
                loss, right = self._look(batch)
            else:
                loss, right = self._step(batch, n_rows, self._masks(start, len(X), *dropout))
            loss_sum += float(loss)
            n_right += float(right)
        self._end()
        return loss_sum / len(order), n_right / len(order)

    def _masks(self, first, n_rows, rate, keys):
        if not self.head.has_dropout:
            return []
        widths = self.head.hidden_units or (self.head.n_features,)
        return dropout_masks(widths, first, n_rows, rate, keys)

    def _sums(self, batch, weights, masks):
        """Loss and number of right answers of a batch."""
        ops = import_keras().ops
        X, y, weight, counts = batch
        logits = self._forward(ops.convert_to_tensor(X), weights, masks)
        losses = self._loss(y, logits, weight) * counts
        return ops.sum(losses), ops.sum(right_rows(self.head, y, logits) * counts)

    def _targets(self, y):
        return y.astype(np.float32).reshape(len(y), -1)

    def _forward(self, X, weights, masks):
        ops = import_keras().ops
        *hidden, last = list(zip(weights[::2], weights[1::2], strict=True))
        if not hidden and masks:
            X = X * masks[0]
        for number, (coef, intercept) in enumerate(hidden):
            X = ops.relu(ops.matmul(X, coef) + intercept)
            if masks:
                X = X * masks[number]
        return ops.matmul(X, last[0]) + last[1]


class JaxTrainer(PortableTrainer):
    """Each step is one function that JAX has compiled.

    Parameters
    ----------
    head : Head
        The shape.
    """

    # Every other length would be compiled anew.
    _takes_any_length = False

    def _begin(self):
        self._weights = [variable.value for variable in self._variables]
        self._states = [variable.value for variable in self._optimizer.variables]

    def _end(self):
        for variables, values in (
            (self._variables, self._weights),
            (self._optimizer.variables, self._states),
        ):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def _step(self, batch, n_rows, masks):
        if not hasattr(self, "_compiled_step"):
            import jax

            def objective(weights, batch, n_rows, masks):
                loss, right = self._sums(batch, weights, masks)
                return loss / n_rows, (loss, right)

            def step(weights, states, batch, n_rows, masks):
                gradient = jax.grad(objective, has_aux=True)
                gradients, sums = gradient(weights, batch, n_rows, masks)
                weights, states = self._optimizer.stateless_apply(states, gradients, weights)
                return weights, states, sums

            self._compiled_step = jax.jit(step)
        self._weights, self._states, sums = self._compiled_step(
            self._weights, self._states, batch, float(n_rows), masks
        )
        return sums

    def _look(self, batch):
        if not hasattr(self, "_compiled_look"):
            import jax

            self._compiled_look = jax.jit(lambda batch, weights: self._sums(batch, weights, []))
        return self._compiled_look(batch, self._weights)


class TorchTrainer(PortableTrainer):
    """Each step is run as it is written.

    Parameters
    ----------
    head : Head
        The shape.
    """

    _takes_any_length = True

    def _begin(self):
        pass

    def _end(self):
        pass

    def _step(self, batch, n_rows, masks):
        import torch

        ops = import_keras().ops
        batch = [ops.convert_to_tensor(part) for part in batch]
        masks = [ops.convert_to_tensor(mask) for mask in masks]
        weights = [variable.value.detach().requires_grad_() for variable in self._variables]
        with torch.enable_grad():
            loss, right = self._sums(batch, weights, masks)
            gradients = torch.autograd.grad(loss / n_rows, weights)
        with torch.no_grad():
            self._optimizer.apply(list(gradients), self._variables)
        return loss.detach(), right

    def _look(self, batch):
        import torch

        ops = import_keras().ops
        with torch.no_grad():
            batch = [ops.convert_to_tensor(part) for part in batch]
            return self._sums(batch, [variable.value for variable in self._variables], [])


def _padded(part, length):
    padding = [(0, length - len(part))] + [(0, 0)] * (part.ndim - 1)
    return np.pad(part, padding)


def _as_float32(X):
    try:
        return np.ascontiguousarray(X, dtype=np.float32)
    except FloatingPointError:
        raise ValueError(
            f"X has a value of {np.abs(X).max():g}, beyond the range of float32, in which "
            "training computes. Scale the features (StandardScaler)."
        ) from None
