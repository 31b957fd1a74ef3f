"""What a set's folder goes through: mirrors, stamps, trust on first use, damage, full and read-only disks, company."""

import errno
import json
import os
import shutil
import signal
import textwrap
import time

import pytest

from seqlab.data.errors import DataDamaged, FetchFailed, NoSpace, NotWritable, WrongContents
from seqlab.data.fetch import fetch as fetch_module
from seqlab.data.fetch import part as part_module
from seqlab.data.fetch.fetch import FetchOptions, fetch_set, is_fetched, mirrors_from_environment, set_lock, verify_raw
from seqlab.data.places import Places
from tests.conftest import ROOT
from tests.data.fetching.server import Fault
from tests.data.fetching.tools import (
    BODY,
    finish,
    program,
    put,
    require_namespaces,
    set_of,
    sha256,
    unpublished,
    url_file,
)

OTHER = bytes(reversed(BODY))
SHARED_MIRROR = ROOT.parent / "shared" / "mirror"


def stamp_of(desk):
    return json.loads(desk.raw("verified.json").read_text())["files"]


def trusted_of(desk):
    return json.loads((desk.cache / "trusted.json").read_text())["files"]


# -------------------------------------------------------------------------------------------------- mirrors


@pytest.mark.parametrize("place", ["a.bin", "things/a.bin"])
def test_a_mirror_folder_is_asked_first(server, desk, tmp_path, place):
    mirror = tmp_path / "my mirror"
    (mirror / place).parent.mkdir(parents=True)
    (mirror / place).write_bytes(BODY)
    (path,) = desk.fetch(url_file("a.bin", put(server)), mirrors=(str(mirror),))
    assert path.read_bytes() == BODY
    assert server.asked == []
    assert stamp_of(desk)["a.bin"]["origin"] == str(mirror / place)


def test_a_mirror_folder_may_be_a_file_address(server, desk, tmp_path):
    (tmp_path / "my mirror").mkdir()
    (tmp_path / "my mirror" / "a.bin").write_bytes(BODY)
    desk.fetch(url_file("a.bin", put(server)), mirrors=((tmp_path / "my mirror").as_uri(),))
    assert server.asked == []


@pytest.mark.parametrize("place", ["/m/a.bin", "/m/things/a.bin"])
def test_a_mirror_on_the_web_is_asked_first(server, desk, place):
    put(server, place)
    desk.fetch(url_file("a.bin", put(server)), mirrors=(f"{server.url}/m/",))
    assert server.paths()[-1] == place
    assert "404" not in desk.said, "that a mirror keeps its files in the other way is no news"


def test_without_the_file_in_the_mirror_the_source_is_asked(server, desk, tmp_path):
    desk.fetch(url_file("a.bin", put(server)), mirrors=(str(tmp_path), f"{server.url}/m"))
    assert server.paths() == ["/m/a.bin", "/m/things/a.bin", "/a.bin"]


def test_a_damaged_mirror_is_named_and_passed_over(server, desk, tmp_path):
    (tmp_path / "a.bin").write_bytes(OTHER)
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "a.bin").write_bytes(BODY[:10])
    (path,) = desk.fetch(url_file("a.bin", put(server)), mirrors=(str(tmp_path),))
    assert path.read_bytes() == BODY
    assert f"{tmp_path / 'a.bin'}: expected sha256:" in desk.said
    assert f"{tmp_path / 'things' / 'a.bin'}: expected 307,200 bytes, found 10" in desk.said


def test_a_mirror_that_is_not_there_is_mentioned(server, desk, tmp_path):
    desk.fetch(url_file("a.bin", put(server)), mirrors=(str(tmp_path / "typo"),))
    assert f"the mirror {tmp_path / 'typo'} is not there" in desk.said


def test_a_mirror_that_cannot_be_read_is_passed_over(server, desk, tmp_path, monkeypatch):
    (tmp_path / "a.bin").write_bytes(BODY)
    real = type(tmp_path).open

    def unreadable(path, mode="r", *rest, **more):
        if path == tmp_path / "a.bin":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, mode, *rest, **more)

    monkeypatch.setattr(type(tmp_path), "open", unreadable)
    desk.fetch(url_file("a.bin", put(server)), mirrors=(str(tmp_path),))
    assert "cannot be read (Permission denied)" in desk.said


