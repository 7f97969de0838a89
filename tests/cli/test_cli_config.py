"""Config files say what the line says, the line has the last word, and slips are told."""

import tomllib

import pytest
from command_parts import run

from fusionlearn.cli import main
from fusionlearn.cli._commands import COMMANDS
from fusionlearn.cli._config_file import read_config, write_config
from fusionlearn.cli._main import _options
from fusionlearn.cli._options import GENERAL, UsageError
from fusionlearn.cli._parser import make_parser, parse

BY_NAME = {command.name: command for command in COMMANDS}
EVERYTHING = """
data = "scans"
preset = "covid_ct"
cv = 3
store = "features.db"
quiet = true

[set]
dropout = 0.3
validation = "none"

[train]
out = "model.fusion"

[train.set]
epochs = 4

[evaluate]
repeats = 2
"""


def options(name, *words):
    command = BY_NAME[name]
    _, parsers = make_parser(COMMANDS)
    return _options(command, parse(command, parsers[name], list(words)))


@pytest.fixture
def config(tmp_path):
    """Write a file, and give its path."""

    def config(text):
        path = tmp_path / "runs" / "study.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return str(path)

    return config


def test_a_file_is_the_line(config):
    """Each command takes the top and its own table; paths start at the file's folder."""
    path = config(EVERYTHING)
    train, evaluate = options("train", "--config", path), options("evaluate", "--config", path)
    folder = path.removesuffix("study.toml")
    assert train.data == evaluate.data == f"{folder}scans"
    assert train.out == f"{folder}model.fusion"
    assert evaluate.out is None
    assert train.set == {"dropout": 0.3, "validation": None, "epochs": 4}
    assert evaluate.set == {"dropout": 0.3, "validation": None}
    assert (evaluate.cv, evaluate.repeats, evaluate.quiet) == (3, 2, True)


