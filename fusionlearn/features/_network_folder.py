"""Whether a file lies on a drive that other computers use, too."""

import os
import re

# Kinds of file systems that several computers share.
_NETWORK_TYPES = re.compile(
    "9p|afs|beegfs|ceph|cifs|coda|gfs2|glusterfs|gpfs|lustre|ncpfs|nfs4?|ocfs2|orangefs|smb3|smbfs"
    r"|fuse\.(ceph(fs|-fuse)|davfs2?|gcsfuse|glusterfs|goofys|moosefs|rclone|s3fs|seaweedfs|sshfs)"
)


def network_type(path):
    """Get the kind of the network drive on which a file lies.

    Parameters
    ----------
    path : str
        Path of a file, which need not exist.

    Returns
    -------
    kind : str or None
        Such as "nfs4"; None on a local disk, and where the system does not tell.
    """
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            mounts = file.read()
    except OSError:
        return None
    kind = mount_type(os.path.realpath(path), mounts)
    return kind if _NETWORK_TYPES.fullmatch(kind) else None


def mount_type(path, mounts):
    """Find the kind of the file system on which a path lies.

    Parameters
    ----------
    path : str
        Absolute path without links.

    mounts : str
        Text of Linux's ``/proc/self/mountinfo``.

    Returns
    -------
    kind : str
        Such as "ext4"; empty where no line fits.
    """
    kind, longest = "", -1
    for line in mounts.splitlines():
        mounted, separator, source = line.partition(" - ")
        if not separator:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), mounted.split(" ")[4])
        # What is mounted later lies over what was mounted there before.
        if len(point) >= longest and (path + "/").startswith(point.rstrip("/") + "/"):
            kind, longest = source.split(" ")[0], len(point)
    return kind
