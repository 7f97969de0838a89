"""The oldest versions that ``pyproject.toml`` allows: ``python tools/lower_bounds.py``.

Printed as constraints for pip; ``make test-oldest`` takes them at their word.
"""

import re
import tomllib
from pathlib import Path

TESTED_EXTRAS = ("openvino", "plot")


def lower_bounds(extras=(), root=Path(__file__).parents[1]):
    """Read the lower bound of each dependency.

    Parameters
    ----------
    extras : iterable of str
        Optional dependencies that are read, too.

    root : pathlib.Path
        The top folder of the project.

    Returns
    -------
    bounds : dict of str to str
        Versions by name.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    required = list(project["dependencies"])
    for extra in extras:
        required += project["optional-dependencies"][extra]
    bounds = {}
    for requirement in required:
        found = re.fullmatch(r"([\w.-]+)>=([\d.]+)", requirement)
        if found is None:
            raise ValueError(f"pyproject.toml: {requirement!r}; wanted such as 'numpy>=1.26'.")
        bounds[found[1]] = found[2]
    return bounds


if __name__ == "__main__":
    for name, version in lower_bounds(TESTED_EXTRAS).items():
        print(f"{name}=={version}")
