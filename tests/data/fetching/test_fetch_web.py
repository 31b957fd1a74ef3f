"""Fetching from servers that cut, err, dawdle, change their minds or send something else."""

import gzip
import io
import json
import zipfile

import pytest

from seqlab.data.errors import FetchFailed, WrongContents
from seqlab.data.fetch import progress, web
from tests.data.fetching.server import Fault, serving
from tests.data.fetching.tools import BODY, md5, put, unpublished, url_file

OTHER = bytes(reversed(BODY))
HALF = 150_000
WHOLE = len(BODY)
KEPT = 131_072  # of HALF, whole chunks


@pytest.fixture
def naps(monkeypatch):
    """How long was slept, without sleeping."""
    slept = []
    monkeypatch.setattr(web.time, "sleep", slept.append)
    return slept


def leftovers(desk):
    """What is in the folder beside what should be."""
    return sorted(path.name for path in desk.raw("x").parent.iterdir() if path.name != "verified.json")


def test_a_file_is_fetched_verified_and_stamped(server, desk):
    (path,) = desk.fetch(url_file("a.bin", put(server)))
    assert path.read_bytes() == BODY
    assert leftovers(desk) == ["a.bin"]
    stamp = json.loads((path.parent / "verified.json").read_text())["files"]["a.bin"]
    assert stamp["bytes"] == len(BODY)
    assert stamp["registered"] == "sha256:" + stamp["sha256"]
    assert stamp["origin"] == f"{server.url}/a.bin"
    assert server.asked[0].headers["Accept-Encoding"] == "identity"


def test_an_md5_is_verified_too(server, desk):
    (path,) = desk.fetch(url_file("a.bin", put(server), hash=md5(BODY), size=None))
    assert path.read_bytes() == BODY
    with pytest.raises(WrongContents, match="expected md5:0000.*found md5:"):
        desk.fetch(url_file("b.bin", server.url + "/a.bin", hash="md5:" + "0" * 32))


def test_a_cut_connection_is_gone_on_with(server, desk):
    url = put(server, etag='"1"', faults=[Fault(cut_after=HALF)])
    (path,) = desk.fetch(url_file("a.bin", url))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None, f"bytes={HALF}-"]
    assert server.asked[1].headers["If-Range"] == '"1"'
    assert f"going on after {HALF / 1000:.1f} kB" in desk.said


def test_a_cut_is_noticed_without_hash_and_size(server, desk):
    url = put(server, faults=[Fault(cut_after=HALF)])
    (path,) = desk.fetch(unpublished("a.bin", url))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None, None], "without a word on whether the file is still the same, it is fetched anew"


def test_a_date_serves_as_the_sign_that_the_file_is_the_same(server, desk):
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    url = put(server, etag='W/"weak"', last_modified=date, faults=[Fault(cut_after=HALF)])
    desk.fetch(unpublished("a.bin", url))
    assert server.asked[1].headers["If-Range"] == date
    assert server.ranges() == [None, f"bytes={HALF}-"]


def test_a_server_without_ranges_starts_over(server, desk):
    url = put(server, etag='"1"', ranges=False, faults=[Fault(cut_after=HALF)])
    (path,) = desk.fetch(url_file("a.bin", url))
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("make", [url_file, unpublished])
def test_halves_of_two_versions_are_never_glued(server, desk, make):
    url = put(server, body=OTHER, etag='"old"', faults=[Fault(cut_after=HALF)])
    page = server.pages["/a.bin"]

    def change(_):
        page.body, page.etag = BODY, '"new"'

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web.time, "sleep", change)
        (path,) = desk.fetch(make("a.bin", url))
    assert path.read_bytes() == BODY


def test_a_server_that_ignores_if_range_is_found_out_by_its_etag(server, desk, monkeypatch):
    url = put(server, body=OTHER, etag='"old"', faults=[Fault(cut_after=HALF)])
    server.pages["/a.bin"].faults.append(
        Fault(206, {"Content-Range": f"bytes {HALF}-{len(BODY) - 1}/{len(BODY)}", "ETag": '"new"'}, body=BODY[HALF:])
    )
    monkeypatch.setattr(web.time, "sleep", lambda _: setattr(server.pages["/a.bin"], "body", BODY))
    (path,) = desk.fetch(unpublished("a.bin", url))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None, f"bytes={HALF}-", None]


def test_another_range_than_asked_for_is_not_taken(server, desk):
    url = put(server, etag='"1"', faults=[Fault(cut_after=HALF)])
    wrong = {"Content-Range": f"bytes 10-{len(BODY) - 1}/{len(BODY)}"}
    server.pages["/a.bin"].faults.append(Fault(206, wrong, body=BODY[10:]))
    (path,) = desk.fetch(unpublished("a.bin", url))
    assert path.read_bytes() == BODY