def test_the_environment_names_mirrors(monkeypatch):
    monkeypatch.delenv("SEQLAB_MIRROR", raising=False)
    assert mirrors_from_environment() == ()
    monkeypatch.setenv("SEQLAB_MIRROR", " https://mirror.example/data  /srv/mirror\n")
    assert mirrors_from_environment() == ("https://mirror.example/data", "/srv/mirror")


def test_a_mirror_folder_that_may_not_be_entered_is_passed_over(server, desk, tmp_path, monkeypatch):
    real = type(tmp_path).is_file

    def locked(path):
        if path == tmp_path / "a.bin":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(type(tmp_path), "is_file", locked)
    desk.fetch(url_file("a.bin", put(server)), mirrors=(str(tmp_path),))
    assert "cannot be read (Permission denied)" in desk.said


def test_a_mirror_s_file_of_another_size_does_not_cost_what_came_before(server, desk, tmp_path):
    url = put(server, etag='"1"', faults=[Fault(cut_after=150_000)])
    with pytest.raises(FetchFailed):
        desk.fetch(url_file("a.bin", url), retries=0)
    (tmp_path / "a.bin").write_bytes(BODY[:10])
    desk.fetch(url_file("a.bin", url), mirrors=(str(tmp_path),))
    assert server.ranges() == [None, "bytes=150000-"]


@pytest.mark.parametrize("name, file_name", [("tinyshakespeare", "tinyshakespeare.txt"), ("stacks", None)])
def test_the_shared_mirror_serves_the_registry(registry, tmp_path, name, file_name):
    if not SHARED_MIRROR.is_dir():
        pytest.skip(f"there is no {SHARED_MIRROR}")
    data_set = registry.find(name)
    offline = FetchOptions(mirrors=(str(SHARED_MIRROR),), retries=0, timeout=0.5, progress=False, show=lambda _: None)
    place = Places(registry, tmp_path)
    if file_name is not None:
        (path,) = fetch_set(place, data_set, offline)
        assert path.name == file_name
        return
    only_topology = data_set.files[:1]
    (path,) = fetch_set(place, set_of(*only_topology, name="stacks"), offline)
    assert path.read_text().startswith("\\input{preamble}")


# --------------------------------------------------------------------------------- what is there already


def test_offline_with_everything_cached_nothing_is_asked_or_written(server, desk, monkeypatch):
    files = url_file("a.bin", put(server)), unpublished("b.txt", put(server, "/b.txt", b"To be"))
    first = desk.fetch(*files)
    server.asked.clear()
    monkeypatch.setattr(fetch_module, "set_lock", lambda *_: pytest.fail("took the lock"))
    before = {path: path.stat().st_mtime_ns for path in desk.cache.rglob("*")}
    assert desk.fetch(*files) == first
    assert server.asked == []
    assert {path: path.stat().st_mtime_ns for path in desk.cache.rglob("*")} == before


def test_a_set_is_fetched_when_all_its_files_are(server, desk):
    files = url_file("a.bin", put(server)), url_file("b.bin", server.url + "/b.bin")
    assert not is_fetched(desk.places, set_of(*files))
    with pytest.raises(FetchFailed):
        desk.fetch(*files)
    assert not is_fetched(desk.places, set_of(*files))
    put(server, "/b.bin")
    desk.fetch(*files)
    assert is_fetched(desk.places, set_of(*files))
    assert server.paths().count("/a.bin") == 1
    assert is_fetched(desk.places, set_of()), "a set without files has nothing to fetch"


def test_a_file_put_there_by_hand_is_verified_and_adopted(server, desk):
    desk.raw("a.bin").parent.mkdir(parents=True)
    desk.raw("a.bin").write_bytes(BODY)
    desk.fetch(url_file("a.bin", put(server)))
    assert server.asked == []
    assert stamp_of(desk)["a.bin"]["origin"] == "put there by hand"


