"""The command ``fusionlearn inspect``: what is in a saved model."""

import dataclasses

import fusionlearn

from .._files import check_exists
from ._options import Command
from ._pictures import MODEL


def _inspect(options, console):
    check_exists(options.model)
    content = fusionlearn.persistence.inspect(options.model)
    console.say(f"{content}")
    console.give(dataclasses.asdict(content))


INSPECT = Command(
    name="inspect",
    summary="say what is in a saved model, without loading it",
    description="Shows classes, networks, versions and types of a saved model.",
    options=(MODEL,),
    run=_inspect,
    examples=("inspect model.fusion", "inspect model.fusion --json"),
)
