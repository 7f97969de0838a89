"""What is required is written in pyproject.toml; everything that repeats it says the same."""

import re
import tomllib

import pytest

# What conda-forge calls otherwise than pip.
CONDA_NAMES = {"matplotlib": "matplotlib-base"}


@pytest.fixture
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def recipe(root):
    return (root / "tools" / "conda" / "recipe.yaml").read_text(encoding="utf-8")


def listed(recipe, section):
    """Read a list of requirements of the recipe: versions by name."""
    lines = re.search(rf"^  {section}:\n((?:    - .*\n)+)", recipe, re.M)[1]
    return dict(re.findall(r"^    - (\S+)(?: >=(\S+))?", lines, re.M))


def conda_bounds(extras=()):
    from lower_bounds import lower_bounds

    return {CONDA_NAMES.get(name, name): bound for name, bound in lower_bounds(extras).items()}


def test_conda_requires_what_pip_requires(recipe):
    required = listed(recipe, "run")
    del required["python"]  # the test below
    assert required == conda_bounds()


def test_conda_constrains_what_the_extras_require(recipe):
    extras = ["openvino", "plot", "dicom", "export", "distributed"]
    wanted = conda_bounds(extras).items() - conda_bounds().items()
    wanted -= {("ai-edge-litert", "1.2")}  # has no conda package
    assert listed(recipe, "run_constraints") == dict(wanted)


def test_conda_builds_with_what_pip_builds_with(recipe, project):
    (needed,) = project["build-system"]["requires"]
    assert needed == f"setuptools>={listed(recipe, 'host')['setuptools']}"


def test_commands_are_the_same(recipe, project):
    ((command, place),) = project["project"]["scripts"].items()
    assert f"- {command} = {place}\n" in recipe


def test_the_oldest_python_is_the_same_everywhere(recipe, project):
    """Classifiers, pip, ruff, conda; and no minor version between them is left out."""
    from compatibility import python_versions

    oldest, *_ = versions = python_versions()
    assert project["project"]["requires-python"] == f">={oldest}"
    assert project["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert f'  python_min: "{oldest}"\n' in recipe
    minors = [int(version.partition(".")[2]) for version in versions]
    assert minors == list(range(minors[0], minors[0] + len(minors)))


def test_every_requirement_is_a_lower_bound(tmp_path):
    """What has none could not be tested at its oldest."""
    from lower_bounds import lower_bounds

    for requirement in ("numpy", "numpy>=1.26,<3", "numpy==1.26"):
        text = f'[project]\ndependencies = ["{requirement}"]\n'
        (tmp_path / "pyproject.toml").write_text(text)
        with pytest.raises(ValueError, match=re.escape(requirement)):
            lower_bounds(root=tmp_path)


def test_the_page_on_compatibility_has_a_row_for_each():
    from compatibility import compatibility_table
    from lower_bounds import TESTED_EXTRAS, lower_bounds

    table = "\n".join(compatibility_table())
    for name, oldest in lower_bounds(TESTED_EXTRAS).items():
        assert f"   * - ``{name}``\n     - {oldest}\n" in table
    assert "   * - Python\n     - 3.11\n" in table


def test_extras_that_are_tested_at_their_oldest_are_installed_there(root):
    """``make test-oldest`` installs the extras whose bounds it pins."""
    from lower_bounds import TESTED_EXTRAS

    makefile = (root / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\ntest-oldest:\n")[2].partition("\n\n")[0]
    assert "tools/lower_bounds.py" in recipe
    assert f'".[{",".join(TESTED_EXTRAS)},test]"' in recipe
