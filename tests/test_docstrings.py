"""Every docstring keeps to numpydoc, and every example in one gives what it says."""

import doctest
import importlib
import inspect
import pkgutil
import tomllib
from pathlib import Path

import pytest
from numpydoc.validate import validate

import fusionlearn

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(fusionlearn.__path__, "fusionlearn.")
    if not module.name.endswith("__main__")
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.draws_globally  # estimators of scikit-learn that an example gives no seed
@pytest.mark.parametrize("name", ["fusionlearn", *MODULES])
def test_examples(name, tmp_path, monkeypatch):
    """In an empty folder, so that files which an example makes are nobody's."""
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert result.failed == 0


def _public_objects():
    """Every function, class and method that a user can reach by names without underscore."""
    for module_name in ["fusionlearn", *MODULES]:
        if any(part.startswith("_") for part in module_name.split(".")[1:]):
            continue
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue
            home = f"{thing.__module__}.{thing.__qualname__}"
            yield home
            if inspect.isclass(thing):
                for attribute, value in vars(thing).items():
                    documented = inspect.isfunction(value) or isinstance(value, property)
                    if documented and not attribute.startswith("_"):
                        yield f"{home}.{attribute}"


PUBLIC = sorted(set(_public_objects()))
EXCLUDED = set(
    tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["tool"][
        "numpydoc_validation"
    ]["checks"]
) - {"all"}


def test_public_names_are_found():
    assert "fusionlearn.images._check.check_images" in PUBLIC
    assert "fusionlearn.features._extractor.BackboneFeatureExtractor.transform" in PUBLIC
    assert len(PUBLIC) > 60


@pytest.mark.parametrize("name", PUBLIC)
def test_docstring(name):
    errors = [
        f"{code}: {message}" for code, message in validate(name)["errors"] if code not in EXCLUDED
    ]
    assert not errors, "\n".join(errors)