def test_a_wrong_file_put_there_by_hand_is_fetched_anew(server, desk):
    desk.raw("a.bin").parent.mkdir(parents=True)
    desk.raw("a.bin").write_bytes(OTHER)
    (path,) = desk.fetch(url_file("a.bin", put(server)))
    assert path.read_bytes() == BODY
    assert "is not what it should be, and is fetched anew: expected sha256:" in desk.said


def test_a_file_that_lost_its_end_is_fetched_anew(server, desk):
    file = url_file("a.bin", put(server))
    (path,) = desk.fetch(file)
    path.write_bytes(BODY[:-1])
    assert not is_fetched(desk.places, set_of(file))
    desk.fetch(file)
    assert path.read_bytes() == BODY
    assert "fetched anew: expected 307,200 bytes, found 307,199" in desk.said


@pytest.mark.parametrize("make", [url_file, unpublished])
def test_a_file_that_changed_inside_is_found_by_verifying_and_then_fetched_anew(server, desk, make):
    file = make("a.bin", put(server))
    (path,) = desk.fetch(file)
    assert verify_raw(desk.places, set_of(file)) == []
    path.write_bytes(OTHER)
    assert is_fetched(desk.places, set_of(file)), "a look at the sizes does not show it"
    (line,) = verify_raw(desk.places, set_of(file))
    assert str(path) in line
    assert f"found {sha256(OTHER)}" in line
    assert not is_fetched(desk.places, set_of(file))
    desk.fetch(file)
    assert path.read_bytes() == BODY
    assert verify_raw(desk.places, set_of(file)) == []


def test_a_file_that_is_doubted_and_put_right_by_hand_is_adopted(server, desk):
    file = url_file("a.bin", put(server))
    (path,) = desk.fetch(file)
    path.write_bytes(OTHER)
    verify_raw(desk.places, set_of(file))
    path.write_bytes(BODY)
    desk.fetch(file)
    assert len(server.asked) == 1
    assert is_fetched(desk.places, set_of(file))


def test_verifying_names_files_that_are_not_there(desk):
    assert verify_raw(desk.places, set_of(url_file("a.bin", "http://x.invalid"))) == [
        f"{desk.raw('a.bin')} is not there"
    ]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": 3}', '{"files": {"a.bin": {"odd": 1}}}', "\xff"])
def test_a_damaged_stamp_is_made_anew_from_the_files(server, desk, text):
    file = url_file("a.bin", put(server))
    desk.fetch(file)
    desk.raw("verified.json").write_text(text, encoding="latin-1")
    assert not is_fetched(desk.places, set_of(file))
    desk.fetch(file)
    assert len(server.asked) == 1
    assert is_fetched(desk.places, set_of(file))


def test_another_hash_in_the_registry_is_another_file(server, desk):
    desk.fetch(url_file("a.bin", put(server)))
    put(server, body=OTHER)
    (path,) = desk.fetch(url_file("a.bin", server.url + "/a.bin", body=OTHER))
    assert path.read_bytes() == OTHER


def test_a_damaged_note_of_a_part_costs_the_part_only(server, desk):
    desk.raw("a.bin").parent.mkdir(parents=True)
    desk.raw("a.bin.part").write_bytes(BODY[:1000])
    desk.raw("a.bin.part.json").write_text("{")
    (path,) = desk.fetch(url_file("a.bin", put(server)))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None]


# -------------------------------------------------------------------------------------- trust on first use


def test_a_file_without_a_hash_is_trusted_on_first_use_and_said_to_be(server, desk):
    desk.fetch(unpublished("a.bin", put(server)))
    entry = trusted_of(desk)["things/a.bin"]
    assert entry["sha256"] == sha256(BODY).removeprefix("sha256:")
    (line,) = [line for line in desk.lines if "trusted" in line]
    assert entry["sha256"] in line
    assert str(desk.cache / "trusted.json") in line


def test_a_second_download_that_differs_is_refused_until_somebody_accepts_it(server, desk):
    file = unpublished("a.bin", put(server))
    desk.fetch(file)
    shutil.rmtree(desk.cache / "raw")
    put(server, body=OTHER)
    with pytest.raises(WrongContents) as caught:
        desk.fetch(file)
    first = trusted_of(desk)["things/a.bin"]
    for part in (first["date"], first["origin"], first["sha256"], f'"things/a.bin" in {desk.cache / "trusted.json"}'):
        assert part in str(caught.value)
    (desk.cache / "trusted.json").write_text('{"files": {}}')
    (path,) = desk.fetch(file)
    assert path.read_bytes() == OTHER


