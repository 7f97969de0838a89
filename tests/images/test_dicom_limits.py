"""DICOM files that want much memory or time, and those from another world: refused by reason."""

import io
import struct
import zlib

import dicom_files
import numpy as np
import pytest
from dicom_files import dicom, hounsfield
from pydicom import dcmread, dcmwrite
from pydicom.encaps import encapsulate

from fusionlearn import check_images, config_context
from fusionlearn.images import find_bad_images, read_dicom

WINDOW = {"WindowCenter": 40, "WindowWidth": 400}
# As it stands in front of everything that is not file meta information.
FIRST = b"\x08\0\x16\0UI"


@pytest.fixture
def whole(rng):
    return dicom(hounsfield((24, 20), rng), **WINDOW)


def refusal(data):
    (error,) = find_bad_images([data])
    return error


def before_elements(data, elements):
    """Put elements in front of the others."""
    at = data.index(FIRST)
    return data[:at] + elements + data[at:]


def with_pixels(data, content):
    """Replace the compressed pixels."""
    ds = dcmread(io.BytesIO(data))
    ds.PixelData = encapsulate([content])
    ds["PixelData"].is_undefined_length = True
    buffer = io.BytesIO()
    dcmwrite(buffer, ds)
    return buffer.getvalue()


def test_every_beginning_of_a_file_is_refused(whole):
    """Wherever it is cut off: with a reason, and by none of pydicom's exceptions."""
    for length in range(1, len(whole), 7):
        error = refusal(whole[:length])
        assert error.index == 0
        assert error.got


def test_settings(whole, rng):
    with config_context(max_image_pixels=24 * 20 - 1):
        assert "set_config(max_image_pixels" in refusal(whole).remedy
    with config_context(max_image_bytes=len(whole) - 1):
        assert "set_config(max_image_bytes" in refusal(whole).remedy
    with config_context(max_image_metadata=500):
        assert "set_config(max_image_metadata" in refusal(whole).remedy
    deflated = dicom(hounsfield((24, 20), rng), dicom_files.DEFLATED, **WINDOW)
    with config_context(max_image_metadata=500):
        assert "set_config(max_image_metadata" in refusal(deflated).remedy


def test_very_many_elements(whole):
    element = struct.pack("<HH2sH", 8, 1, b"UI", 0)
    assert "very many elements" in refusal(before_elements(whole, element * 530_000)).got


def test_sequences_in_sequences(whole):
    """Deeper than Python calls: the depth costs nothing."""
    begin = struct.pack("<HH2sHL", 9, 0x10, b"SQ", 0, 0xFFFFFFFF)
    begin += struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    end = struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    deep = before_elements(whole, begin * 5000 + end * 5000)
    assert np.array_equal(check_images([deep])[0].decode(), check_images([whole])[0].decode())
    assert "cut off" in refusal(before_elements(whole, begin * 5000)).got


def test_broken_sequences(whole):
    """Of those that nobody needs, and of those that pixels need."""
    head = struct.pack("<HH2sHL", 9, 0x10, b"SQ", 0, 0xFFFFFFFF)
    strange = struct.pack("<HHL", 0x28, 0x10, 2) + b"  "
    assert "between its items" in refusal(before_elements(whole, head + strange)).got
    plain = whole.replace(b"\x28\0\x50\x10DS", b"\x28\0\x49\x10DS")  # the window's centre
    at = plain.index(b"\xe0\x7f\x10\0")
    for item, got in (
        (strange, "between its items"),
        (struct.pack("<HHL", 0xFFFE, 0xE000, 500), "lies outside"),
        (struct.pack("<HHL", 0xFFFE, 0xE000, 8) + b"\x28\0\2\x30US\2\0", "cut off"),
    ):
        table = struct.pack("<HH2sHL", 0x28, 0x3010, b"SQ", 0, len(item)) + item
        assert got in refusal(plain[:at] + table + plain[at:]).got


def test_items_without_a_length(rng):
    """Written to a delimiter, as many programs do, they hold the same."""
    values = hounsfield((24, 20), rng)
    table = dicom_files.item(LUTDescriptor=[256, 0, 8], LUTData=bytes(range(256)))
    data = dicom(values, VOILUTSequence=table)
    ds = dcmread(io.BytesIO(data))
    ds["VOILUTSequence"].is_undefined_length = True
    ds.VOILUTSequence[0].is_undefined_length_sequence_item = True
    buffer = io.BytesIO()
    dcmwrite(buffer, ds)
    assert buffer.getvalue() != data
    again = check_images([buffer.getvalue()])[0].decode()
    assert np.array_equal(again, check_images([data])[0].decode())


