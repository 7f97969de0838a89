"""Config files: what the command line says, in TOML.

At the top stand options that several commands share, in a table those of one command::

    data = "scans"
    preset = "covid_ct_strong"

    [set]
    variant = "fast"

    [train]
    out = "model.fusion"

So one file says how a model is trained, and how it is evaluated. Paths are relative to the
file's folder. Settings are what Python is given, whatever they mean there: a path among them
is relative to the working folder, as nobody here knows that it is one.
"""

import os
import tomllib

from .. import __version__
from .._files import check_exists, write_whole
from .._hints import did_you_mean
from ._options import GENERAL, GROUPS, UsageError

_TOP = "the top of the file"


def read_config(path, command):
    """Read what a config file says for a command.

    Parameters
    ----------
    path : str
        The file.

    command : Command
        The command.

    Returns
    -------
    values : dict of str to object
        Values by the keys of the command's options.

    Raises
    ------
    UsageError
        If the file is no TOML, or anything in it is unknown or of a wrong kind, also where
        it is for another command.

    OSError
        If the file cannot be read.
    """
    from ._commands import COMMANDS  # which import this module

    check_exists(path)
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path!r} is no TOML: {error}.") from error
    shared = {
        option.name: option
        for each in COMMANDS
        for option in (*each.options, *GENERAL)
        if option.shared or (option in GENERAL and option.in_file)
    }
    heads = {each.name.split()[0] for each in COMMANDS}
    # There is an option store beside the commands of that name: a table is that of commands.
    top = {
        name: value
        for name, value in document.items()
        if name not in heads or (name in shared and not isinstance(value, dict))
    }
    below = {name: value for name, value in document.items() if name not in top}
    tables = {each.name: _table(below, each.name, path) for each in COMMANDS}
    _check_names(path, _TOP, top, {*shared, *heads})
    for head in GROUPS:
        actions = {each.name.split()[1] for each in COMMANDS if each.name.split()[0] == head}
        _check_names(path, f"[{head}]", below.get(head, {}), actions)
    values = _read(path, _TOP, top, shared)
    own = {}
    for each in COMMANDS:
        options = {option.name: option for option in (*each.options, *GENERAL)}
        where = f"[{each.name.replace(' ', '.')}]"
        for name, option in options.items():
            if name in tables[each.name] and not option.in_file:
                raise UsageError(
                    f"{path!r}: {where} {name}: this is said on the command line only: --{name}."
                )
        _check_names(path, where, tables[each.name], options)
        read = _read(path, where, tables[each.name], options)
        if each is command:
            own = read
    keys = {option.key for option in (*command.options, *GENERAL)}
    values = {key: value for key, value in values.items() if key in keys}
    for key, value in own.items():
        is_table = isinstance(value, dict) and key in values
        values[key] = {**values[key], **value} if is_table else value
    return values


def _table(tables, name, path):
    """The table of a command, which is inside another for a name of two words."""
    for part in name.split():
        tables = tables.get(part, {})
        if not isinstance(tables, dict):
            raise UsageError(f"{path!r}: {part!r} is a command; wanted its options in [{part}].")
    return tables


def _check_names(path, where, given, known):
    for name in given:
        if name in known:
            continue
        home = _home(name)
        if where == _TOP and home is not None:
            raise UsageError(
                f"{path!r}: {name!r} stands at {where}; wanted it in the table of the command "
                f"that it is for, such as [{home}]."
            )
        hint = did_you_mean(name, known) or f" There are: {', '.join(sorted(known))}."
        raise UsageError(f"{path!r}: there is no {name!r} for {where}.{hint}")


def _home(name):
    """Where an option may stand that is not shared."""
    from ._commands import COMMANDS

    for command in COMMANDS:
        if any(option.name == name and option.in_file for option in command.options):
            return command.name.replace(" ", ".")
    return None


def _read(path, where, given, options):
    values = {}
    for name, value in given.items():
        option = options[name]
        spoken = f"{path!r}: {name} at {where}" if where == _TOP else f"{path!r}: {where} {name}"
        is_list = option.many and isinstance(value, list)
        parsed = [option.kind.parse(each, spoken) for each in (value if is_list else [value])]
        if option.kind.place is not None:
            folder = os.path.dirname(path)
            parsed = [os.path.join(folder, os.path.expanduser(each)) for each in parsed]
        values[option.key] = option.join(parsed)
    return values


def write_config(path, command, values):
    """Write a config file with which a command does the same again.

    Parameters
    ----------
    path : str
        The file; it is replaced, if it is there, in one step.

    command : Command
        The command.

    values : dict of str to object
        Values by the keys of options.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    write_whole(path, config_text(path, command, values).encode())


def config_text(path, command, values):
    """Say in TOML what a command was given.

    Parameters
    ----------
    path : str
        Where the text will stand: relative paths start there.

    command : Command
        The command.

    values : dict of str to object
        Values by the keys of options.

    Returns
    -------
    text : str
        The content of the file.
    """
    import tomli_w

    shared, own = {}, {}
    for option in (*command.options, *GENERAL):
        value = values.get(option.key)
        if not option.in_file or value in (None, [], {}):
            continue
        if option.kind.place is not None:
            one = not isinstance(value, list)
            moved = [_move(each, path) for each in ([value] if one else value)]
            value = moved[0] if one else moved
        elif isinstance(value, dict):
            value = {name: "none" if each is None else each for name, each in value.items()}
        (shared if option.shared else own)[option.name] = value
    tables = own
    for part in reversed(command.name.split()):
        tables = {part: tables}
    name = os.path.basename(path)
    head = (
        f"# Written by fusionlearn {__version__}. The same again, over what it wrote:\n"
        f"# fusionlearn {command.name} --config {name} --force\n\n"
    )
    return head + tomli_w.dumps({**shared, **tables})


def _move(place, path):
    """Make a relative path start at the folder of a file instead of the working folder."""
    if os.path.isabs(place):
        return place
    moved = os.path.relpath(place, os.path.dirname(os.path.abspath(path)))
    return moved.replace(os.sep, "/")
