"""Archives made to escape their folder, to fill the disk, or to be no archives at all."""

import io
import os
import shutil
import stat
import tarfile
import warnings
import zipfile

import pytest

from seqlab.data.errors import NoSpace, UnsafeArchive, WrongContents
from seqlab.data.fetch.archives import extract, member_names, read_member, read_members

MEMBERS = {"a.txt": b"A", "deep/b.txt": b"BB", "deep/er/c.bin": bytes(3_000_000)}


def make_zip(path, members, **attributes):
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # zipfile warns of names that occur twice
        for name, body in members:
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, body)
    return path


def make_tar(path, members, mode="w:gz", **attributes):
    with tarfile.open(path, mode) as archive:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(body))
    return path


MAKERS = {"zip": make_zip, "tar": make_tar}


@pytest.fixture(params=MAKERS)
def make(request, tmp_path):
    """Makes an archive, once as a zip and once as a tar.gz."""
    return lambda *members: MAKERS[request.param](tmp_path / "archive", members)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


def refuse(archive, folder, match, **limits):
    """See that an archive is refused, and that nothing is written anywhere."""
    before = sorted(archive.parent.rglob("*"))
    with pytest.raises(UnsafeArchive, match=match) as caught:
        extract(archive, folder, **limits)
    assert str(archive) in str(caught.value)
    assert sorted(archive.parent.rglob("*")) == before


def test_all_files_come_out_in_order(make, folder):
    archive = make(*MEMBERS.items())
    written = extract(archive, folder)
    assert [path.relative_to(folder).as_posix() for path in written] == list(MEMBERS)
    assert [path.read_bytes() for path in written] == list(MEMBERS.values())


def test_only_what_is_wanted_comes_out(make, folder):
    (path,) = extract(make(*MEMBERS.items()), folder, lambda name: name.endswith("b.txt"))
    assert path == folder / "deep" / "b.txt"
    assert [one for one in folder.rglob("*") if one.is_file()] == [path]


def test_a_file_that_is_there_already_is_replaced(make, folder):
    folder.mkdir()
    (folder / "a.txt").write_text("old and longer")
    extract(make(("a.txt", b"A")), folder)
    assert (folder / "a.txt").read_bytes() == b"A"


@pytest.mark.parametrize(
    "name",
    ["../evil", "deep/../../evil", "/evil", "//server/evil", "C:/evil", "c:evil", "..\\evil", "deep\\evil", ".."],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(make, folder, name):
    refuse(make(("a.txt", b"A"), (name, b"evil")), folder, "leads out of the folder")


def test_a_name_with_a_nul_is_refused(tmp_path, folder):
    archive = make_zip(tmp_path / "archive", [("harmlessXevil", b"evil")])
    archive.write_bytes(archive.read_bytes().replace(b"harmlessXevil", b"harmless\0evil"))
    refuse(archive, folder, "leads out of the folder or is none")


def test_an_unwanted_name_that_leads_out_is_refused_too(make, folder):
    archive = make(("a.txt", b"A"), ("../evil", b"evil"))
    refuse(archive, folder, "leads out", wanted=lambda name: name == "a.txt")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_tar_member_that_is_no_file_is_refused(tmp_path, folder, kind):
    archive = make_tar(tmp_path / "archive", [("a.txt", b"")], type=kind, linkname="/etc/passwd")
    refuse(archive, folder, "'a.txt' is a link or device")
    assert extract(archive, folder, lambda name: name != "a.txt") == []


def test_a_zip_member_that_is_a_link_is_refused(tmp_path, folder):
    archive = make_zip(tmp_path / "archive", [("a", b"/etc")], external_attr=(stat.S_IFLNK | 0o777) << 16)
    refuse(archive, folder, "is a link or device")


def test_a_member_that_occurs_twice_is_refused(make, folder):
    refuse(make(("a.txt", b"A"), ("./A.txt", b"B")), folder, "occurs twice")


def test_a_file_that_is_also_a_folder_is_refused(make, folder):
    refuse(make(("a/b", b"A"), ("a", b"B")), folder, "lies in a member that is a file")


def test_a_link_that_lies_in_the_folder_leads_nowhere(make, folder, tmp_path):
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "deep").symlink_to(tmp_path / "elsewhere")
    refuse(make(("deep/a.txt", b"A")), folder, "would leave")
    (folder / "a.txt").symlink_to(tmp_path / "elsewhere" / "b.txt")
    (tmp_path / "archive").unlink()
    extract(make(("a.txt", b"A")), folder)
    assert not (tmp_path / "elsewhere" / "b.txt").exists()