def test_the_stamp_remembers_too(server, desk):
    file = unpublished("a.bin", put(server))
    (path,) = desk.fetch(file)
    path.unlink()
    (desk.cache / "trusted.json").unlink()
    put(server, body=OTHER)
    with pytest.raises(WrongContents, match=r'delete the entry "a.bin" in .*verified\.json'):
        desk.fetch(file)


def test_the_same_file_again_is_fine(server, desk):
    file = unpublished("a.bin", put(server))
    desk.fetch(file)
    shutil.rmtree(desk.cache / "raw")
    desk.fetch(file)
    assert len([line for line in desk.lines if "trusted" in line]) == 1


def test_a_record_of_trust_that_cannot_be_read_is_not_passed_over(server, desk):
    desk.cache.mkdir()
    (desk.cache / "trusted.json").write_text("{")
    with pytest.raises(DataDamaged, match=r"trusted\.json .*cannot be read"):
        desk.fetch(unpublished("a.bin", put(server)))


# ------------------------------------------------------------------------------------------ full disks


def test_too_little_room_is_said_before_anything_is_fetched(server, desk, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 21_100_000))
    with pytest.raises(
        NoSpace, match=r"needs about 21\.4 MB \(307\.2 kB to fetch, 1\.0 MB to build.*21\.1 MB free"
    ) as e:
        desk.fetch(url_file("a.bin", put(server)))
    assert "SEQLAB_CACHE" in str(e.value)
    assert str(desk.cache) in str(e.value)
    assert server.asked == []


def test_what_is_there_already_needs_no_room(server, desk, monkeypatch):
    desk.raw("a.bin").parent.mkdir(parents=True)
    desk.raw("a.bin.part").write_bytes(BODY[:-1000])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 21_100_000))
    desk.fetch(url_file("a.bin", put(server)))


def test_a_disk_that_fills_up_keeps_what_came(server, desk, monkeypatch):
    url = put(server, etag='"1"')
    room = [100_000]

    def write(handle, chunk):
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os.write(handle, chunk[: room[0]])
        room[0] -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(part_module, "os", type("Os", (), {"write": staticmethod(write)}))
        with pytest.raises(NoSpace, match="is full.*SEQLAB_CACHE"):
            desk.fetch(url_file("a.bin", url))
    assert desk.raw("a.bin.part").read_bytes() == BODY[:100_000]
    desk.fetch(url_file("a.bin", url))
    assert server.ranges() == [None, "bytes=100000-"]


FULL_DISK = """
mount -t tmpfs -o size=200k none {cache} && "$0" "$@" 1
mount -o remount,size=2m {cache} && "$0" "$@" 2
"""


def test_a_real_disk_that_fills_up_keeps_what_came(server, desk):
    require_namespaces()
    desk.cache.mkdir()
    url = put(server, etag='"1"')
    body = f"""
    import shutil, sys
    from seqlab.data.errors import NoSpace
    plenty = shutil.disk_usage("/")._replace(free=10**12)
    shutil.disk_usage = lambda _: plenty
    try:
        (path,) = desk.fetch(url_file("a.bin", {url!r}))
        print("run", sys.argv[1], path.stat().st_size)
    except NoSpace as error:
        print("run", sys.argv[1], "no space:", error)
    """
    before = ("unshare", "-rm", "sh", "-ec", FULL_DISK.format(cache=desk.cache))
    said = finish(program(desk.cache, body, before))
    assert "run 1 no space: the disk of" in said
    assert f"run 2 {len(BODY)}" in said
    assert server.ranges()[0] is None
    assert 100_000 < int(server.ranges()[1].removeprefix("bytes=").rstrip("-")) < 204_800


# ------------------------------------------------------------------------------------- read-only caches

READ_ONLY = 'mount --bind {cache} {cache} && mount -o remount,ro,bind {cache} && exec "$0" "$@"'


