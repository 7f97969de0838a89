"""Settings of the gallery: each example is run while the pages are built."""

import warnings
from contextlib import ExitStack

from fusionlearn.reporting._svg import page_style

_SECTIONS = ("first_steps", "fusion", "trust", "tuning")
_ORDER = (
    "plot_own_folder.py",
    "plot_recipe.py",
    "plot_many_classes.py",
    "plot_concat_or_vote.py",
    "plot_grid_over_subsets.py",
    "plot_custom_backbone.py",
    "plot_stacking_with_table.py",
    "plot_patients_and_leaks.py",
    "plot_calibration_and_conformal.py",
    "plot_explanations.py",
    "plot_augmentation.py",
    "plot_fine_tuning.py",
    "plot_speed.py",
)


_entered = ExitStack()


def strict_and_in_ink(gallery_conf, fname, when):
    """Let an example draw in the page's ink, and a warning in it fail the build."""
    if when == "before":
        _entered.enter_context(warnings.catch_warnings())
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ImportWarning)
        _entered.enter_context(page_style())
    else:
        _entered.close()


def place(name):
    """Order examples as they are read; one that is not in the list comes last."""
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def gallery_settings():
    """Give what sphinx-gallery needs to know.

    Returns
    -------
    settings : dict
        For ``sphinx_gallery_conf``.
    """
    return {
        "examples_dirs": "../examples",
        "gallery_dirs": "gallery",
        "filename_pattern": r"/plot_",
        "ignore_pattern": r"covid_ct\.py",  # a program with options, not a page
        "subsection_order": [f"../examples/{name}" for name in _SECTIONS],
        "within_subsection_order": "gallery.place",  # names, which Sphinx can compare
        "reset_modules": ("matplotlib", "gallery.strict_and_in_ink"),
        "reset_modules_order": "both",
        "image_scrapers": ("gallery_figures.scrape",),
        "capture_repr": (),
        "doc_module": ("fusionlearn",),
        "backreferences_dir": "gallery/backreferences",
        "download_all_examples": False,
        "show_signature": False,
        "remove_config_comments": True,
        "write_computation_times": False,
        "min_reported_time": 1_000_000,  # times of a machine that is not the reader's
    }
