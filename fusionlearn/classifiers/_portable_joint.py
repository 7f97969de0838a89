"""A head and the last layers of networks, trained where Keras runs on JAX or PyTorch."""

import numpy as np

from .._compat import import_keras
from ._dropout import dropout_masks
from ._joint import JointTrainer


class _PortableJoint(JointTrainer):
    """As :class:`JointTrainer`; the dropout in the head draws other numbers."""

    def _run_step(self, batch, dropout, seed):
        n_rows = len(batch[2])
        widths = self.head.hidden_units or (self.head.n_features,)
        masks = dropout_masks(widths, 0, n_rows, dropout, seed.astype(np.uint32))
        return self._step(*batch, [import_keras().ops.convert_to_tensor(mask) for mask in masks])

    def _losses(self, rows, y, weight, masks):
        logits = self._forward(rows, lambda X, number: X * masks[number])
        return self._loss(y, logits, weight), logits


class JaxJointTrainer(_PortableJoint):
    """Each step is one function that JAX has compiled.

    Parameters
    ----------
    head : Joint
        What shapes it.
    """

    def _prepare(self):
        import jax

        keras = import_keras()
        # Besides what is trained, a step changes what dropout inside networks draws from.
        seeds = [generator.state for generator in self._seeds]
        states = self._optimizer.variables

        def inside(variables, values, function, *args):
            mapping = list(zip(variables, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping) as scope:
                results = function(*args)
                return results, [scope.get_current_value(variable) for variable in seeds]

        def objective(weights, seed_values, *batch):
            (losses, logits), drawn = inside(
                [*self._variables, *seeds], [*weights, *seed_values], self._losses, *batch
            )
            right = self._count_right(batch[1], logits)
            return keras.ops.mean(losses), (keras.ops.sum(losses), right, drawn)

        @jax.jit
        def step(weights, state_values, seed_values, *batch):
            gradient = jax.grad(objective, has_aux=True)
            gradients, (loss, right, drawn) = gradient(weights, seed_values, *batch)
            weights, state_values = self._optimizer.stateless_apply(
                state_values, gradients, weights
            )
            return weights, state_values, drawn, (loss, right)

        def run(*batch):
            groups = [self._variables, states, seeds]
            *values, sums = step(*([v.value for v in group] for group in groups), *batch)
            for group, new in zip(groups, values, strict=True):
                for variable, value in zip(group, new, strict=True):
                    variable.assign(value)
            return sums

        def compiled(function):
            pure = jax.jit(
                lambda weights, *args: inside(self._variables, weights, function, *args)[0]
            )
            return lambda *args: pure([v.value for v in self._variables], *args)

        self._step = run
        self._look = compiled(self._evaluate_batch)
        self._logits = compiled(self._predict_batch)


class TorchJointTrainer(_PortableJoint):
    """Each step is run as it is written.

    Parameters
    ----------
    head : Joint
        What shapes it.
    """

    def _run_step(self, batch, dropout, seed):
        import torch

        # Dropout inside networks draws from PyTorch's global generators, which are the user's.
        with torch.random.fork_rng():
            torch.manual_seed(int(seed[0]))
            return super()._run_step(batch, dropout, seed)

    def _prepare(self):
        import torch

        ops = import_keras().ops

        def step(rows, y, weight, masks):
            with torch.enable_grad():
                losses, logits = self._losses(rows, y, weight, masks)
                values = [variable.value for variable in self._variables]
                gradients = torch.autograd.grad(ops.mean(losses), values)
            with torch.no_grad():
                self._optimizer.apply(list(gradients), self._variables)
                return ops.sum(losses).detach(), self._count_right(y, logits)

        self._step = step
        self._look = torch.no_grad()(self._evaluate_batch)
        self._logits = torch.no_grad()(self._predict_batch)