def on_read_only_cache(desk, body):
    """What a program says that has the desk's cache on a disk that may not be written."""
    require_namespaces()
    return finish(program(desk.cache, body, ("unshare", "-rm", "sh", "-ec", READ_ONLY.format(cache=desk.cache))))


def test_a_read_only_cache_serves_what_is_in_it(server, desk):
    url = put(server)
    desk.fetch(url_file("a.bin", url))
    server.asked.clear()
    said = on_read_only_cache(desk, f"print(desk.fetch(url_file('a.bin', {url!r})))")
    assert str(desk.raw("a.bin")) in said
    assert server.asked == []


def test_a_read_only_cache_is_named_when_something_is_missing(server, desk):
    url = put(server)
    desk.fetch(url_file("b.bin", url))
    body = f"""
    from seqlab.data.errors import NotWritable
    try:
        desk.fetch(url_file("a.bin", {url!r}))
    except NotWritable as error:
        print("refused:", error)
    """
    said = on_read_only_cache(desk, body)
    assert f"refused: expected to be allowed to write into {desk.cache}" in said
    assert "SEQLAB_CACHE" in said


def test_damage_in_a_read_only_cache_is_reported(server, desk):
    url = put(server)
    (path,) = desk.fetch(url_file("a.bin", url))
    path.write_bytes(OTHER)
    body = f"""
    from seqlab.data.fetch.fetch import verify_raw
    from tests.data.fetching.tools import set_of
    print(verify_raw(desk.places, set_of(url_file("a.bin", {url!r}))))
    """
    assert "expected sha256:" in on_read_only_cache(desk, body)


def test_a_file_in_the_place_of_the_cache_is_named(server, desk):
    desk.cache.write_text("not a folder")
    with pytest.raises(NotWritable, match="is not a folder. Set SEQLAB_CACHE"):
        desk.fetch(url_file("a.bin", put(server)))


# ------------------------------------------------------------------------------------------------- company


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_processes_at_once_fetch_once(server, desk):
    pause = Fault(pause_after=1000, pause=20.0)
    url = put(server, faults=[pause])
    body = f"print(desk.fetch(url_file('a.bin', {url!r})))"
    both = [program(desk.cache, body) for _ in range(2)]
    wait_for(lambda: server.asked)
    first_lines = sorted(one.stdout.readline() for one in both)
    pause.until.set()
    assert first_lines[0] == "another process is at work on things; waiting for it ...\n"
    assert first_lines[1].startswith("fetching a.bin")
    assert all(str(desk.raw("a.bin")) in finish(one) for one in both)
    assert server.paths() == ["/a.bin"]


def test_a_process_that_is_killed_leaves_what_came_for_the_next(server, desk):
    url = put(server, etag='"1"', faults=[Fault(pause_after=200_000, pause=30.0)])
    process = program(desk.cache, f"desk.fetch(url_file('a.bin', {url!r}), timeout=60)")
    wait_for(lambda: desk.raw("a.bin.part").is_file() and desk.raw("a.bin.part").stat().st_size == 196_608)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not desk.raw("a.bin").exists()
    (path,) = desk.fetch(url_file("a.bin", url))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None, "bytes=196608-"]


def test_the_lock_may_be_held_around_a_fetch(server, desk):
    with set_lock(desk.places, set_of(), desk.lines.append):
        desk.fetch(url_file("a.bin", put(server)))
    assert "waiting" not in desk.said


def test_the_last_error_lists_every_place_and_what_to_do(server, desk, tmp_path):
    gone = put(server, "/gone", always=Fault(404))
    with pytest.raises(FetchFailed) as caught:
        desk.fetch(url_file("a.bin", gone, server.url + "/b"), mirrors=(str(tmp_path),))
    assert str(caught.value) == textwrap.dedent(f"""\
        a.bin (307.2 kB) of things could be fetched from nowhere. Tried:
          {tmp_path}/a.bin: there is no such file
          {tmp_path}/things/a.bin: there is no such file
          {server.url}/gone: 404 Not Found
          {server.url}/b: 404 Not Found
        Run the same command again to go on. Without the web: get a.bin elsewhere, put it into a folder, \
and name that: --mirror FOLDER, or SEQLAB_MIRROR=FOLDER.""")