def test_the_line_wins(config):
    """Also over true, and setting by setting."""
    path = config(EVERYTHING)
    words = ["--config", path, "--cv", "4", "--no-quiet", "--set", "dropout=0.7", "elsewhere"]
    evaluate = options("evaluate", *words)
    assert (evaluate.cv, evaluate.quiet, evaluate.data) == (4, False, "elsewhere")
    assert evaluate.set == {"dropout": 0.7, "validation": None}
    assert evaluate.repeats == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prest = 'x'", "there is no 'prest' for the top of the file. Did you mean 'preset'?"),
        ("group_pattern = 'x'", "Did you mean 'group-pattern'?"),
        ("out = 'x'", "wanted it in the table of the command that it is for, such as [demo]"),
        ("[trian]\nout = 'x'", "there is no 'trian' for the top of the file. Did you mean 'train'"),
        ("[evaluate]\nrepeets = 2", "there is no 'repeets' for [evaluate]. Did you mean 'repeats'"),
        ("[store.chekc]\nfile = 'x'", "there is no 'chekc' for [store]. Did you mean 'check'?"),
        ("[train]\nforce = true", "this is said on the command line only: --force"),
        ("cv = 'many'", "cv at the top of the file: got 'many'; wanted a whole number from 2"),
        ("cv = true", "got True; wanted a whole number"),
        ("quiet = 1", "got 1; wanted true or false"),
        ("preset = 'covid_cd'", "Did you mean 'covid_ct'?"),
        ("train = 3", "wanted its options in [train]"),
        ("data =", "is no TOML"),
    ],
)
def test_what_a_file_cannot_say(config, text, message, capsys):
    """A slip in any table is told by any command, before it does anything."""
    assert main(["inspect", "model.fusion", "--config", config(text)]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert not out


def test_a_file_that_is_not_there(tmp_path, capsys):
    (tmp_path / "model.toml").touch()
    assert run("train", "--config", tmp_path / "modle.toml") == 2
    assert "Did you mean 'model.toml'?" in capsys.readouterr().err


def test_a_list_of_settings_is_all_of_them(config):
    """As texts, too; and an empty list is none, over which the line can say more."""
    path = config("""set = ["fusion=vote", "validation=none", "epochs=1"]\ntrust = []""")
    evaluate = options("evaluate", "--config", path)
    assert evaluate.set == {"fusion": "vote", "validation": None, "epochs": 1}
    assert evaluate.trust == []
    path = config("set = []")
    assert options("train", "--config", path).set == {}
    assert options("train", "--config", path, "--set", "epochs=1").set == {"epochs": 1}


LINES = [
    ("demo", "--data a --group-pattern (p) --out o"),
    ("train", "a --out o --set dropout=0.3 --set weights=none --set l=[1,2] --set v=fast"),
    ("evaluate", "m.fusion a --split test --trust x.Y --trust z.W"),
    ("evaluate", "a --cv 3 --grain-control --seed 7"),
    ("report", "a --title b --no-show-pictures"),
    ("predict", "m a b --by-patient c --store ../d --weights /e"),
    ("explain", "m a --out o --target c"),
    ("store prune", "f --max-bytes 2G"),
    ("backbones", "vgg dense --verbose"),
    ("evaluate", "a --json --quiet"),
]


@pytest.mark.parametrize(("name", "line"), LINES)
def test_what_is_written_says_the_same(name, line, tmp_path, monkeypatch):
    """From another folder, too."""
    monkeypatch.chdir(tmp_path)
    said = vars(options(name, *line.split()))
    (tmp_path / "elsewhere").mkdir()
    write_config("elsewhere/it.toml", BY_NAME[name], said)
    read = {**BY_NAME[name].defaults, **read_config("elsewhere/it.toml", BY_NAME[name])}
    for option in (*BY_NAME[name].options, *(each for each in GENERAL if each.in_file)):
        value, again = said[option.key], read[option.key]
        if option.kind.place is not None and value is not None:
            value, again = (
                [str((tmp_path / each).resolve()) for each in ([x] if isinstance(x, str) else x)]
                for x in (value, again)
            )
        assert again == value, option.name


def test_a_file_is_written_without_a_run(tmp_path, monkeypatch, capsys):
    """What is missing can be written into it."""
    monkeypatch.chdir(tmp_path)
    assert run("train", "scans", "--set", "dropout=0.3", "--write-config", "t.toml") == 0
    assert "t.toml" in capsys.readouterr().err
    written = tomllib.loads((tmp_path / "t.toml").read_text())
    assert written["data"] == "scans"
    assert written["set"] == {"dropout": 0.3}


def test_no_file_is_replaced_by_a_written_one(tmp_path, monkeypatch, capsys):
    """Unless it is said; a folder that is missing is told as for every file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keep.fusion").write_bytes(b"a model")
    words = ["evaluate", "scans", "--write-config", "keep.fusion"]
    assert run(*words) == 1
    assert "'keep.fusion' is there already; pass --force" in capsys.readouterr().err
    assert (tmp_path / "keep.fusion").read_bytes() == b"a model"
    assert run(*words, "--force") == 0
    assert tomllib.loads((tmp_path / "keep.fusion").read_text())["data"] == "scans"
    assert run("predict", "keep.fusion", "a", "--write-config", "keep.fusion", "--force") == 1
    assert "is read, so that nothing can be written there" in capsys.readouterr().err
    assert run(*words[:-1], "nowhere/x.toml") == 1
    assert "There is no folder 'nowhere'" in capsys.readouterr().err


def test_every_option_has_one_meaning_in_a_file():
    """A shared name is of one kind, and no other option is called like it."""
    for command in COMMANDS:
        for option in (*command.options, *GENERAL):
            others = [
                other
                for each in COMMANDS
                for other in (*each.options, *GENERAL)
                if other.name == option.name
            ]
            if any(other.shared for other in others):
                assert all(other.shared for other in others), option.name
                wanted = {(other.many, other.kind.types) for other in others}
                assert len(wanted) == 1, option.name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x=0.3", 0.3),
        ("x=3", 3),
        ("x=true", True),
        ('x="1"', "1"),
        ("x=fast", "fast"),
        ("x=None", None),
        ('x=["a", "b"]', ["a", "b"]),
        ("x={a = 1}", {"a": 1}),
    ],
)
def test_values_of_settings(text, value):
    found = options("train", "--set", text).set
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


@pytest.mark.parametrize("text", ["x", "=3", "x=", "x=0,3", "x=[1", "x=1\ny=2", "x=a b"])
def test_values_that_are_none(text):
    with pytest.raises(UsageError, match="wanted name=value"):
        options("train", "--set", text)
