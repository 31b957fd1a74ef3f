"""The command that looks at the machine: doctor."""

from __future__ import annotations

import click

from autograder.commands.shared import CONSOLE, say_next
from autograder.course import Course, CourseError
from autograder.doctor import examine


@click.command()
@click.pass_obj
def doctor(course: Course) -> None:
    """Say what this installation has and lacks for grading, and what mends each lack; changes nothing."""
    findings = list(examine(course))
    for finding in findings:
        CONSOLE.print(f"{'✓' if finding.right else '✗'} {finding.what:10} {finding.found}", markup=False)
        if finding.mend:
            CONSOLE.print(f"  {'':10} to mend: {finding.mend}", markup=False)
    wrong = sum(not finding.right for finding in findings)
    if wrong:
        raise CourseError(f"{wrong} of {len(findings)} to mend, see above")
    say_next("make demo grades a small class.")