def begun(desk, server, have, etag='"1"', total=WHOLE):
    """As if an earlier run had brought the beginning."""
    desk.raw("a.bin").parent.mkdir(parents=True)
    desk.raw("a.bin.part").write_bytes(have)
    note = {"origin": f"{server.url}/a.bin", "etag": etag, "last_modified": None, "total": total, "plain": True}
    desk.raw("a.bin.part.json").write_text(json.dumps(note))


def test_a_whole_part_needs_no_request(server, desk):
    begun(desk, server, BODY)
    (path,) = desk.fetch(url_file("a.bin", put(server)))
    assert path.read_bytes() == BODY
    assert server.asked == []


def test_no_more_to_come_is_an_answer(server, desk):
    begun(desk, server, BODY, total=None)
    (path,) = desk.fetch(unpublished("a.bin", put(server, etag='"1"')))
    assert path.read_bytes() == BODY
    assert server.ranges() == [f"bytes={len(BODY)}-"]


def test_a_file_that_became_shorter_is_fetched_anew(server, desk):
    begun(desk, server, BODY, total=None)
    (path,) = desk.fetch(unpublished("a.bin", put(server, body=BODY[:HALF], etag='"1"')))
    assert path.read_bytes() == BODY[:HALF]
    assert server.ranges() == [f"bytes={len(BODY)}-", None]


def test_a_wrong_beginning_is_fetched_anew_from_the_same_address(server, desk):
    begun(desk, server, OTHER[:HALF])
    (path,) = desk.fetch(url_file("a.bin", put(server, etag='"1"')))
    assert path.read_bytes() == BODY
    assert server.ranges() == [f"bytes={HALF}-", None]


def test_a_part_that_is_too_long_is_fetched_anew(server, desk):
    begun(desk, server, BODY + b"more", total=None)
    (path,) = desk.fetch(url_file("a.bin", put(server)))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None]


def test_another_address_goes_on_where_a_published_hash_will_tell(server, desk):
    begun(desk, server, BODY[:HALF])
    (path,) = desk.fetch(url_file("a.bin", put(server, "/elsewhere/a.bin", etag='"other"')))
    assert path.read_bytes() == BODY
    assert server.ranges() == [f"bytes={HALF}-"]
    assert "If-Range" not in server.asked[0].headers


def test_another_address_starts_anew_where_nothing_would_tell(server, desk):
    begun(desk, server, OTHER[:HALF])
    (path,) = desk.fetch(unpublished("a.bin", put(server, "/elsewhere/a.bin", etag='"other"')))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None]


def test_a_login_page_does_not_cost_what_came_before(server, desk):
    begun(desk, server, BODY[:HALF])
    url = put(server, body=b"<html>log in</html>", ranges=False, headers={"Content-Type": "text/html"})
    with pytest.raises(WrongContents, match="found a web page"):
        desk.fetch(url_file("a.bin", url, size=None))
    assert desk.raw("a.bin.part").read_bytes() == BODY[:HALF]


def test_another_announced_size_is_not_even_fetched(server, desk):
    begun(desk, server, BODY[:HALF])
    url = put(server, body=OTHER + b"more", ranges=False)
    with pytest.raises(WrongContents, match=r"expected 307,200 bytes, found 307,204"):
        desk.fetch(url_file("a.bin", url))
    assert desk.raw("a.bin.part").read_bytes() == BODY[:HALF]


@pytest.mark.parametrize("status", [404, 403, 410])
def test_what_is_gone_is_not_asked_for_again(server, desk, status):
    gone = put(server, "/gone", always=Fault(status))
    (path,) = desk.fetch(url_file("a.bin", gone, put(server)))
    assert path.read_bytes() == BODY
    assert server.paths() == ["/gone", "/a.bin"]
    assert f"/gone: {status}" in desk.said


def test_a_server_error_is_tried_again_with_growing_pauses(server, desk, naps):
    url = put(server, faults=[Fault(500), Fault(503)])
    (path,) = desk.fetch(url_file("a.bin", url), backoff=0.5)
    assert path.read_bytes() == BODY
    assert naps == [0.5, 1.0]


def test_an_address_that_goes_on_erring_gives_way_to_the_next(server, desk, naps):
    bad = put(server, "/bad", always=Fault(502))
    desk.fetch(url_file("a.bin", bad, put(server)))
    assert server.paths() == ["/bad"] * 3 + ["/a.bin"]
    assert "502 Bad Gateway (asked 3 times)" in desk.said


def test_retry_after_is_honoured(server, desk, naps):
    desk.fetch(url_file("a.bin", put(server, faults=[Fault(429, {"Retry-After": "7"})])))
    assert naps == [7.0]


