"""DICOM files become the pictures that viewers show, by pydicom's word and by hand."""

import io
import sys
import warnings

import dicom_files
import numpy as np
import pytest
from dicom_files import dicom, hounsfield, item
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import (
    apply_color_lut,
    apply_modality_lut,
    apply_windowing,
    convert_color_space,
    get_decoder,
)

from fusionlearn import check_images
from fusionlearn.exceptions import ImageError, ImageWarning
from fusionlearn.images import find_bad_images, read_dicom

# Those of pydicom's own test files that it decodes, some by the plug-ins of our extra.
PACKAGED = [
    *("ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm", "JPEG2000.dcm", "MR_small.dcm"),
    "MR_small_jpeg_ls_lossless.dcm",
    *("MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm", "MR_small_implicit.dcm"),
    *("MR_small_jp2klossless.dcm", "MR_small_padded.dcm", "SC_jpeg_no_color_transform.dcm"),
    *("SC_jpeg_no_color_transform_2.dcm", "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm"),
    *("SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm", "SC_rgb_gdcm_KY.dcm"),
    *("SC_rgb_jpeg.dcm", "SC_rgb_jpeg_app14_dcmd.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle.dcm"),
    *("SC_rgb_rle_16bit_2frame.dcm", "SC_rgb_rle_32bit_2frame.dcm", "SC_rgb_small_odd.dcm"),
    *("SC_rgb_small_odd_big_endian.dcm", "SC_rgb_small_odd_jpeg.dcm", "image_dfl.dcm"),
    *("SC_ybr_full_422_uncompressed.dcm", "examples_palette.dcm", "examples_rgb_color.dcm"),
    *("liver_1frame.dcm", "rtdose.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm"),
]
NO_PICTURES = {
    "rtplan.dcm": "RTPLAN",
    "rtstruct.dcm": "RTSTRUCT",
    "test-SR.dcm": "SR",
    "reportsi.dcm": "SR",
    "waveform_ecg.dcm": "ECG",
    "ExplVR_BigEndNoMeta.dcm": "RTPLAN",
}


def packaged(name):
    return get_testdata_file(name, download=False)


def decoded(data, **options):
    return check_images([data], **options)[0].decode()


def refusal(data):
    (error,) = find_bad_images([data])
    return error


def by_pydicom(path):
    """Frames in 0-255 by pydicom alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = dcmread(path, force=True)
        values = ds.pixel_array
    frames = values if int(ds.get("NumberOfFrames") or 1) > 1 else values[np.newaxis]
    for frame in frames:
        if ds.PhotometricInterpretation == "PALETTE COLOR":
            yield apply_color_lut(frame, ds) >> 8
        elif frame.ndim == 3:
            yield frame >> (8 * frame.itemsize - 8)
        else:
            grey = apply_modality_lut(frame, ds).astype(float)
            if "WindowWidth" in ds:  # all of them are of MR, signed and not rescaled
                low, high = -(2**15), 2**15 - 1
                grey = apply_windowing(frame, ds)
            elif ds.BitsStored == 8:
                low, high = 0, 255
            else:
                low, high = grey.min(), grey.max()
            yield np.repeat(np.rint((grey - low) / (high - low) * 255)[:, :, np.newaxis], 3, axis=2)


@pytest.mark.parametrize("name", PACKAGED)
def test_files_of_pydicom(name):
    """Pixels are those of pydicom, whatever the file is written and compressed in."""
    pictures = [picture.decode() for picture in read_dicom(packaged(name), patients=None)]
    wanted = list(by_pydicom(packaged(name)))
    assert len(pictures) == len(wanted)
    for picture, frame in zip(pictures, wanted, strict=True):
        assert picture.dtype == np.uint8
        assert np.array_equal(picture, frame)


@pytest.mark.parametrize("name", NO_PICTURES)
def test_objects_without_pixels(name):
    error = refusal(packaged(name))
    assert error.path == packaged(name)
    assert error.got == f"a DICOM object without pixels ({NO_PICTURES[name]})"


def test_cut_off():
    assert "cut off" in refusal(packaged("MR_truncated.dcm")).got


@pytest.mark.parametrize(
    ("name", "plugin"),
    [
        ("MR_small_jpeg_ls_lossless.dcm", "pyjpegls"),
        ("JPGExtended.dcm", "python-gdcm"),
        ("SC_rgb_jpeg_gdcm.dcm", "python-gdcm"),
    ],
)
def test_a_missing_plugin_is_named(name, plugin, monkeypatch):
    """Where a plug-in is installed the file is decoded, elsewhere its name is told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        syntax = dcmread(packaged(name)).file_meta.TransferSyntaxUID
    monkeypatch.setattr(get_decoder(syntax), "_available", {})
    error = refusal(packaged(name))
    assert "nothing installed here decodes" in error.got
    assert f"pip install {plugin}" in error.remedy


def test_without_pydicom(rng, monkeypatch):
    """The extra is named, and all that needs no pixels works."""
    data = dicom(hounsfield((8, 6), rng))
    monkeypatch.setitem(sys.modules, "pydicom.pixels", None)
    error = refusal(data)
    assert 'pip install "fusionlearn[dicom]"' in error.remedy
    assert check_images([data])[0].describe()["format"] == "DICOM"


