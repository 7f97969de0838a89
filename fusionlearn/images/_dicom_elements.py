"""The parts of a DICOM file, found without making anything of them.

pydicom's reader believes what stands in a file: it nests and inflates without end, makes
objects of every element and warns through the filters of the process. The walk here only finds
where the few elements lie that pixels need; the others are passed over, names and dates too.
"""

import zlib
from struct import Struct

from ._structure import StructureError

PIXEL_DATA = 0x7FE00010
# Of floating-point values, which parametric maps have.
FLOAT_PIXELS = (0x7FE00008, 0x7FE00009)

EXPLICIT = "1.2.840.10008.1.2.1"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_BIG_ENDIAN = "1.2.840.10008.1.2.2"

_TRANSFER_SYNTAX = 0x00020010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
# What passing over an element costs of the setting max_image_metadata: time alone.
_ELEMENT = 32


class Elements:
    """A walk over the elements of a DICOM file.

    Parameters
    ----------
    data : bytes
        The content of a file, with or without the 128 bytes and "DICM" in front.

    limits : dict
        The settings.

    n_bytes : int or None, default=None
        Length of the file, where ``data`` is only its beginning.

    Attributes
    ----------
    data : memoryview
        The bytes in which elements lie; inflated, where the file is deflated.

    transfer_syntax : str
        How elements and pixels are written.

    order : {"<", ">"}
        Order of the bytes of numbers.

    Raises
    ------
    StructureError
        If lengths contradict each other, or there is too much of something.
    """

    def __init__(self, data, limits, n_bytes=None):
        self.data = memoryview(data)
        self._limits = limits
        self._inflater = None
        self._cost = 0
        at = 132 if data[128:132] == b"DICM" else 0
        at, self.transfer_syntax = self._file_meta(at)
        if self.transfer_syntax == _DEFLATED:
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            begun = self._inflated(self.data[at:], limits["max_image_metadata"])
            self.data, at = memoryview(begun), 0
            n_bytes = limits["max_image_bytes"] if self._inflater.unconsumed_tail else None
        self._start, self._end = at, len(self.data) if n_bytes is None else n_bytes
        # By what stands there: programs, old ones above all, say it wrong or not at all.
        self._is_explicit = _is_type(bytes(self.data[at + 4 : at + 6]))
        if self.transfer_syntax is None:
            is_big = bytes(self.data[at : at + 2]) == b"\0\x08"
            self.transfer_syntax = _BIG_ENDIAN if is_big else EXPLICIT
        self.order = ">" if self.transfer_syntax == _BIG_ENDIAN else "<"
        self._use_order(self.order)

    def top(self, wanted):
        """Find elements in front of the pixels, and the pixels.

        Parameters
        ----------
        wanted : collection of int
            Tags.

        Returns
        -------
        found : dict of int to tuple
            Tag to the two letters of its type (or None), where its value begins and how
            long it is (-1: to a delimiter).
        """
        return self._find(self._start, self._end, self._is_explicit, wanted, is_top=True)

    def items(self, element):
        """Find the items of a sequence.

        Parameters
        ----------
        element : tuple
            What ``top`` or ``inside`` says of the sequence.

        Yields
        ------
        item : tuple of (int, int, bool)
            Where its elements begin and end, and whether their types are written.
        """
        kind, at, length = element
        is_explicit = self._is_explicit and kind != b"UN"
        end = len(self.data) if length < 0 else at + length
        while at + 8 <= end:
            tag, size = self._item(at)
            if tag == _SEQUENCE_END:
                return
            if tag != _ITEM:
                raise StructureError("a DICOM sequence with something between its items")
            first, at = at + 8, at + 8 + size
            last = at
            if size == _UNDEFINED:
                at = self._after(first, is_explicit, within_item=True)
                last = at - 8
            if at > end:
                raise StructureError("a DICOM sequence with an item that lies outside")
            yield first, last, is_explicit

    def inside(self, item, wanted):
        """Find elements of an item, as ``top`` does."""
        return self._find(*item, wanted)

    def fragments(self, element):
        """Find the parts of compressed pixels: the table of offsets, and what follows."""
        return [(first, last) for first, last, _ in self.items(element)]

    def value(self, element, n_bytes=None):
        """Get the bytes of an element, or so many of them, without a copy."""
        _, at, length = element
        end = at + (length if n_bytes is None else n_bytes)
        if end > len(self.data) and self._inflater is not None:
            limit = self._limits["max_image_bytes"]
            if end > limit:
                got = f"a DICOM file that inflates beyond {limit:,} bytes"
                raise StructureError(got, "max_image_bytes")
            rest = self._inflated(self._inflater.unconsumed_tail, end - len(self.data))
            self.data = memoryview(bytes(self.data) + rest)
        if end > len(self.data):
            raise self._cut_off()
        return self.data[at:end]

    def _inflated(self, data, n_bytes):
        try:
            return self._inflater.decompress(data, n_bytes)
        except zlib.error as error:
            raise StructureError("a deflated DICOM file that cannot be inflated") from error

    def _cut_off(self):
        if self._inflater is not None and self._inflater.unconsumed_tail:
            limit = self._limits["max_image_metadata"]
            return StructureError(f"metadata beyond {limit:,} bytes", "max_image_metadata")
        return StructureError("a DICOM file that is cut off")

    def _spend(self):
        self._cost += _ELEMENT
        if self._cost > self._limits["max_image_metadata"]:
            raise StructureError("a DICOM file of very many elements", "max_image_metadata")

    def _use_order(self, order):
        self._short = Struct(order + "HH2sH").unpack_from
        self._plain = Struct(order + "HHL").unpack_from
        self._long = Struct(order + "L").unpack_from

    def _file_meta(self, at):
        """Where the file meta information ends, and the transfer syntax that it names."""
        self._use_order("<")
        syntax = None
        while bytes(self.data[at : at + 2]) == b"\2\0":
            tag, _, first, length = self._element(at, True)
            at = first + length
            if length < 0 or at > len(self.data):
                raise self._cut_off()
            if tag == _TRANSFER_SYNTAX and length <= 64:
                syntax = bytes(self.data[first:at]).rstrip(b"\0 ").decode("ascii", "replace")
        return at, syntax or None

    def _find(self, at, end, is_explicit, wanted, is_top=False):
        found = {}
        while at + 8 <= end:
            tag, kind, first, length = self._element(at, is_explicit)
            is_pixels = is_top and (tag == PIXEL_DATA or tag in FLOAT_PIXELS)
            if tag in wanted or is_pixels:
                if tag in found:
                    raise StructureError("a DICOM file with an element twice")
                found[tag] = kind, first, length
            if first + length > end:
                raise self._cut_off()
            if is_pixels:  # whatever follows is not looked at
                return found
            at = (
                first + length if length >= 0 else self._after(first, is_explicit and kind != b"UN")
            )
        if is_top and any(self.data[at:end]):
            raise self._cut_off()
        return found

    def _element(self, at, is_explicit):
        """Tag, type, where the value begins, and its length or -1."""
        self._spend()
        try:
            group, number, kind, length = self._short(self.data, at)
            tag, first = group << 16 | number, at + 8
            # In files with types some programs write an element without one.
            if not is_explicit or group == 0xFFFE or not _is_type(kind):
                kind, (length,) = None, self._long(self.data, at + 4)
            elif kind in _LONG:
                (length,), first = self._long(self.data, at + 8), at + 12
        except Exception as error:
            raise self._cut_off() from error
        return tag, kind, first, -1 if length == _UNDEFINED else length

    def _item(self, at):
        self._spend()
        group, number, length = self._plain(self.data, at)
        return group << 16 | number, length

    def _after(self, at, is_explicit, within_item=False):
        """Where that ends whose length is not given, without a call for each level."""
        levels = [("item" if within_item else "sequence", is_explicit)]
        while levels:
            if at + 8 > len(self.data):
                raise self._cut_off()
            level, is_explicit = levels[-1]
            if level == "sequence":
                tag, length = self._item(at)
                at += 8
                if tag == _SEQUENCE_END:
                    levels.pop()
                elif tag != _ITEM:
                    raise StructureError("a DICOM sequence with something between its items")
                elif length == _UNDEFINED:
                    levels.append(("item", is_explicit))
                else:
                    at += length
                continue
            tag, kind, first, length = self._element(at, is_explicit)
            if tag == _ITEM_END:
                levels.pop()
                at = first
            elif length < 0:
                levels.append(("sequence", is_explicit and kind != b"UN"))
                at = first
            else:
                at = first + length
        return at


def _is_type(letters):
    return letters.isalpha() and letters.isupper()
