"""The doctor finds what is wrong with an installation, and says what mends it."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

from autograder import doctor
from autograder.cli import main
from autograder.doctor import Finding, examine, other_versions, pinned
from autograder.sandbox.bubblewrap import IsolationMissing
from tests.conftest import ROOT


def found(course, what):
    (one,) = [finding for finding in examine(course) if finding.what == what]
    return one


@pytest.fixture
def no_sandbox(monkeypatch):
    """A machine without bubblewrap."""

    def missing(*args):
        raise IsolationMissing("expected bwrap; found none. Install bubblewrap")

    monkeypatch.setattr(doctor, "make_launcher", missing)


def test_pins_are_read_and_other_versions_told(tmp_path):
    (tmp_path / "constraints.txt").write_text("# made\nclick==0.0.1\nnobodys-package==1  # none\n", encoding="utf-8")
    wanted = pinned(tmp_path / "constraints.txt")
    assert wanted == {"click": "0.0.1", "nobodys-package": "1"}
    (told,) = other_versions(wanted)
    assert told.startswith("click ")
    assert told.endswith(" in place of 0.0.1")


def test_this_installation_is_as_pinned():
    assert other_versions(pinned(ROOT / "constraints.txt")) == []


def test_what_is_missing_says_what_mends_it(course, no_sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("SEQLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor, "LEAST_DISK", 1 << 60)
    assert found(course, "sandbox").mend == "expected bwrap; found none. Install bubblewrap"
    assert "make download-data" in found(course, "data").mend
    assert found(course, "disk").mend.startswith("free some")
    (tmp_path / "constraints.txt").write_text("click==0.0.1\n", encoding="utf-8")
    elsewhere = replace(course, root=tmp_path)
    assert "make release (s01_rnn" in found(elsewhere, "releases").mend
    assert "make setup" in found(elsewhere, "packages").mend


def test_a_classroom_that_anybody_may_write_to_is_told(course, no_sandbox, tmp_path):
    (tmp_path / "constraints.txt").write_text("", encoding="utf-8")
    folder = tmp_path / "classroom"
    folder.mkdir()
    folder.chmod(0o777)
    assert found(replace(course, root=tmp_path), "classroom").mend == f"chmod o-w {folder}"
    folder.chmod(0o755)
    assert found(replace(course, root=tmp_path), "classroom").right


def test_the_command_ends_with_an_error_where_something_is_wrong(monkeypatch):
    monkeypatch.setattr(
        "autograder.commands.installation.examine", lambda course: [Finding("disk", "full", "free some")]
    )
    done = CliRunner().invoke(main, ["--course", str(ROOT), "doctor"])
    assert done.exit_code == 1
    assert "✗ disk       full" in done.output
    assert "to mend: free some" in done.output
    monkeypatch.setattr("autograder.commands.installation.examine", lambda course: [Finding("disk", "much")])
    assert CliRunner().invoke(main, ["--course", str(ROOT), "doctor"]).exit_code == 0


@pytest.mark.sandbox
def test_the_sandbox_is_started_for_real(course):
    sandbox = found(course, "sandbox")
    assert sandbox.right
    assert "control group" in sandbox.found
