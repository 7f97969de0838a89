"""Paths that are strange, and what may lie at them: a rule for each."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from fusionlearn import FeatureStore, check_images
from fusionlearn._files import file_digest, open_regular
from fusionlearn.exceptions import ImageError
from fusionlearn.features._digests import get_digests

posix = pytest.mark.skipif(os.name != "posix", reason="such files are POSIX's")


def refusal(path):
    with pytest.raises(ImageError) as caught:
        check_images([path])[0].decode()
    assert str(caught.value).isprintable()
    return str(caught.value)


ODD = {
    "spaces and quotes": " a 'b' \"c\" .png",
    "another script": "Lungenaufnahme für 患者 🫁.png",
    "a line break": "a\nb.png",
    "an escape sequence": "\x1b[31mred\x1b[0m.png",
    "text from right to left": "a\u202egnp.exe.png",
    "bytes that are no text": os.fsdecode(b"a\xff\xfe.png"),
    "a percent sign and braces": "{0}%s.png",
    "nothing but a hyphen": "-",
    "255 characters": "a" * 251 + ".png",
}


@pytest.mark.parametrize("case", ODD)
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no names that are no text")
def test_odd_names_are_read(case, pictures, encode, tmp_path):
    """By path, by a store that remembers files, and as bytes of an ``os.DirEntry``."""
    path = tmp_path / ODD[case]
    path.write_bytes(encode(pictures[0]))
    (entry,) = os.scandir(os.fsencode(tmp_path))
    for X in ([path], [str(path)], [entry]):
        np.testing.assert_array_equal(check_images(X)[0].decode(), pictures[0])
    references, store = check_images([path]), FeatureStore(tmp_path / "features.db")
    assert get_digests(references, [store]) == [check_images([encode(pictures[0])])[0].digest]


@pytest.mark.parametrize("case", ODD)
def test_odd_names_do_not_reach_the_terminal(case, tmp_path):
    """A name that colours the terminal or hides its ending is shown in escapes."""
    path = tmp_path / ODD[case]
    with pytest.raises(ImageError) as caught:
        check_images([path, path])
    error = caught.value
    assert error.path == str(path)
    assert all(line.isprintable() for line in str(error).splitlines())
    assert len(str(error).splitlines()) == 3
    path.write_bytes(b"no picture")
    assert "no picture" in refusal(path)


def test_paths_that_cannot_be():
    assert "embedded null" in refusal("a\0b.png")
    assert "ud800" in refusal("a\ud800.png")
    assert "name too long" in refusal("a" * 5000).lower()
    assert len(refusal("a" * 10**6)) < 2000
    assert "no regular file" in refusal("")


@posix
def test_links(pictures, encode, tmp_path):
    """A link is the picture that it leads to; one that leads nowhere is refused."""
    (tmp_path / "scan.png").write_bytes(encode(pictures[0]))
    for name, target in (("link", "scan.png"), ("nowhere", "gone"), ("circle", "circle")):
        (tmp_path / name).symlink_to(target)
    link, file = check_images([tmp_path / "link", tmp_path / "scan.png"])
    assert link.digest == file.digest
    assert "No such file" in refusal(tmp_path / "nowhere")
    assert "symbolic links" in refusal(tmp_path / "circle")


@posix
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_devices(path, tmp_path):
    link = tmp_path / "scan.png"
    link.symlink_to(path)
    for given in (path, link):
        assert "no regular file" in refusal(given)


@posix
def test_pipes_are_not_waited_for(pictures, encode, tmp_path):
    """Nor where one takes the place of a file that was there when it was looked at."""
    path = tmp_path / "scan.png"
    os.mkfifo(path)
    assert "no regular file" in refusal(path)
    path.unlink()
    path.write_bytes(encode(pictures[0]))
    (reference,) = check_images([path])
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ImageError, match=r"scan\.png\): got a file that cannot be read.*regular"):
        reference.source.read()
    for read in (open_regular, file_digest):
        with pytest.raises(OSError, match="no regular file"):
            read(str(path))


def test_a_file_that_is_replaced_before_it_is_read_for_its_digest(pictures, encode, tmp_path):
    """The new one may be of any length: to read it could take for ever."""
    path = tmp_path / "scan.png"
    path.write_bytes(encode(pictures[0]))
    source = check_images([path])[0].source
    status = source.look()
    with open(path, "wb") as file:
        file.truncate(2**40)
    with pytest.raises(ImageError, match=r"scan\.png\): got a file that has changed"):
        source.read_digest(status, 0)


@posix
def test_a_file_without_permission(pictures, encode):
    """Also where the tests run as root, who may read all: then as nobody."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = Path(folder, "scan.png")
        path.write_bytes(encode(pictures[0]))
        path.chmod(0)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            assert "Check its permissions" in refusal(path)
        finally:
            if is_root:
                os.seteuid(0)
