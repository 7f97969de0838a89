"""Whether lines that documentation shows would be understood by the command line."""

import shlex

# What it loads draws from a global generator while it is imported, which no test may do.
import fusionlearn.presets  # noqa: F401
from fusionlearn.cli._commands import COMMANDS
from fusionlearn.cli._parser import make_parser, parse


def check_command_line(line):
    """Raise UsageError unless a line such as ``fusionlearn demo --data scans/`` is understood."""
    words = shlex.split(line.split(" > ")[0].split(" | ")[0])
    assert words[0] == "fusionlearn", line
    names = [" ".join(words[1:3]), words[1]]
    command = next(each for name in names for each in COMMANDS if each.name == name)
    _, parsers = make_parser(COMMANDS)
    return parse(command, parsers[command.name], words[1 + len(command.name.split()) :])