def test_retry_after_may_be_a_date(server, desk, naps):
    past = Fault(503, {"Retry-After": "Mon, 01 Jan 2024 00:00:00 GMT"})
    desk.fetch(url_file("a.bin", put(server, faults=[past])))
    assert naps == [0.001]


def test_a_server_that_wants_to_be_left_alone_for_an_hour_is(server, desk, naps):
    busy = put(server, "/busy", always=Fault(429, {"Retry-After": "3600"}))
    desk.fetch(url_file("a.bin", busy, put(server)))
    assert server.paths() == ["/busy", "/a.bin"]
    assert naps == []
    assert "come back in 60 minutes" in desk.said


def test_a_connection_that_falls_silent_is_cut_and_gone_on_with(server, desk):
    url = put(server, etag='"1"', faults=[Fault(pause_after=HALF, pause=0.6)])
    (path,) = desk.fetch(url_file("a.bin", url), timeout=0.2)
    assert path.read_bytes() == BODY
    assert server.ranges() == [None, f"bytes={KEPT}-"]


def test_a_slow_connection_is_not_cut(server, desk):
    url = put(server, faults=[Fault(pause_after=HALF, pause=0.2)])
    desk.fetch(url_file("a.bin", url), timeout=3.0)
    assert server.ranges() == [None]


def test_getting_on_is_not_counted_as_failing(server, desk, monkeypatch):
    monkeypatch.setattr(web, "WORTH_A_FRESH_START", 50_000)
    url = put(server, etag='"1"', always=Fault(cut_after=60_000))
    (path,) = desk.fetch(url_file("a.bin", url), retries=1)
    assert path.read_bytes() == BODY
    assert len(server.asked) == 6


def test_always_cut_at_the_same_place_ends(server, desk):
    url = put(server, ranges=False, always=Fault(cut_after=HALF))
    with pytest.raises(FetchFailed, match=r"from nowhere(.|\n)*a\.bin: the connection failed .*asked 3 times"):
        desk.fetch(url_file("a.bin", url))
    assert desk.raw("a.bin.part").stat().st_size == HALF
    assert not desk.raw("a.bin").exists()


def test_wrong_bytes_are_deleted_and_the_next_address_is_asked(server, desk):
    wrong = put(server, "/wrong", OTHER)
    (path,) = desk.fetch(url_file("a.bin", wrong, put(server)))
    assert path.read_bytes() == BODY
    assert "/wrong: expected sha256:" in desk.said


def test_wrong_bytes_from_everywhere_leave_nothing(server, desk):
    with pytest.raises(WrongContents, match=r"expected sha256:\w+, found sha256:") as caught:
        desk.fetch(url_file("a.bin", put(server, body=OTHER)))
    assert f"{server.url}/a.bin" in str(caught.value)
    assert "SEQLAB_MIRROR" in str(caught.value)
    assert leftovers(desk) == []


def test_a_body_without_an_announced_size_is_stopped_when_it_is_too_long(server, desk):
    url = put(server, body=BODY * 3, length=False)
    with pytest.raises(WrongContents, match="expected 307,200 bytes, found more"):
        desk.fetch(url_file("a.bin", url))
    assert leftovers(desk) == []


def test_a_body_without_an_announced_size_that_is_too_short_is_wrong(server, desk):
    url = put(server, body=BODY[:HALF], length=False)
    with pytest.raises(WrongContents, match="expected 307,200 bytes, found 150,000"):
        desk.fetch(url_file("a.bin", url))


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "a" * 1000)
    return buffer.getvalue()


PAGE = b"\n<!DOCTYPE html><html>please log in</html>"
RIGHT = {"a.zip": zipped(), "a.tar.gz": gzip.compress(b"a"), "a.npy": b"\x93NUMPY..", "a.json": b' {"a": 1}\n'}
RIGHT |= {"a.pt": b"\x80\x02.", "a.pth": zipped(), "a.txt": b"To be"}


@pytest.mark.parametrize("name", RIGHT)
def test_a_login_page_is_not_taken_for_a_file_without_a_hash(server, desk, name):
    put(server, f"/portal/{name}", PAGE)
    (path,) = desk.fetch(unpublished(name, f"{server.url}/portal/{name}", put(server, f"/{name}", RIGHT[name])))
    assert path.read_bytes() == RIGHT[name]
    assert "is a web page" in desk.said


@pytest.mark.parametrize(
    "name, body", [("a.zip", zipped()[:-30]), ("a.json", b'{"a": [1,'), ("a.npy", b"gone"), ("a.txt", b"")]
)
def test_files_without_a_hash_that_are_cut_short_or_of_another_kind_are_wrong(server, desk, name, body):
    url = put(server, f"/{name}", body, length=False)
    with pytest.raises(WrongContents, match="expected (a whole|about)"):
        desk.fetch(unpublished(name, url))
    assert leftovers(desk) == []


