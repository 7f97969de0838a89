"""Which drives other computers use, too, and that a store on one says so."""

import pytest

from fusionlearn import FeatureStore
from fusionlearn.exceptions import FeatureStoreWarning
from fusionlearn.features import _network_folder
from fusionlearn.features._network_folder import mount_type, network_type

MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
40 22 0:45 / /home rw,relatime shared:20 - nfs4 server:/export/home rw,vers=4.2
41 40 0:46 / /home/scratch rw - tmpfs tmpfs rw
42 22 0:47 / /mnt/two\040words rw master:3 shared:4 - cifs //server/share rw
43 22 0:48 / /mnt/far rw - fuse.sshfs somebody@server: rw
44 22 0:49 / /mnt/over rw - nfs server:/old rw
45 44 0:50 / /mnt/over rw - xfs /dev/vdb rw
46 22 0:51 / /mnt/near rw - fuse.ntfs /dev/sdb1 rw
a line that is none
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/features.db", "ext4"),
        ("/home/me/features.db", "nfs4"),
        ("/home", "nfs4"),
        ("/homestead/features.db", "ext4"),
        ("/home/scratch/features.db", "tmpfs"),
        ("/mnt/two words/features.db", "cifs"),
        ("/mnt/over/features.db", "xfs"),
    ],
)
def test_the_longest_and_latest_mount_counts(path, kind):
    assert mount_type(path, MOUNTS) == kind


def test_no_mounts_say_nothing():
    assert mount_type("/features.db", "") == ""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """Let the test's folder seem to be of some kind."""

    def mounted(kind):
        monkeypatch.setattr(_network_folder, "mount_type", lambda path, mounts: kind)
        return tmp_path / "features.db"

    return mounted


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs"])
def test_network_drives(mounted, kind):
    assert network_type(mounted(kind)) == kind


@pytest.mark.parametrize("kind", ["", "ext4", "xfs", "tmpfs", "overlay", "fuse.ntfs", "nfsd"])
def test_drives_of_this_computer(mounted, kind):
    assert network_type(mounted(kind)) is None


def test_this_system_can_be_asked(tmp_path):
    """Whatever the answer is, it is one."""
    assert isinstance(network_type(tmp_path), str | None)


def test_a_store_on_a_network_drive_says_so_once(mounted):
    store = FeatureStore(mounted("nfs4"))
    with pytest.warns(FeatureStoreWarning, match=r"network drive \(nfs4\).*one computer at a time"):
        store.stats()
    store.stats()
    store.rows.close()
    assert store.stats()["rows"] == 0


def test_a_store_on_a_local_disk_is_silent(mounted):
    assert FeatureStore(mounted("ext4")).stats()["rows"] == 0
