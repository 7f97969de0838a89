"""The command line: what it prints where, and what it says to those who mistype."""

import os
import signal
import subprocess
import sys
import warnings
from dataclasses import replace

import pytest
from command_lines import check_command_line
from command_parts import run, write_pictures

import fusionlearn
from fusionlearn.cli import _main, main
from fusionlearn.cli._commands import COMMANDS
from fusionlearn.cli._options import FLAG, GENERAL, GROUPS
from fusionlearn.exceptions import DataWarning


@pytest.fixture
def do(monkeypatch):
    """Let a command do something else."""

    def do(name, work):
        changed = [
            replace(each, run=work, options=()) if each.name == name else each for each in COMMANDS
        ]
        monkeypatch.setattr(_main, "COMMANDS", changed)

    return do


# arguments


def test_without_a_command_it_helps(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert "fusionlearn train scans/ --out model.fusion" in out
    assert "diagnosis" in out
    assert not err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_tells_all(command, capsys):
    """Every option, its default, examples that are understood, and the exit status."""
    assert main([*command.name.split(), "--help"]) == 0
    out, err = capsys.readouterr()
    words = " ".join(out.split())
    assert not err
    for option in (*command.options, *GENERAL):
        assert option.spoken in words
        assert option.help in words
        if option.default is not None and option.kind is not FLAG:
            assert f"(default: {option.default})" in words
    assert "130 it was interrupted" in words
    assert words.startswith(f"usage: fusionlearn {command.name} [OPTION ...]")
    assert f"examples: fusionlearn {command.name}" in words


def test_examples_in_the_help_are_understood():
    """No option was renamed without them."""
    examples = [example for command in COMMANDS for example in command.examples]
    assert len(examples) > 15
    for example in examples:
        check_command_line(f"fusionlearn {example}")


def test_help_of_all(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(command.name.split()[0] in out for command in COMMANDS)
    assert main(["store", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(action in out for action in ("check", "stats", "prune", "clear"))
    assert GROUPS.keys() == {"store"}


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"fusionlearn {fusionlearn.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dmeo"], "there is no command 'dmeo'. Did you mean 'demo'?"),
        (["frobnicate"], "There are: demo, train, evaluate, report, predict, explain, inspect"),
        (["demo", "--dta", "x"], "there is no option --dta. Did you mean '--data'?"),
        (["demo", "--weight=x"], "there is no option --weight. Did you mean '--weights'?"),
        (["demo", "scans"], "nothing is known to do with 'scans'"),
        (["demo", "--data"], "expected one argument"),
        (["--quiet"], "got '--quiet' first; wanted COMMAND"),
        (["store"], "store what? There are: check, stats, prune, clear."),
        (["store", "chekc"], "there is no store 'chekc'. Did you mean 'check'?"),
        (["train"], "FOLDER and --out are missing"),
        (["train", "scans"], "--out is missing"),
        (["evaluate", "x", "--cv", "1"], "--cv: got '1'; wanted a whole number from 2 upwards."),
        (["evaluate", "x", "--split", "tset"], "wanted a part of the data. Did you mean 'test'?"),
        (["evaluate", "x", "--preset", "q"], "There are: covid_ct, covid_ct_strong."),
        (
            ["evaluate", "x", "--group-pattern", "(p[0-9"],
            "--group-pattern: '(p[0-9' is no regular expression: a bracket [ is never closed "
            "(character 3: '[0-9'). Its one group in round brackets finds the patient in the path "
            "of each picture, as '(patient[0-9]+)' finds 'patient12'",
        ),
        (["predict", "m", "p", "--group-pattern", "("], "a bracket ( is never closed (character 1"),
        (["train", "x", "--group-pattern", "patient"], "'patient' has 0 groups; wanted exactly"),
        (["report", "x", "--group-pattern", "(?P<a)"], "'(?P<a)' is no regular expression"),
        (["explain", "m", "p", "--method", "x"], "There are: gradcam, occlusion."),
    ],
)
def test_mistyped_words(capsys, words, message):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert err.startswith("fusionlearn")
    assert len(err.splitlines()) == 1
    assert not out


def test_arguments_come_from_the_program_by_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fusionlearn", "--version"])
    assert main() == 0
    assert "fusionlearn" in capsys.readouterr().out


# what is said where


