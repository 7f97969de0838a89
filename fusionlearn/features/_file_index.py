"""Which file had which digest, kept in a store file for later processes."""

import functools
import hashlib
import os
import platform
import uuid
import zlib
from contextlib import suppress

from ._sqlite_file import file_inode

_BLOCK = 512
_NOTED_MAX = 1_000_000


class FileIndex:
    """Digests of files by place (host and absolute path), size, time and inode.

    A file whose size, time of change and inode are those that were noted is taken to
    hold what it held then, as git's index has it. What could fool this is content that
    changed while all three stayed, on the same host under the same path: written in
    place with the time of change set back, by a program or a clock. A file that was
    changed less than two seconds before it was read is never noted. Where pixels are
    needed the digest is checked against them, so that nothing is computed from a file
    that fooled it.

    A place is a keyed hash whose key is the host's identity. So no name stands in the
    file, whoever has only the file cannot test a name either, and on another host
    nothing is found; nothing is noted on a host that has no identity.

    Parameters
    ----------
    database : SQLiteFile
        The file.
    """

    def __init__(self, database):
        self._database = database
        self._noted = {}
        self._noted_in = None

    def find(self, numbers):
        """Get digests of files that are noted with the same numbers.

        Parameters
        ----------
        numbers : dict of str to str
            Path and what ``file_numbers`` says of the file.

        Returns
        -------
        digests : dict of str to str
            Path and digest of those that are found.
        """
        host = host_key()
        if host is None or not numbers:
            return {}
        paths = {_place(host, path): path for path in numbers}
        places = list(paths)
        found, damaged = {}, 0
        with self._database.lock, self._database.guarded("read", first=False):
            connection = self._database.open()
            for start in range(0, len(places), _BLOCK):
                block = places[start : start + _BLOCK]
                entries = connection.execute(
                    "SELECT place, numbers, checksum, digest FROM file "
                    f"WHERE place IN ({','.join('?' * len(block))})",
                    block,
                )
                for place, noted, checksum, digest in entries:
                    if not _is_whole(place, noted, checksum, digest):
                        damaged += 1
                    elif noted == numbers[paths[place]].encode():
                        found[paths[place]] = digest.hex()
            if damaged:
                self._database.warn("read in full", f"{damaged} damaged digests")
        self._remember({path: (numbers[path], digest) for path, digest in found.items()})
        return found

    def note(self, files):
        """Note what is not noted yet, all or none.

        Parameters
        ----------
        files : dict of str to tuple of (str, str)
            Path, and the numbers and the digest of a file that had settled.
        """
        host = host_key()
        if host is None:
            return
        self._drop_stale()
        new = {path: file for path, file in files.items() if self._noted.get(path) != file}
        if not new:
            return
        entries = [
            (place, numbers, _checksum(place, numbers.encode(), content), content)
            for place, numbers, content in (
                (_place(host, path), numbers, bytes.fromhex(digest))
                for path, (numbers, digest) in new.items()
            )
        ]
        with self._database.lock, self._database.guarded("written", first=False):
            connection = self._database.open()
            with self._database.transaction(connection):
                connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?)", entries)
            self._remember(new)

    def check(self, connection):
        """Count entries, and those that are damaged."""
        n_entries = n_damaged = 0
        for entry in connection.execute("SELECT place, numbers, checksum, digest FROM file"):
            n_entries += 1
            n_damaged += not _is_whole(*entry)
        return n_entries, n_damaged

    def forget(self, connection):
        """Drop all entries, inside a transaction of the caller's."""
        connection.execute("DELETE FROM file")
        self._noted.clear()

    def _drop_stale(self):
        if self._noted and file_inode(self._database.path) != self._noted_in:
            # Deleted or replaced: in the file that is there now nothing is noted.
            self._noted.clear()

    def _remember(self, files):
        self._noted_in = self._database.inode
        if len(self._noted) + len(files) > _NOTED_MAX:
            self._noted.clear()
        self._noted.update(files)


@functools.cache
def host_key():
    """Get a key that no other host has, nor anybody who reads the store elsewhere.

    Returns
    -------
    key : bytes or None
        32 bytes, or None where nothing tells this host from others.
    """
    machine = _machine_id()
    if not machine:
        return None
    # Containers are often started from one image with one machine id, under other names.
    return hashlib.sha256(f"fusionlearn\0{machine}\0{platform.node()}".encode()).digest()


def _machine_id():
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with suppress(OSError, UnicodeDecodeError), open(path, encoding="ascii") as file:
            # systemd writes "uninitialized" into images that are to be copied.
            if len(identity := file.read().strip()) == 32:
                return identity
    node = uuid.getnode()
    # Where there is no network card Python makes a number up and marks it by this bit.
    return "" if node >> 40 & 1 else f"{node:012x}"


def _place(host, path):
    return hashlib.blake2b(os.fsencode(path), key=host, digest_size=16).digest()


def _is_whole(place, numbers, checksum, digest):
    # Damage may have made numbers of them.
    is_entry = all(type(part) is bytes for part in (place, numbers, digest))
    return is_entry and checksum == _checksum(place, numbers, digest)


def _checksum(place, numbers, digest):
    return zlib.crc32(digest, zlib.crc32(numbers, zlib.crc32(place)))
