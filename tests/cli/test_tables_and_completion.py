"""The commands ``backbones`` and ``completion``."""

import shutil
import subprocess

import pytest
from command_parts import run, run_json

import fusionlearn
from fusionlearn.cli._commands import COMMANDS
from fusionlearn.cli._completion import _shells

NETWORKS = [name for name, each in fusionlearn.BACKBONES.items() if each.is_application]


def test_every_network_is_listed(capsys):
    """With what the table in code says of it."""
    document, text = run_json(capsys, "backbones")
    assert [each["name"] for each in document] == NETWORKS
    for each in document:
        backbone = fusionlearn.BACKBONES[each["name"]]
        assert each["input_size"] == backbone.input_size
        assert each["n_features"] == backbone.n_features
        assert each["n_parameters"] == backbone.n_parameters
        assert each["imagenet_weights"]
        (line,) = [line for line in text.splitlines() if line.split()[:1] == [each["name"]]]
        assert f" {backbone.n_parameters / 1e6:.1f} M " in line


def test_networks_are_chosen_by_parts_of_names(capsys):
    document, _ = run_json(capsys, "backbones", "vgg", "nasnetl")
    assert [each["name"] for each in document] == ["NASNetLarge", "VGG16", "VGG19"]
    assert run("backbones", "densnet121") == 1
    assert "Did you mean 'DenseNet121'" in capsys.readouterr().err
    assert run("backbones", "zzz") == 1
    assert "'zzz'. Without a name all are listed." in capsys.readouterr().err


@pytest.mark.parametrize("shell", _shells())
def test_a_shell_completes_all_words(shell, capsys):
    """Commands, options, and values that have names."""
    assert run("completion", shell) == 0
    script = capsys.readouterr().out
    for command in COMMANDS:
        assert all(word in script for word in command.name.split())
        for option in command.options:
            assert option.positional or option.name in script, option.name
    assert all(preset in script for preset in fusionlearn.presets.list_presets())


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs the shell itself")
def test_bash_completes(capsys):
    """As if somebody had typed a part of a line and pressed the key."""
    assert run("completion", "bash") == 0
    script = capsys.readouterr().out

    def complete(*words):
        line = " ".join(f"'{word}'" for word in words)
        asked = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; COMPREPLY=(); "
        asked += "_shtab_fusionlearn fusionlearn; echo ${COMPREPLY[@]}"
        found = subprocess.run(
            ["bash", "-c", f"{script}\n{asked}"], capture_output=True, text=True, check=True
        )
        return found.stdout.split()

    assert complete("fusionlearn", "ev") == ["evaluate"]
    assert complete("fusionlearn", "evaluate", "--rep") == ["--repeats"]
    assert "covid_ct_strong" in complete("fusionlearn", "train", "--preset", "covid")
    assert complete("fusionlearn", "store", "pr") == ["prune"]


def test_an_unknown_shell(capsys):
    assert run("completion", "basch") == 2
    assert "Did you mean 'bash'?" in capsys.readouterr().err