def test_a_bomb_is_refused_by_what_it_declares(make, folder):
    archive = make(("a.txt", b"A"), ("zeros", bytes(5_000_000)), ("more", bytes(5_000_000)))
    assert archive.stat().st_size < 100_000
    refuse(archive, folder, "at most 9,000,000 bytes", max_bytes=9_000_000)
    assert len(extract(archive, folder, max_bytes=10_000_001)) == 3


def test_a_zip_that_declares_less_than_it_holds_gives_no_more(tmp_path, folder):
    archive = make_zip(tmp_path / "archive", [("zeros", bytes(5_000_000))])
    size, lie = (5_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    archive.write_bytes(archive.read_bytes().replace(size, lie))
    with pytest.raises((WrongContents, UnsafeArchive)):
        extract(archive, folder, max_bytes=10_000)
    assert list(folder.rglob("*")) == []


def test_a_huge_tar_is_refused_before_it_is_unpacked(tmp_path, folder):
    info = tarfile.TarInfo("zeros")
    info.size = 10**13
    (tmp_path / "archive").write_bytes(info.tobuf() + bytes(1024))
    refuse(tmp_path / "archive", folder, "at most 20,000,000,000 bytes")
    with pytest.raises(UnsafeArchive, match="at most 2,000,000,000 bytes"):
        read_member(tmp_path / "archive", "zeros")


def test_what_does_not_fit_on_the_disk_is_not_begun(make, folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 2_000_000))
    with pytest.raises(NoSpace, match=r"unpacks to 3\.0 MB.*2\.0 MB free"):
        extract(make(*MEMBERS.items()), folder)
    assert not folder.exists()


def test_a_damaged_member_leaves_no_file_behind(tmp_path, folder):
    noise = os.urandom(200_000)
    archive = make_zip(tmp_path / "archive", [("a.txt", b"A"), ("b.bin", noise)])
    body = bytearray(archive.read_bytes())
    body[100_000] ^= 255
    archive.write_bytes(body)
    with pytest.raises(WrongContents, match="cannot be read"):
        extract(archive, folder)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_tar_that_was_cut_short_is_damaged(tmp_path, folder):
    archive = make_tar(tmp_path / "archive", [("a.txt", b"A"), ("b.bin", os.urandom(200_000))])
    archive.write_bytes(archive.read_bytes()[:100_000])
    with pytest.raises(WrongContents, match="cannot be read"):
        extract(archive, folder)
    with pytest.raises(WrongContents, match="cannot be read"):
        read_member(archive, "b.bin")


@pytest.mark.parametrize("body", [b"", b"PK", b"PK\x03\x04 not a zip", b"To be, or not to be", b"\x1f\x8bnot a gzip"])
def test_what_is_no_archive_is_said_to_be_none(tmp_path, folder, body):
    (tmp_path / "a").write_bytes(body)
    for act in (member_names, lambda path: extract(path, folder), lambda path: read_member(path, "a")):
        with pytest.raises(WrongContents, match="expected a whole zip or tar at"):
            act(tmp_path / "a")


@pytest.mark.parametrize("mode", ["w", "w:bz2", "w:xz"])
def test_tars_may_be_packed_in_other_ways(tmp_path, mode):
    archive = make_tar(tmp_path / "archive", MEMBERS.items(), mode)
    assert member_names(archive) == list(MEMBERS)


def test_members_are_listed_and_read(make):
    archive = make(*MEMBERS.items())
    assert member_names(archive) == list(MEMBERS)
    assert read_member(archive, "deep/b.txt") == b"BB"
    assert read_members(archive, lambda name: name.endswith(".txt")) == {"a.txt": b"A", "deep/b.txt": b"BB"}


def test_a_member_that_is_not_there_is_said_to_be_missing(make):
    with pytest.raises(WrongContents, match=r"expected a file b.txt in .*found 3 others, such as \['a.txt'"):
        read_member(make(*MEMBERS.items()), "b.txt")


def test_a_member_that_is_too_large_is_not_read(make):
    archive = make(*MEMBERS.items())
    with pytest.raises(UnsafeArchive, match="at most 2,999,999 bytes"):
        read_member(archive, "deep/er/c.bin", 2_999_999)
    with pytest.raises(UnsafeArchive):
        read_members(archive, lambda _: True, 3_000_002)
    assert sum(map(len, read_members(archive, lambda _: True, 3_000_003).values())) == 3_000_003


def test_a_link_in_a_tar_is_not_read_through(tmp_path):
    archive = make_tar(tmp_path / "archive", [("a", b"")], type=tarfile.SYMTYPE, linkname="/etc/passwd")
    with pytest.raises(WrongContents, match="expected a file a"):
        read_member(archive, "a")