def test_lengths_beyond_the_end(whole):
    for kind, length in ((b"UN", 0x7FFFFFFF), (b"SQ", 10**6), (b"OB", 0xFFFFFFFE)):
        element = struct.pack("<HH2sHL", 8, 1, kind, 0, length)
        assert "cut off" in refusal(before_elements(whole, element)).got


def test_an_element_twice(whole):
    rows = struct.pack("<HH2sHH", 0x28, 0x10, b"US", 2, 24)
    assert "twice" in refusal(before_elements(whole, rows)).got


def test_a_deflated_bomb(rng):
    """What follows the pixels is never inflated, and what stands before them is limited."""
    data = dicom(hounsfield((24, 20), rng), dicom_files.DEFLATED, **WINDOW)
    plain = dicom(hounsfield((24, 20), rng), **WINDOW)
    at = data.index(dicom_files.DEFLATED.encode()) + len(dicom_files.DEFLATED)
    elements = plain[plain.index(FIRST) :]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = packer.compress(elements)
    bomb += b"".join(packer.compress(bytes(2**20)) for _ in range(30)) + packer.flush()
    assert check_images([data[:at] + bomb])[0].decode().shape == (24, 20, 3)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    filling = struct.pack("<HH2sHL", 8, 1, b"UN", 0, 17 * 2**20)
    bomb = packer.compress(filling + bytes(17 * 2**20) + elements) + packer.flush()
    assert "metadata beyond" in refusal(data[:at] + bomb).got
    assert "inflated" in refusal(data[:at] + b"\xff" * 300).got
    assert "cut off" in refusal(data[:-100]).got


def test_frames_that_are_not_there(rng):
    for syntax in (dicom_files.EXPLICIT, dicom_files.RLE):
        data = dicom(hounsfield((24, 20), rng), syntax, NumberOfFrames=2**30)
        with pytest.raises(ValueError, match=r"1,073,741,824 frames|fewer than its size"):
            read_dicom(data)


def test_frames_that_nothing_tells_apart(rng):
    values = rng.integers(0, 256, (3, 8, 6), dtype=np.uint8)
    data = dicom(values, dicom_files.RLE, has_frames=True, NumberOfFrames=2)
    with pytest.raises(ValueError, match="no table"):
        read_dicom(data)[0].decode()


def test_a_frame_larger_than_the_file_says(rng):
    """Memory is taken by what the compressed stream says, so that both must agree."""
    small = rng.integers(0, 256, (24, 20), dtype=np.uint8)
    large = rng.integers(0, 256, (300, 300), dtype=np.uint8)
    for syntax in (dicom_files.JPEG, dicom_files.JPEG2000):
        ds = dcmread(io.BytesIO(dicom(large, syntax)))
        ds.Rows, ds.Columns = small.shape
        buffer = io.BytesIO()
        dcmwrite(buffer, ds)
        assert "20 x 24 pixels with a frame of 300 x 300" in refusal(buffer.getvalue()).got


def test_run_lengths_that_do_not_end(rng):
    """Decoded only as far as there are pixels; too few are refused."""
    data = dicom(hounsfield((24, 20), rng), dicom_files.RLE, **WINDOW)
    header = np.array([2, 64, 64, *[0] * 13], dtype="<u4").tobytes()
    assert "to its end" in refusal(with_pixels(data, header + b"\x81\0")).got
    long = header + b"\x81\1" * 100_000
    long = header[:8] + np.uint32(64 + 100_000).tobytes() + long[12:]
    assert check_images([with_pixels(data, long)])[0].decode().shape == (24, 20, 3)
    assert "run-length" in refusal(with_pixels(data, b"\3" + header[1:])).got


def test_a_jpeg_of_very_many_scans(rng):
    data = dicom(rng.integers(0, 256, (24, 20), dtype=np.uint8), dicom_files.JPEG)
    content = dicom_files.encoded(rng.integers(0, 256, (24, 20), dtype=np.uint8), "JPEG")
    assert "200 scans" in refusal(with_pixels(data, content + b"\xff\xda" * 199)).got


def test_a_transfer_syntax_that_nobody_knows(rng):
    whole = dicom(rng.integers(0, 256, (24, 20), dtype=np.uint8), dicom_files.JPEG_LOSSLESS)
    for other in ("1.2.840.10008.1.2.4.102", "1.2.840.10008.1.9.4.70", "1.2.840.1~008.1.2.4.70"):
        assert "transfer syntax" in refusal(_with_syntax(whole, other)).got


def _with_syntax(data, syntax):
    """Write another transfer syntax over the one that is there, with the same length."""
    at = data.index(b"\2\0\x10\0UI")
    (length,) = struct.unpack_from("<H", data, at + 6)
    return data[: at + 8] + syntax.encode()[:length].ljust(length, b"\0") + data[at + 8 + length :]