@pytest.mark.parametrize(
    "syntax",
    [dicom_files.IMPLICIT, dicom_files.BIG_ENDIAN, dicom_files.DEFLATED, dicom_files.RLE],
)
def test_how_a_file_is_written_makes_no_difference(syntax, rng):
    values = hounsfield((24, 20), rng)
    window = {"WindowCenter": 40, "WindowWidth": 400}
    plain = decoded(dicom(values, **window))
    assert np.array_equal(decoded(dicom(values, syntax, **window)), plain)
    assert plain.std() > 50


def test_lossless_colours(rng):
    colours = rng.integers(0, 256, (24, 20, 3), dtype=np.uint8)
    for syntax in (dicom_files.EXPLICIT, dicom_files.RLE, dicom_files.JPEG2000):
        assert np.array_equal(decoded(dicom(colours, syntax)), colours)
    planes = np.ascontiguousarray(colours.transpose(2, 0, 1)).reshape(24, 20, 3)
    assert np.array_equal(decoded(dicom(planes, PlanarConfiguration=1)), colours)


def test_brightness_and_colour_differences(rng):
    """Converted to RGB, however they are compressed."""
    colours = rng.integers(60, 190, (24, 20, 3), dtype=np.uint8)
    differences = convert_color_space(colours, "RGB", "YBR_FULL")
    for syntax in (dicom_files.EXPLICIT, dicom_files.RLE):
        picture = decoded(dicom(differences, syntax, PhotometricInterpretation="YBR_FULL"))
        assert np.array_equal(picture, convert_color_space(differences, "YBR_FULL", "RGB"))


def test_rescale_and_the_first_window():
    """y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255, as in PS3.3 C.11.2.1.2.1."""
    stored = np.array([[0, 500, 1000, 1100, 1500, 4000]], dtype=np.uint16)
    data = dicom(
        stored,
        RescaleSlope=2,
        RescaleIntercept=-2000,
        WindowCenter=[100, 7000],
        WindowWidth=[401, 1],
    )
    # In HU: -2000, -1000, 0, 200, 1000, 6000; the window goes from -100.5 to 299.5.
    assert decoded(data)[0, :, 0].tolist() == [0, 0, 64, 192, 255, 255]


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_windows_as_pydicom_applies_them(function, rng):
    values = hounsfield((32, 32), rng)
    data = dicom(values, WindowCenter=40, WindowWidth=400, VOILUTFunction=function)
    ds = dcmread(io.BytesIO(data))
    wanted = (apply_windowing(values, ds).astype(float) + 2**15) / (2**16 - 1) * 255
    assert np.abs(decoded(data)[:, :, 0] - wanted).max() <= 0.5 + 1e-6


def test_monochrome1_is_inverted(rng):
    values = hounsfield((8, 6), rng)
    window = {"WindowCenter": 40, "WindowWidth": 400}
    inverted = decoded(dicom(values, PhotometricInterpretation="MONOCHROME1", **window))
    assert np.array_equal(255 - decoded(dicom(values, **window)), inverted)


def test_padding_is_black():
    """What was not measured is no value, and does not stretch the range of those that were."""
    values = np.array([[-2000, 0, 50, 100]], dtype=np.int16)
    data = dicom(values, PixelPaddingValue=-2000, Modality="MR")
    assert decoded(data)[0, :, 0].tolist() == [0, 0, 128, 255]
    data = dicom(
        values, PixelPaddingValue=-2000, Modality="MR", PhotometricInterpretation="MONOCHROME1"
    )
    assert decoded(data)[0, :, 0].tolist() == [0, 255, 127, 0]


def test_lookup_tables():
    """Of the values that were measured, and of those that are shown."""
    stored = np.array([[0, 1, 2, 3]], dtype=np.uint8)
    measured = item(LUTDescriptor=[4, 0, 16], LUTData=np.array([0, 30, 10, 20], "<u2").tobytes())
    shown = item(LUTDescriptor=[31, 0, 8], LUTData=bytes(range(0, 248, 8)))
    data = dicom(stored, ModalityLUTSequence=measured, VOILUTSequence=shown, Modality="CR")
    assert decoded(data)[0, :, 0].tolist() == [0, 240, 80, 160]


def test_enhanced_objects_say_it_for_each_frame(rng):
    """Rescale for all frames, a window for each: as multi-frame CT has it."""
    values = np.array([[[0, 50, 100]], [[0, 50, 100]]], dtype=np.uint16)
    shared = item(PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=-50))
    windows = [
        item(FrameVOILUTSequence=item(WindowCenter=0.5, WindowWidth=101))[0],
        item(FrameVOILUTSequence=item(WindowCenter=50.5, WindowWidth=101))[0],
    ]
    data = dicom(
        values,
        has_frames=True,
        SharedFunctionalGroupsSequence=shared,
        PerFrameFunctionalGroupsSequence=windows,
    )
    first, second = (picture.decode()[0, :, 0].tolist() for picture in read_dicom(data))
    assert first == [0, 128, 255]
    assert second == [0, 0, 128]


