"""`autograder collect`: exports as LMSs make them, and as nobody should; nobody is lost and nothing is overwritten."""

import io
import os
import stat
import struct
import zipfile

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.collecting import sources
from autograder.collecting.collect import LEFT_OUT, TAKEN, UNCHANGED, collect
from autograder.collecting.ledger import load_collected
from autograder.collecting.owners import clean
from autograder.course import CourseError, Stage
from autograder.workspace import Workspace

STAGE = Stage("s01_rnn", "The cell", {"RNN": 100.0})
MOODLE = "Lovelace Ada_12345_assignsubmission_file_/s01_rnn.ipynb"
CANVAS = "lovelaceada_LATE_12345_67890_s01_rnn-2.ipynb"


@pytest.fixture
def workspace(tmp_path):
    return Workspace.together(tmp_path / "class")


@pytest.fixture
def export(tmp_path):
    """Makes a zip of (name or ZipInfo, bytes) pairs, and the folder's neighbour that must stay as it is."""

    def make(*members):
        path = tmp_path / "export.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data)
        return path

    return make


def collected(workspace, source):
    return {row.file: row for row in collect(source, STAGE, workspace)}


def submitted(workspace):
    """The files under submitted/, with their contents."""
    folder = workspace.step_folder("submitted")
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def as_folder(tmp_path, files):
    for name, data in files.items():
        path = tmp_path / "export" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "export"


@pytest.mark.parametrize(
    "name, student",
    [
        (MOODLE, "Lovelace-Ada"),
        (f"CS 101/{MOODLE}", "Lovelace-Ada"),
        ("Müller, Jürgen_7_assignsubmission_file_/deep/er/S01_RNN.ipynb", "Müller-Jürgen"),
        (CANVAS, "lovelaceada"),
        ("lovelaceada_12345_67890_s01_rnn.ipynb", "lovelaceada"),
        ("ada/s01_rnn.ipynb", "ada"),
        ("ada/s01_rnn/s01_rnn.ipynb", "ada"),
        ("ada\\s01_rnn.ipynb", "ada"),
        ("export/ada/s01_rnn/s01_rnn (1).ipynb", "ada"),
        ("ada_s01_rnn.ipynb", "ada"),
        ("s01_rnn_ada.ipynb", "ada"),
        ("ada.ipynb.txt", "ada"),
        ("...x/s01_rnn.ipynb", "x"),
    ],
)
def test_a_file_is_put_where_its_student_s_hand_ins_are(workspace, export, name, student):
    rows = collected(workspace, export((name, b"{}")))
    assert [row.outcome for row in rows.values()] == [TAKEN]
    assert submitted(workspace) == {f"{student}/s01_rnn/s01_rnn.ipynb": b"{}"}


def test_a_class_in_a_folder_is_taken_and_other_files_are_told(workspace, tmp_path):
    source = as_folder(
        tmp_path,
        {
            "ada/s01_rnn.ipynb": b"ada",
            "ben/s01_rnn.ipynb": b"ben",
            "ben/.ipynb_checkpoints/s01_rnn-checkpoint.ipynb": b"old",
            "ben/photo.png": b"x",
            "cy/work.zip": b"x",
            "s01_rnn.ipynb": b"whose?",
        },
    )
    rows = collected(workspace, source)
    assert submitted(workspace) == {"ada/s01_rnn/s01_rnn.ipynb": b"ada", "ben/s01_rnn/s01_rnn.ipynb": b"ben"}
    assert "does not say whose it is" in rows["s01_rnn.ipynb"].why
    assert "an archive within the export" in rows["cy/work.zip"].why
    assert len(rows) == 6


