"""The report of ``check``: one table, drawn as HTML in Jupyter and as text elsewhere."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape

from seqlab.checking.casefile import NamedMistake
from seqlab.checking.outcome import CaseOutcome
from seqlab.checking.wording import headline, sentence

WIDTH = 100
MAX_NAMED = 2
OK, OFF, OPEN = "✓", "✗", "·"
DIGITS = re.compile(r"\d+")
COLOURS = {OK: "#1b7f4b", OFF: "#b3261e", OPEN: "#6b6b6b"}


@dataclass(frozen=True)
class Report:
    """What ``check(exercise)`` found out: an outcome per case, and the mistakes that explain what is off."""

    exercise: str
    outcomes: tuple[CaseOutcome, ...]
    mistakes: tuple[NamedMistake, ...]
    has_toy: bool

    @property
    def passed(self) -> bool:
        """Whether every case is right, and nothing was leaned on that the exercise may not use."""
        return all(outcome.right for outcome in self.outcomes) and not self.leaned

    @property
    def leaned(self) -> str:
        """What the exercise leaned on that it may not use, in words; empty where it did not."""
        return next((outcome.guarded for outcome in self.outcomes if outcome.guarded), "")

    @property
    def title(self) -> str:
        """The line above the table."""
        but = ", but not by its own work" if self.leaned and all(outcome.right for outcome in self.outcomes) else ""
        return f"check({self.exercise}): {headline(self.outcomes)}{but}"

    def __repr__(self) -> str:
        return "\n".join([self.title, "", *self._text_rows(), *self._text_hints()])

    def _repr_html_(self) -> str:
        table = "".join(_html_row(outcome, lines) for outcome, lines in rows(self._shown()))
        hints = "".join(f"<p style='margin:.3em 0;text-align:left'>{escape(hint)}</p>" for hint in self.hints())
        return (
            f"<div style='max-width:60em'><p style='margin:.3em 0'><b>{escape(self.title)}</b></p>"
            f"<table style='margin:0'>{table}</table>{hints}</div>"
        )

    def hints(self) -> Iterator[str]:
        """The named mistakes as an observation and a question, and where to look next."""
        if self.passed:
            return
        if self.leaned:
            yield f"What it leans on: {self.leaned}. Which of its lines could you write yourself?"
        for mistake in self.mistakes[:MAX_NAMED]:
            origin = "" if mistake.exercise == self.exercise else f" The place to look is {mistake.exercise}."
            yield f"What it looks like: {mistake.says}{origin} {mistake.asks}"
        if self.has_toy and not all(outcome.right or outcome.unfinished for outcome in self.outcomes):
            yield f"To look closer: toy({self.exercise}) prints a tiny case with every intermediate array."

    def _shown(self) -> tuple[CaseOutcome, ...]:
        """The rows of the table; where every case stopped for the same reason, one row says it for all."""
        errors = {outcome.error for outcome in self.outcomes}
        if len(errors) > 1 or "" in errors or len(self.outcomes) == 1:
            return self.outcomes
        return (replace(self.outcomes[0], title="every case"),)

    def _text_rows(self) -> Iterator[str]:
        margin = max(len(outcome.title) for outcome in self._shown()) + 6
        for outcome, lines in rows(self._shown()):
            yield _wrapped(f"  {_mark(outcome)} {outcome.title}".ljust(margin), lines[0])
            yield from (_wrapped(" " * margin, line) for line in lines[1:])

    def _text_hints(self) -> Iterator[str]:
        hints = list(self.hints())
        if hints:
            yield ""
        yield from ("\n".join(textwrap.wrap(hint, WIDTH)) for hint in hints)


def rows(outcomes: Sequence[CaseOutcome], reveal: bool = True) -> Iterator[tuple[CaseOutcome, list[str]]]:
    """Each case with its lines; a case that is off just as an earlier one says so in a word."""
    seen: dict[tuple[object, ...], str] = {}
    for outcome in outcomes:
        kind = _kind_of_trouble(outcome)
        yield outcome, [f"as in '{seen[kind]}'"] if kind in seen else describe(outcome, reveal)
        if not outcome.right or outcome.carried:
            seen.setdefault(kind, outcome.title)


def describe(outcome: CaseOutcome, reveal: bool = True) -> list[str]:
    """The lines of one case: what stopped it, or one line per output (all right ones share the first line)."""
    if outcome.error:
        return [outcome.error]
    if outcome.carried:
        return ["right, given a mistake in an earlier exercise that is counted there and not again here"]
    right = [finding.output for finding in outcome.findings if finding.right]
    lines = [f"{', '.join(right)} right"] if right else []
    return lines + [
        f"{finding.output}: {sentence(finding, reveal)}" for finding in outcome.findings if not finding.right
    ]


def named_mistakes(outcomes: Sequence[CaseOutcome], known: dict[str, NamedMistake]) -> tuple[NamedMistake, ...]:
    """The mistakes that explain every case that is off and spoil none that is right, the most frequently named first.

    What fits one case by chance and not the others would send a student the wrong way, so it is not said. Cases that
    could not be run, and those that are off in dtype or in changed inputs alone, say nothing either way.
    """
    telling = [outcome for outcome in outcomes if _is_telling(outcome)]
    keys = [key for outcome in telling for key in outcome.mistakes]
    ranked = sorted(dict.fromkeys(keys), key=lambda key: -keys.count(key))
    ruled_out = {key for outcome in outcomes for key in outcome.ruled_out}
    fitting = [key for key in ranked if all(key in (*one.mistakes, *one.possible) for one in telling)]
    return tuple(known[key] for key in fitting if key not in ruled_out)


def _is_telling(outcome: CaseOutcome) -> bool:
    """Whether what is off in a case could be told from its values."""
    off = {finding.problem for finding in outcome.findings if not finding.right}
    return not outcome.carried and bool(off - {"dtype", "changed inputs"})


def _mark(outcome: CaseOutcome) -> str:
    if outcome.unfinished:
        return OPEN
    return OK if outcome.right else OFF


def _wrapped(prefix: str, line: str) -> str:
    rows = textwrap.wrap(line, max(40, WIDTH - len(prefix))) or [""]
    return ("\n" + " " * len(prefix)).join([prefix + rows[0], *rows[1:]])


def _kind_of_trouble(outcome: CaseOutcome) -> tuple[object, ...]:
    """What is the same in two cases that fail the same way: the error but for its numbers, or each output's problem."""
    problems = tuple((finding.output, finding.problem) for finding in outcome.findings)
    return (DIGITS.sub("", outcome.error), problems, outcome.mistakes)


def _html_row(outcome: CaseOutcome, lines: Sequence[str]) -> str:
    mark = _mark(outcome)
    text = "<br>".join(escape(line) for line in lines)
    return (
        f"<tr><td style='color:{COLOURS[mark]};font-weight:bold;vertical-align:top'>{mark}</td>"
        f"<td style='text-align:left;vertical-align:top;white-space:nowrap'>{escape(outcome.title)}</td>"
        f"<td style='text-align:left'>{text}</td></tr>"
    )
