"""The command ``fusionlearn completion``: what a shell needs to complete words."""

from ._options import Command, Option, choice
from ._parser import make_parser


def _shells():
    import shtab

    return list(shtab.SUPPORTED_SHELLS)


def _completion(options, console):
    import shtab

    from ._commands import COMMANDS  # which import this module

    parser, _ = make_parser(COMMANDS, {"file": shtab.FILE, "folder": shtab.DIRECTORY})
    script = shtab.complete(parser, shell=options.shell)
    console.say(script)
    console.give({"shell": options.shell, "script": script})


COMPLETION = Command(
    name="completion",
    summary="print a script with which a shell completes commands, options and names",
    description=(
        "Prints a script for a shell. It holds all words, so that nothing of Python is run when "
        "you press the tabulator key; make it anew after an update."
    ),
    options=(
        Option(
            "shell",
            "the shell: bash, zsh, fish, tcsh or powershell",
            choice(_shells, "the name of a shell"),
            "SHELL",
            positional=True,
            required=True,
        ),
    ),
    run=_completion,
    examples=(
        "completion bash > ~/.local/share/bash-completion/completions/fusionlearn",
        "completion zsh > ~/.zfunc/_fusionlearn",
        "completion fish > ~/.config/fish/completions/fusionlearn.fish",
    ),
)