@pytest.mark.parametrize(
    "name",
    [
        "../../evil/s01_rnn.ipynb",
        "/etc/evil/s01_rnn.ipynb",
        "C:\\evil\\s01_rnn.ipynb",
        "a\\..\\..\\s01_rnn.ipynb",
        "..",
        "//",
    ],
)
def test_names_that_lead_out_are_left_out_and_the_rest_is_taken(workspace, export, tmp_path, name):
    before = {path for path in tmp_path.rglob("*") if workspace.root not in (path, *path.parents)}
    rows = collected(workspace, export((name, b"evil"), ("ada/s01_rnn.ipynb", b"ada")))
    assert list(submitted(workspace).values()) == [b"ada"]
    assert sum(row.outcome == LEFT_OUT for row in rows.values()) == (name != "//")
    after = {path for path in tmp_path.rglob("*") if workspace.root not in (path, *path.parents)}
    assert after - before == {tmp_path / "export.zip"}


def member(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_links_and_pipes_in_a_zip_are_left_out(workspace, export):
    rows = collected(
        workspace,
        export(
            (member("ada/s01_rnn.ipynb", stat.S_IFLNK | 0o777), b"/etc/passwd"),
            (member("ben/s01_rnn.ipynb", stat.S_IFIFO | 0o666), b""),
            (member("cy/s01_rnn.ipynb", stat.S_IFREG | 0o644), b"cy"),
        ),
    )
    assert list(submitted(workspace).values()) == [b"cy"]
    assert "a link, which is not followed" in rows["ada/s01_rnn.ipynb"].why
    assert "not a plain file" in rows["ben/s01_rnn.ipynb"].why


def test_links_and_pipes_in_a_folder_are_left_out(workspace, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s01_rnn.ipynb").write_bytes(b"secret")
    source = as_folder(tmp_path, {"ada/s01_rnn.ipynb": b"ada", "cy/x.txt": b""})
    (source / "ben").symlink_to(tmp_path / "secret")
    (source / "cy" / "s01_rnn.ipynb").symlink_to(tmp_path / "secret" / "s01_rnn.ipynb")
    os.mkfifo(source / "pipe.ipynb")
    rows = collected(workspace, source)
    assert list(submitted(workspace).values()) == [b"ada"]
    assert all("link" in rows[name].why for name in ("ben", "cy/s01_rnn.ipynb"))
    assert "not a plain file" in rows["pipe.ipynb"].why


def test_an_encrypted_member_is_left_out(workspace, export):
    path = export(("ada/s01_rnn.ipynb", b"ada"), ("ben/s01_rnn.ipynb", b"ben"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert collected(workspace, path)["ada/s01_rnn.ipynb"].why == "it is encrypted"
    assert list(submitted(workspace).values()) == [b"ben"]


def test_a_bomb_is_left_out_by_what_it_declares(workspace, export, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 1 << 20)
    rows = collected(workspace, export(("ada/s01_rnn.ipynb", bytes(2 << 20)), ("ben/s01_rnn.ipynb", b"ben")))
    assert "more than" in rows["ada/s01_rnn.ipynb"].why
    assert list(submitted(workspace).values()) == [b"ben"]


def test_a_bomb_that_lies_about_its_size_is_left_out(workspace, export):
    path = export(("ada/s01_rnn.ipynb", bytes(5 << 20)), ("ben/s01_rnn.ipynb", b"ben"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    assert "damaged" in collected(workspace, path)["ada/s01_rnn.ipynb"].why
    assert list(submitted(workspace).values()) == [b"ben"]


def test_all_that_an_archive_declares_is_limited(workspace, export, monkeypatch):
    monkeypatch.setattr(sources, "MOST_BYTES", 15)
    rows = collected(workspace, export(*((f"{name}/s01_rnn.ipynb", bytes(10)) for name in ("ada", "ben"))))
    assert [row.outcome for row in rows.values()].count(TAKEN) == 1
    assert "unpacks to more than" in rows["ben/s01_rnn.ipynb"].why


def test_a_damaged_member_costs_only_itself(workspace, export):
    path = export(("ada/s01_rnn.ipynb", os.urandom(2000)), ("ben/s01_rnn.ipynb", b"ben"))
    data = bytearray(path.read_bytes())
    data[500] ^= 0xFF
    path.write_bytes(data)
    assert "damaged" in collected(workspace, path)["ada/s01_rnn.ipynb"].why
    assert list(submitted(workspace).values()) == [b"ben"]


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_neither_folder_nor_zip_is_told(workspace, tmp_path, data):
    (tmp_path / "export.zip").write_bytes(data)
    with pytest.raises(CourseError, match="expected a folder or a zip"):
        collect(tmp_path / "export.zip", STAGE, workspace)


def test_two_people_of_one_name_are_told_apart(workspace, export):
    names = [
        "Lovelace Ada_1_assignsubmission_file_/s01_rnn.ipynb",
        "Lovelace Ada_2_assignsubmission_file_/s01_rnn.ipynb",
    ]
    rows = collected(workspace, export((names[0], b"1"), (names[1], b"2")))
    assert submitted(workspace) == {f"Lovelace-Ada-{n}/s01_rnn/s01_rnn.ipynb": n.encode() for n in "12"}
    assert all("others have the same name" in row.why for row in rows.values())


def test_names_that_are_the_same_when_cleaned_are_told_apart(workspace, export):
    collected(workspace, export(("a b/s01_rnn.ipynb", b"1"), ("a?b/s01_rnn.ipynb", b"2"), ("A-B/s01_rnn.ipynb", b"3")))
    assert sorted(submitted(workspace).values()) == [b"1", b"2", b"3"]


def test_a_name_that_ends_in_another_s_number_takes_nobody_s_place(workspace, export):
    people = ["Jan Kim_1", "Jan Kim_2", "Jan Kim 1_3"]
    collected(workspace, export(*((f"{who}_assignsubmission_file_/s01_rnn.ipynb", who.encode()) for who in people)))
    assert sorted(submitted(workspace).values()) == sorted(who.encode() for who in people)
    assert not (workspace.class_folder / "earlier").exists()
    found = load_collected(workspace.class_folder, "s01_rnn")
    assert {said.number for said in found.values()} == {"1", "2", "3"}


def test_a_namesake_in_a_later_export_takes_nobody_s_place(workspace, export):
    first, second = ("kimjan_11_901_s01_rnn.ipynb", b"11"), ("kimjan_22_902_s01_rnn.ipynb", b"22")
    collected(workspace, export(first))
    assert "others have the same name" in collected(workspace, export(second))[second[0]].why
    rows = collected(workspace, export(second, first))
    assert {row.outcome for row in rows.values()} == {UNCHANGED}
    wanted = {"kimjan/s01_rnn/s01_rnn.ipynb": b"11", "kimjan-22/s01_rnn/s01_rnn.ipynb": b"22"}
    assert submitted(workspace) == wanted


def test_canvas_s_numbers_tell_namesakes_apart_over_stages_and_moodle_s_do_not(workspace, export):
    other = Stage("s02_x", "Another", {"x": 1.0})
    collect(export(("kimjan_11_901_s02_x.ipynb", b"11"), ("ada_9_9_s02_x.ipynb", b"")), other, workspace)
    rows = collected(workspace, export(("kimjan_22_902_s01_rnn.ipynb", b"22")))
    assert [row.student for row in rows.values()] == ["kimjan-22"]
    collect(export(("Ng Ben_7_assignsubmission_file_/s02_x.ipynb", b"7")), other, workspace)
    rows = collected(workspace, export(("Ng Ben_8_assignsubmission_file_/s01_rnn.ipynb", b"8")))
    assert [row.student for row in rows.values()] == ["Ng-Ben"]


def test_a_folder_without_a_number_takes_none_away(workspace, export):
    collected(workspace, export(("kimjan_11_901_s01_rnn.ipynb", b"old")))
    collected(workspace, export(("kimjan/s01_rnn.ipynb", b"new"), ("ada/s01_rnn.ipynb", b"ada")))
    said = load_collected(workspace.class_folder, "s01_rnn")
    assert (said["kimjan"].number, said["kimjan"].lms, said["ada"].number) == ("11", "canvas", "")


@pytest.mark.parametrize(
    "forged", ["x_12345_1_s01_rnn.ipynb", "X_12345_assignsubmission_file_/s01_rnn.ipynb", "ada/s01_rnn.ipynb"]
)
@pytest.mark.parametrize("others", [["ada"], ["Ng Cy_5_assignsubmission_file_"], []])
def test_a_student_s_own_names_make_nobody_another(workspace, export, forged, others):
    (workspace.step_folder("submitted") / "Ben").mkdir(parents=True)
    rows = collected(workspace, export((f"ben/{forged}", b"ben"), *((f"{o}/s01_rnn.ipynb", b"") for o in others)))
    assert rows[f"ben/{forged}"].student == "ben"
    assert load_collected(workspace.class_folder, "s01_rnn")["ben"].number == ""


def test_a_lone_file_in_a_folder_is_the_folder_s_whatever_its_name(workspace, export):
    rows = collected(workspace, export(("ben/x_12345_1_s01_rnn.ipynb", b"ben")))
    assert rows["ben/x_12345_1_s01_rnn.ipynb"].student == "ben"
    assert "not the whole export is named so" in rows["ben/x_12345_1_s01_rnn.ipynb"].why


@pytest.mark.parametrize(
    "names, students",
    [
        (["ben/x_1_2_s01_rnn.ipynb", "ada/y_3_4_s01_rnn.ipynb"], ["ben", "ada"]),
        (["known/x_1_2_s01_rnn.ipynb", "known/y_3_4_s01_rnn.ipynb"], ["known", "known"]),
        (["x_1_2_s01_rnn.ipynb", "ada_s01_rnn.ipynb"], ["x_1_2", "ada"]),
        (["ben/X_5_assignsubmission_file_/s01_rnn.ipynb", "ada/s01_rnn.ipynb"], ["ben", "ada"]),
    ],
)
def test_names_of_an_lms_s_count_only_where_the_whole_export_is_the_lms_s(workspace, export, names, students):
    (workspace.step_folder("submitted") / "known").mkdir(parents=True)
    rows = collected(workspace, export(*((name, b"") for name in names)))
    assert [rows[name].student for name in names] == students
    assert {said.number for said in load_collected(workspace.class_folder, "s01_rnn").values()} == {""}


@pytest.mark.parametrize("below", ["ada/s01_rnn.ipynb", "X_5_assignsubmission_file_/s01_rnn.ipynb"])
def test_a_folder_that_is_passed_over_is_told(workspace, export, below):
    rows = collected(workspace, export((f"ben/{below}", b"ben")))
    assert "the folder 'ben' was taken for the export's own" in rows[f"ben/{below}"].why


def test_an_export_of_canvas_s_may_lie_in_a_folder(workspace, export):
    names = [f"sub/{who}_s01_rnn.ipynb" for who in ("ada_LATE_1_9", "ben_2_8")]
    rows = collected(workspace, export(*((name, b"") for name in names)))
    assert [rows[name].student for name in names] == ["ada", "ben"]
    assert "the folder 'sub' was taken for the export's own" in rows[names[0]].why


def test_a_stray_file_in_moodle_s_export_changes_nobody_s_owner(workspace, export):
    rows = collected(workspace, export((f"CS 101/{MOODLE}", b""), ("CS 101/stray.ipynb", b"")))
    assert rows[f"CS 101/{MOODLE}"].student == "Lovelace-Ada"


def test_of_a_student_s_files_the_likeliest_is_taken_and_the_last_of_equals(workspace, export):
    many = [(f"ada_5_{number}_s01_rnn-{number}.ipynb", str(number).encode()) for number in range(3)]
    rows = collected(workspace, export(("ada_5_9_scratch.ipynb", b"scratch"), *many))
    assert list(submitted(workspace).values()) == [b"2"]
    assert rows["ada_5_0_s01_rnn-0.ipynb"].why == "ada_5_2_s01_rnn-2.ipynb was taken"


def test_a_member_that_stands_twice_is_taken_once(workspace, export):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = export(("ada/s01_rnn.ipynb", b"first"), ("ada/s01_rnn.ipynb", b"second"))
    rows = collect(path, STAGE, workspace)
    assert sorted(row.outcome for row in rows) == [LEFT_OUT, TAKEN]
    assert list(submitted(workspace).values()) == [b"second"]


def test_an_earlier_hand_in_is_kept_with_its_time(workspace, export):
    place = workspace.step_folder("submitted") / "ada" / "s01_rnn"
    for text in (b"one", b"two", b"two", b"three"):
        rows = collected(workspace, export(("ada/s01_rnn.ipynb", text)))
        (place / "timestamp.txt").write_bytes(text)
    kept = workspace.class_folder / "earlier" / "ada" / "s01_rnn"
    assert {str(path.relative_to(kept)): path.read_bytes() for path in kept.rglob("*") if path.is_file()} == {
        "001/s01_rnn.ipynb": b"one",
        "001/timestamp.txt": b"one",
        "002/s01_rnn.ipynb": b"two",
        "002/timestamp.txt": b"two",
    }
    assert (place / "s01_rnn.ipynb").read_bytes() == b"three"
    assert rows["ada/s01_rnn.ipynb"].why == "an earlier hand-in is kept as earlier/ada/s01_rnn/002"


def test_the_same_again_changes_nothing(workspace, export):
    path = export(("ada/s01_rnn.ipynb", b"ada"))
    collect(path, STAGE, workspace)
    assert [row.outcome for row in collect(path, STAGE, workspace)] == [UNCHANGED]
    assert not (workspace.class_folder / "earlier").exists()


def test_a_link_in_the_classroom_leads_nothing_outside(workspace, export, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    workspace.step_folder("submitted").mkdir(parents=True)
    (workspace.step_folder("submitted") / "ada").symlink_to(outside)
    rows = collected(workspace, export(("ada/s01_rnn.ipynb", b"ada"), ("ben/s01_rnn.ipynb", b"ben")))
    assert "leads out" in rows["ada/s01_rnn.ipynb"].why
    assert list(outside.iterdir()) == []
    assert rows["ben/s01_rnn.ipynb"].outcome == TAKEN


def test_what_lies_in_the_place_and_is_no_file_is_moved_away(workspace, export, tmp_path):
    place = workspace.step_folder("submitted") / "ada" / "s01_rnn"
    place.mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    (place / "s01_rnn.ipynb").symlink_to(tmp_path / "secret")
    collect(export(("ada/s01_rnn.ipynb", b"ada")), STAGE, workspace)
    assert submitted(workspace) == {"ada/s01_rnn/s01_rnn.ipynb": b"ada"}
    assert (tmp_path / "secret").read_bytes() == b"secret"


@pytest.mark.parametrize(
    "name", ["..", "", "\n", ".hidden", "-rf", "con/../x", "a" * 500, "漢" * 500, "e\u0301", "\udcff"]
)
def test_a_cleaned_name_is_one_plain_folder_s(name):
    made = clean(name)
    assert made
    assert made[0] not in ".-"
    assert "/" not in made
    assert made.isprintable()
    assert len(made.encode()) <= 200


@pytest.fixture
def course_folder(tmp_path):
    root = tmp_path / "course"
    root.mkdir()
    from tests.conftest import ROOT

    (root / "course.toml").write_text((ROOT / "course.toml").read_text())
    return root


def test_the_command_shows_a_table(course_folder, export):
    path = export((MOODLE, b"{}"), ("../evil\x1b[31m.ipynb", b""))
    done = CliRunner().invoke(main, ["--course", str(course_folder), "collect", "s01_rnn", str(path)])
    assert done.exit_code == 0, done.output
    assert "1 hand-ins collected, 1 files left out" in done.output
    assert "\x1b" not in done.output
    assert (course_folder / "classroom" / "submitted" / "Lovelace-Ada" / "s01_rnn" / "s01_rnn.ipynb").is_file()


def test_the_command_tells_when_nothing_is_found(course_folder, export):
    path = export(("notes.pdf", b""))
    done = CliRunner().invoke(main, ["--course", str(course_folder), "collect", "s01_rnn", str(path)])
    assert done.exit_code == 1
    assert "found no hand-in of s01_rnn" in done.output
    assert "notes.pdf" in done.output


def test_an_empty_zip_is_no_trouble(workspace, tmp_path):
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    (tmp_path / "export.zip").write_bytes(buffer.getvalue())
    assert collect(tmp_path / "export.zip", STAGE, workspace) == []