def test_eight_bits_stay_as_they_are(rng):
    values = rng.integers(10, 200, (8, 6), dtype=np.uint8)
    data = dicom(values, Modality="US", RescaleSlope=1, RescaleIntercept=0)
    assert np.array_equal(decoded(data)[:, :, 0], values)


def test_ct_without_a_window_warns(rng):
    """Of 4000 values 256 levels are left, and most do not matter: nothing is guessed."""
    data = dicom(hounsfield((8, 6), rng))
    with pytest.warns(ImageWarning, match="CT picture without a window"):
        pixels = decoded(data)
    assert (pixels.min(), pixels.max()) == (0, 255)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageWarning):
            decoded(data)


def test_several_frames_are_several_pictures(rng):
    values = rng.integers(0, 256, (3, 8, 6), dtype=np.uint8)
    for syntax in (dicom_files.EXPLICIT, dicom_files.RLE):
        data = dicom(values, syntax, has_frames=True, Modality="XA")
        error = refusal(data)
        assert error.got == "a DICOM file with 3 frames"
        assert "read_dicom" in error.remedy
        pictures = read_dicom(data)
        assert [int(picture.decode()[0, 0, 0]) for picture in pictures] == values[:, 0, 0].tolist()
        assert len({picture.digest for picture in pictures}) == 3
        assert len({picture.group for picture in pictures}) == 1


def test_frames_in_several_parts(rng):
    """The table of offsets says which parts belong together."""
    values = rng.integers(0, 256, (3, 8, 6), dtype=np.uint8)
    ds = dcmread(io.BytesIO(dicom(values, dicom_files.RLE, has_frames=True, Modality="XA")))
    frames = [dicom_files.run_lengths(frame) for frame in values]
    ds.PixelData = encapsulate(frames, fragments_per_frame=2)
    buffer = io.BytesIO()
    ds.save_as(buffer)
    for picture, frame in zip(read_dicom(buffer.getvalue()), values, strict=True):
        assert np.array_equal(picture.decode()[:, :, 0], frame)


def test_frames_of_odd_size(rng):
    """Bits and odd bytes: frames do not begin where words do."""
    values = rng.integers(0, 256, (3, 3, 3), dtype=np.uint8)
    for syntax in (dicom_files.EXPLICIT, dicom_files.BIG_ENDIAN):
        pictures = read_dicom(dicom(values, syntax, has_frames=True, Modality="XA"))
        for picture, frame in zip(pictures, values, strict=True):
            assert np.array_equal(picture.decode()[:, :, 0], frame)


def test_a_file_is_told_by_its_content_or_its_name(rng, tmp_path):
    """With the preamble whatever it is called; without it by its extension."""
    data = dicom(rng.integers(0, 256, (8, 6), dtype=np.uint8))
    for name, content in (
        ("1.2.840.113619", data),
        ("scan", data),
        ("scan.png", data),
        ("no-preamble.dcm", data[132:]),
        ("no-meta.DCM", data[data.index(b"\x08\0\x16\0UI") :]),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert np.array_equal(decoded(path), decoded(data)), name
    path = tmp_path / "no-preamble"
    path.write_bytes(data[132:])
    assert "no picture" in refusal(path).got


def test_a_picture_that_is_only_called_so(rng, encode, tmp_path):
    pixels = rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)
    path = tmp_path / "scan.dcm"
    path.write_bytes(encode(pixels))
    assert np.array_equal(decoded(path), pixels)


def test_what_a_file_says_of_itself(rng, tmp_path):
    """Format, mode, size, bytes: what the shortcut baseline sees, and no identifier."""
    modes = {
        "I;16": dicom(hounsfield((8, 6), rng)),
        "L": dicom(rng.integers(0, 256, (8, 6), dtype=np.uint8)),
        "RGB": dicom(rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)),
    }
    for mode, data in modes.items():
        assert check_images([data])[0].describe() == {
            "format": "DICOM",
            "mode": mode,
            "width": 6,
            "height": 8,
            "n_bytes": len(data),
        }


@pytest.mark.parametrize(
    ("elements", "got"),
    [
        ({"PhotometricInterpretation": "RGB"}, "colours contradict"),
        ({"SamplesPerPixel": 3, "Columns": 2}, "colours contradict"),
        ({"PhotometricInterpretation": "HSV"}, "a DICOM picture in 'HSV'"),
        ({"BitsStored": 17}, "samples and bits"),
        ({"BitsAllocated": 12}, "samples and bits"),
        ({"Rows": 9}, "fewer than its size"),
        ({"Rows": 0}, "without pixels"),
        ({"NumberOfFrames": 0.5}, "number of frames"),
        ({"RescaleSlope": 0}, "broken rescale"),
        ({"WindowCenter": 5, "WindowWidth": -1}, "broken window"),
        ({"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "OTHER"}, "window of type"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "broken lookup table"),
    ],
)
def test_contradictions(elements, got, rng):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, which writes it all the same
        data = dicom(hounsfield((8, 6), rng), **elements)
    error = refusal(data)
    assert isinstance(error, ImageError)
    assert got in error.got
