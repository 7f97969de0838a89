"""Who is told about each epoch: scikit-learn's callbacks and a bar."""

from .._bars import progress_bar


class EpochObserver:
    """Tells callbacks and a progress bar about epochs.

    Parameters
    ----------
    estimator : estimator object
        Who is fitted.

    context : CallbackContext
        The task whose subtasks are the epochs.

    X : array-like
        Training data, for callbacks that ask for them.

    y : array-like
        Targets, for callbacks that ask for them.

    classes : ndarray of shape (n_classes,)
        The labels, which the estimator does not have before its fit has ended.

    n_epochs : int
        Length of the bar.

    verbose : bool or int
        Whether there is a bar.
    """

    def __init__(self, estimator, context, X, y, classes, n_epochs, verbose):
        self._estimator = estimator
        self._context = context
        self._data = {"X": X, "y": y}
        self._classes = classes
        self._n_epochs = n_epochs
        self._verbose = verbose

    def __enter__(self):
        name = type(self._estimator).__name__
        self._bar = progress_bar(name, self._n_epochs, unit="epochs", verbose=self._verbose)
        self._bar.__enter__()
        return self

    def __exit__(self, *exception):
        self._bar.__exit__(*exception)

    def begin(self):
        """Say that an epoch begins."""
        self._epoch = self._context.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def end(self, values, attributes):
        """Say that an epoch has ended.

        Parameters
        ----------
        values : dict of float
            Losses and accuracies.

        attributes : callable
            Gives the attributes that the estimator would have if it were fitted now.

        Returns
        -------
        stop : bool
            Whether a callback wants training to stop.
        """
        name = "val_loss" if "val_loss" in values else "loss"
        self._bar.set_postfix({name: f"{values[name]:.4f}"}, refresh=False)
        self._bar.update()

        def fitted_attributes():
            known = {"classes_": self._classes, "trained_layers_": {}, "fine_tuned_": {}}
            return known | attributes()

        return self._epoch.call_on_fit_task_end(
            estimator=self._estimator, reconstruction_attributes=fitted_attributes, **self._data
        )
