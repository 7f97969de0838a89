"""Data sets: folders of pictures, COVID-CT, and synthetic chest CT slices."""

from ._covid_ct import load_covid_ct
from ._dicom_series import load_dicom_series
from ._image_folder import load_image_folder
from ._phantoms import make_ct_phantoms

__all__ = ["load_covid_ct", "load_dicom_series", "load_image_folder", "make_ct_phantoms"]
