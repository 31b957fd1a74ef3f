"""A case as data: the steps that are done with a student's functions, and the results that count.

A step is small and closed: put an input, call something, take an attribute or an item. The same
steps are replayed in the notebook (public checks) and sent to the sandbox (grading).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Json = Any
Op = Literal["put", "call", "attr", "item"]
OPS: tuple[Op, ...] = ("put", "call", "attr", "item")


@dataclass(frozen=True)
class Step:
    """One step; its result is known by its place in the plan.

    Attributes:
        op: ``call`` the target, take an ``attr`` or an ``item`` of it, or ``put`` an argument in place.
        target: the student's name (``"rnn_step_forward"``) or the index of an earlier step; unused by ``put``.
        key: the attribute's name or the item's key.
        args, kwargs: encoded arguments: ``{"input": name}``, ``{"tensor": name, "requires_grad": bool}``,
            ``{"step": index}``, ``{"list": [...]}``, ``{"dict": {...}}`` or ``{"literal": scalar}``.
        returns: the names of the values that a call must return, for unpacking and for messages.
    """

    op: Op
    target: str | int | None = None
    key: str | int | None = None
    args: tuple[Json, ...] = ()
    kwargs: Mapping[str, Json] = field(default_factory=dict)
    returns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """The step as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Json]) -> Step:
        """Read a step back.

        Raises:
            ValueError: the operation is not one of ``OPS``.
        """
        if data["op"] not in OPS:
            raise ValueError(f"unknown step operation {data['op']!r}; expected one of {', '.join(OPS)}")
        return cls(
            data["op"],
            data["target"],
            data["key"],
            tuple(data["args"]),
            dict(data["kwargs"]),
            tuple(data["returns"]),
        )


@dataclass(frozen=True)
class Plan:
    """The steps of one case, and which step's result is which named output."""

    steps: tuple[Step, ...]
    outputs: Mapping[str, int]

    def to_text(self) -> str:
        """The plan as compact JSON with sorted keys, the same on every machine."""
        data = {"steps": [step.to_json() for step in self.steps], "outputs": dict(self.outputs)}
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Plan:
        """Read a plan back from :meth:`to_text`."""
        data = json.loads(text)
        return cls(tuple(Step.from_json(step) for step in data["steps"]), dict(data["outputs"]))