def test_a_document_is_alone_on_standard_output(do, capsys):
    """Words and what libraries print go beside it; numbers that are none become null."""

    def work(options, console):
        sys.stdout.write("Downloading ...\n")  # as Keras does
        console.say("a result in words")
        console.give({"score": float("nan"), "file": "\udcff.png"})

    do("demo", work)
    before = sys.stdout
    assert run("demo", "--json") == 0
    out, err = capsys.readouterr()
    assert out == '{"score": null, "file": "\\udcff.png"}\n'
    assert err == "Downloading ...\na result in words\n"
    assert sys.stdout is before
    assert run("demo") == 0
    assert capsys.readouterr().out == "a result in words\n"


def test_quiet_and_verbose(do, capsys):
    """Warnings are never left out."""

    def work(options, console):
        sys.stdout.write("Downloading ...\n")
        console.note("a remark")
        console.detail("a detail")
        console.warn("beware")
        console.say("a result")

    do("demo", work)
    for option, beside in (
        ("--quiet", "warning: beware\n"),
        ("--no-quiet", "Downloading ...\na remark\nwarning: beware\n"),
        ("--verbose", "Downloading ...\na remark\na detail\nwarning: beware\n"),
    ):
        assert run("demo", option) == 0
        assert capsys.readouterr() == ("a result\n", beside)


@pytest.mark.parametrize(
    ("terminal", "words", "bars"),
    [(True, [], True), (False, [], False), (True, ["--quiet"], False)],
)
def test_bars_are_for_terminals(do, monkeypatch, capsys, terminal, words, bars):
    seen = []
    do("demo", lambda options, console: seen.append(console.progress))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    assert run("demo", *words) == 0
    assert seen == [bars]


def test_warnings_of_the_library_are_plain(do, capsys):
    def work(options, console):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("left out", DataWarning, stacklevel=1)
            warnings.warn("left out", DataWarning, stacklevel=1)  # a model later
            warnings.warn("something else", UserWarning, stacklevel=1)

    do("demo", work)
    before = warnings.showwarning
    with pytest.warns(UserWarning, match="something else") as others:
        assert main(["demo"]) == 0
    assert capsys.readouterr().err == "warning: left out\n"
    assert len(others) == 1
    assert warnings.showwarning is before


def test_error_that_is_a_bug_keeps_its_traceback(do):
    """Only errors that tell the user something are put in one sentence."""

    def work(options, console):
        raise TypeError("a bug")

    do("demo", work)
    with pytest.raises(TypeError, match="a bug"):
        main(["demo"])


def test_verbose_tells_where_an_error_arose(do, capsys):
    def work(options, console):
        raise ValueError("not like this")

    do("demo", work)
    assert run("demo") == 1
    assert capsys.readouterr().err == "fusionlearn demo: not like this\n"
    assert run("demo", "--verbose") == 1
    assert "in work" in capsys.readouterr().err


def test_an_interruption_has_its_status(do, capsys):
    def work(options, console):
        raise KeyboardInterrupt

    do("demo", work)
    assert run("demo") == 130
    assert "Interrupted." in capsys.readouterr().err


# as processes


def start(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "fusionlearn", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_module_is_the_command_line():
    process = start("dmeo")
    out, err = process.communicate()
    assert process.returncode == 2
    assert not out
    assert err.startswith("fusionlearn: ")  # and not __main__.py


def hear_interrupts():
    """What a shell starts in the background is told not to, and its children with it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interruption(tmp_path):
    words = ("--data", write_pictures(tmp_path / "data", size=32), "--out", tmp_path / "out")
    process = start("demo", *words, preexec_fn=hear_interrupts)
    assert "12 pictures" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("Interrupted.")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_interruption_amidst_a_text_that_is_run(tmp_path):
    """As dataclasses are made: CPython would end the process by the signal, not by the status."""
    (tmp_path / "program.py").write_text(
        "import os, signal, sys\n"
        "from fusionlearn.cli import _backbones, main\n"
        "_backbones._describe = lambda _: exec('os.kill(os.getpid(), signal.SIGINT)')\n"
        "sys.exit(main(['backbones']))\n"
    )
    process = subprocess.run(
        [sys.executable, "-m", "program"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=hear_interrupts,
    )
    assert process.returncode == 130
    assert process.stderr.startswith("\nInterrupted.")


@pytest.mark.skipif(os.name == "nt", reason="Windows reports closed pipes in another way")
def test_reader_that_goes_away(tmp_path):
    data = write_pictures(tmp_path / "data", size=32)
    process = start("demo", "--data", data, "--weights", tmp_path, "--out", tmp_path / "out")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1
    assert not err