def test_a_login_page_with_a_hash_is_named_as_such(server, desk):
    with pytest.raises(WrongContents, match="is a web page, perhaps the network's login page"):
        desk.fetch(url_file("a.bin", put(server, body=PAGE), size=None))


def test_a_size_far_from_the_expected_is_mentioned(server, desk):
    desk.fetch(unpublished("a.txt", put(server, body=b"To be"), body=BODY))
    assert "expected about 307.2 kB, found 5 bytes" in desk.said


def test_a_redirect_is_followed(server, desk):
    put(server)
    put(server, "/old", always=Fault(302, {"Location": "/a.bin"}))
    (path,) = desk.fetch(url_file("a.bin", server.url + "/old"))
    assert path.read_bytes() == BODY


def test_redirects_in_a_circle_end(server, desk):
    put(server, "/round", always=Fault(302, {"Location": "/round"}))
    with pytest.raises(FetchFailed, match="redirects"):
        desk.fetch(url_file("a.bin", server.url + "/round"))


def test_a_file_that_a_server_packs_unasked_is_unpacked(server, desk):
    url = put(server, body=gzip.compress(b"To be"), headers={"Content-Encoding": "gzip"})
    (path,) = desk.fetch(url_file("a.txt", url, body=b"To be"))
    assert path.read_bytes() == b"To be"


def test_a_packed_answer_that_is_cut_is_not_gone_on_with(server, desk):
    packed = gzip.compress(BODY)
    url = put(server, body=packed, etag='"1"', headers={"Content-Encoding": "gzip"}, faults=[Fault(cut_after=900)])
    (path,) = desk.fetch(url_file("a.txt", url))
    assert path.read_bytes() == BODY
    assert server.ranges() == [None, None]


def test_a_gz_file_that_a_server_calls_packed_stays_as_it_is(server, desk):
    body = gzip.compress(b"a tar")
    url = put(server, body=body, headers={"Content-Encoding": "x-gzip"})
    (path,) = desk.fetch(url_file("a.tar.gz", url, body=body))
    assert path.read_bytes() == body


def test_a_server_that_does_not_answer_is_asked_for_one_file_only(server, desk):
    with serving() as gone:
        dead = gone.url
    put(server)
    put(server, "/b.bin")
    desk.fetch(
        url_file("a.bin", f"{dead}/a.bin", f"{server.url}/a.bin"),
        url_file("b.bin", f"{dead}/b.bin", f"{server.url}/b.bin"),
    )
    assert "Connection refused) (asked 3 times)" in desk.said
    assert f"{dead}/b.bin: not asked: its server did not answer before" in desk.said


def test_an_address_that_nobody_can_ask_is_passed_over(server, desk):
    (path,) = desk.fetch(url_file("a.bin", "ftp://127.0.0.1/a.bin", put(server)))
    assert path.read_bytes() == BODY


def test_the_proxy_of_the_environment_is_used(server, desk, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    put(server, "http://data.invalid/a.bin")
    (path,) = desk.fetch(url_file("a.bin", "http://data.invalid/a.bin"))
    assert path.read_bytes() == BODY
    assert server.paths() == ["http://data.invalid/a.bin"]


def test_a_password_in_an_address_is_shown_and_written_nowhere(server, desk):
    put(server)
    url = f"http://me:secret@127.0.0.1:{server.server_port}"
    desk.fetch(url_file("a.bin", f"{url}/gone", f"{url}/a.bin"))
    assert "Authorization" in server.asked[1].headers
    assert "secret" not in desk.said + desk.raw("verified.json").read_text()
    with pytest.raises(FetchFailed) as caught:
        desk.fetch(url_file("b.bin", f"{url}/gone"))
    assert "secret" not in str(caught.value)


def test_progress_is_a_bar_in_a_terminal_that_begins_where_it_goes_on(server, desk, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    begun(desk, server, BODY[:HALF])
    desk.fetch(url_file("a.bin", put(server, etag='"1"')), progress=True)
    first = capsys.readouterr().err.split("\r")[1]
    assert first.startswith("a.bin:  49%")


def test_progress_is_lines_elsewhere(server, desk, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    desk.fetch(url_file("a.bin", put(server)), progress=True)
    assert "  a.bin: 131.1 kB of 307.2 kB" in desk.lines


def test_ctrl_c_leaves_what_came_for_the_next_run(server, desk, monkeypatch):
    url = put(server, etag='"1"')

    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(web, "_require_no_more", interrupt)
        with pytest.raises(KeyboardInterrupt):
            desk.fetch(url_file("a.bin", url))
    desk.fetch(url_file("a.bin", url))
    assert server.ranges() == [None, "bytes=65536-"]
