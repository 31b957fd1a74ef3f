"""``python -m autograder.documentation``: build the sites under build/docs/; from the course's root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from autograder.course import Course, CourseError, find_root, load_course
from autograder.documentation.contents import AUDIENCES, STUDENTS
from autograder.documentation.leaks import audit_pages
from autograder.documentation.sources import write_sources
from autograder.documentation.targets import check_targets


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("audiences", nargs=-1, type=click.Choice(AUDIENCES))
def main(audiences: Sequence[str]) -> None:
    """Build the site of each of AUDIENCES (default: both) with Sphinx, warnings as errors, and check it."""
    course = load_course(find_root(Path.cwd()))
    wanted = audiences or AUDIENCES
    try:
        running = {audience: _started(course, audience) for audience in wanted}
        failed = [audience for audience, process in running.items() if process.wait()]
        if failed:
            raise CourseError(f"Sphinx could not build {', '.join(failed)} without warnings; they stand above")
        for audience in wanted:
            click.echo(check_site(course, _site(course, audience), audience))
    except CourseError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Next: open build/docs/staff/index.html; build/docs/students/ is what you may publish to a class.")


def _started(course: Course, audience: str) -> subprocess.Popen[bytes]:
    """Write the pages of an audience and start Sphinx on them."""
    sources = course.root / "build" / "docs-source" / audience
    pages = write_sources(course, audience, sources)
    if audience == STUDENTS:
        audit_pages(course, sources)
    click.echo(f"{audience}: {len(pages)} pages written; Sphinx is at work, for about a minute ...")
    return start_sphinx(course, sources, _site(course, audience))


def start_sphinx(course: Course, sources: Path, site: Path) -> subprocess.Popen[bytes]:
    """Start Sphinx on ``sources``. ``site`` is made anew: what an earlier build left there is not ours to publish.

    Sphinx's notes for itself, with this machine's paths, go beside the sources.
    """
    shutil.rmtree(site, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-b", "html"]
    places = ["-d", f"{sources}-doctrees", "-c", str(Path(__file__).parent), str(sources), str(site)]
    return subprocess.Popen([*command, *places], cwd=course.root, env=os.environ | {"PYTHONPATH": str(course.root)})


def check_site(course: Course, site: Path, audience: str) -> str:
    """Follow the links of a site that is built, and audit that for students; returns what was done.

    Raises:
        CourseError: a link leads nowhere.
        AuditFailed: a page gives something away, or something is hidden there.
    """
    (site / ".buildinfo").unlink(missing_ok=True)  # by which Sphinx would know an old site; ours are always made anew
    links = check_targets(site)
    audited = f", {audit_pages(course, site)} files audited for leaks" if audience == STUDENTS else ""
    return f"{audience}: {links} links followed{audited}; {site}"


def _site(course: Course, audience: str) -> Path:
    return course.root / "build" / "docs" / audience


if __name__ == "__main__":
    main()
