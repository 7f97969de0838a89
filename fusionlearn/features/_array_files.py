"""Arrays on disk that are written block by block: NumPy's file and Zarr's folder."""

import os
import shutil
from contextlib import suppress

import numpy as np


class NpyFile:
    """An array in a file of NumPy.

    It is written, not mapped: on a full disk that is an error and not the end of the process.

    Parameters
    ----------
    path : str
        The file.
    """

    def __init__(self, path):
        self._path = path

    def create(self, shape, dtype, block_size):
        """Make the file; its rows are written later."""
        header = {"descr": dtype.str, "fortran_order": False, "shape": shape}
        with open(self._path, "wb") as file:
            np.lib.format.write_array_header_1_0(file, header)

    def write(self, start, rows):
        """Write rows, so that they are there after a crash."""
        with open(self._path, "r+b") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            file.seek(start * rows[:1].nbytes, os.SEEK_CUR)
            file.write(np.ascontiguousarray(rows).data)
            file.flush()
            os.fsync(file.fileno())

    def read(self):
        """Map the file into memory."""
        return np.load(self._path, mmap_mode="r", allow_pickle=False)

    def remove(self):
        """Delete the file, if there is one."""
        if os.path.isdir(self._path):
            raise FileExistsError(f"{self._path!r} is a folder; wanted nothing, or a file.")
        with suppress(FileNotFoundError):
            os.unlink(self._path)


class ZarrFolder:
    """An array in a folder of Zarr; a block is a chunk of it.

    Parameters
    ----------
    path : str
        The folder.
    """

    def __init__(self, path):
        try:
            import zarr
        except ImportError as error:
            raise ImportError(
                "A path that ends in .zarr needs the package zarr: pip install zarr. Or end it in "
                ".npy."
            ) from error
        self._zarr = zarr
        self._path = path

    def create(self, shape, dtype, block_size):
        """Make the folder; its rows are written later."""
        chunks = (min(block_size, shape[0]), shape[1])
        self._zarr.open_array(self._path, mode="w", shape=shape, dtype=dtype, chunks=chunks)

    def write(self, start, rows):
        """Write rows."""
        self._zarr.open_array(self._path, mode="r+")[start : start + len(rows)] = rows

    def read(self):
        """Open the folder for reading."""
        return self._zarr.open_array(self._path, mode="r")

    def remove(self):
        """Delete the folder, if there is one."""
        if os.path.isfile(self._path):
            raise FileExistsError(f"{self._path!r} is a file; wanted nothing, or a folder.")
        with suppress(FileNotFoundError):
            shutil.rmtree(self._path)


ARRAY_FILES = {".npy": NpyFile, ".zarr": ZarrFolder}
