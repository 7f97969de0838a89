"""What the outputs of a head answer to: their loss, and whether they are right."""

from .._compat import import_keras


def loss_of(head):
    """Get the loss of a head.

    Parameters
    ----------
    head : Head or Joint
        The shape.

    Returns
    -------
    loss : callable
        From targets, outputs and weights to the weighted loss of each row, which is the
        sum of those of its labels where it has several.
    """
    keras = import_keras()
    if head.is_multilabel:

        def sum_over_labels(y, logits, weight):
            losses = keras.ops.binary_crossentropy(y, logits, from_logits=True)
            return keras.ops.sum(losses * weight, axis=1)

        return sum_over_labels
    if head.n_outputs == 1:
        loss = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    return lambda y, logits, weight: loss(y, logits) * weight


def targets_shape(head):
    """Get the shape of the targets of a row, and that of its weights.

    Parameters
    ----------
    head : Head or Joint
        The shape.

    Returns
    -------
    targets, weights : tuple of list of int
        One number for each label; else one class, and a single weight.
    """
    return ([head.n_outputs],) * 2 if head.is_multilabel else ([1], [])


def right_rows(head, y, logits):
    """Mark rows that are classified rightly, in each of their labels.

    Parameters
    ----------
    head : Head or Joint
        The shape.

    y : tensor of shape (n_rows, n_targets)
        Numbers of the classes.

    logits : tensor of shape (n_rows, n_outputs)
        Outputs of the head.

    Returns
    -------
    right : tensor of shape (n_rows,), float32
        1 or 0.
    """
    ops = import_keras().ops
    if head.is_multilabel or head.n_outputs == 1:
        predicted = ops.cast(logits > 0, "float32")
    else:
        predicted = ops.cast(ops.argmax(logits, axis=1), "float32")[:, None]
    return ops.cast(ops.all(predicted == y, axis=1), "float32")
