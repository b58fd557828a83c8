"""How far an import has come, as the commits say that it made.

A commit's description ends with a mark: which export, which of its records, and which step. So what
is done and that it is done are one thing, also if the command is killed or its connection is cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.history.moving.records import Header

_MARK = re.compile(
    r"\[s3gateway import (?P<export>[0-9a-f]{32}) (?P<bucket>[A-Za-z0-9._-]+)"
    r" (?P<number>[1-9][0-9]{0,8})(?P<removals> removals)?\]"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of an import. A record has one, or two: what must go first goes first."""

    number: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one export's bucket."""

    export_id: str
    bucket: str

    def describe(self, step: Step, header: Header) -> str:
        """The description of a commit: the one it had, where it comes from, and the mark."""
        step_name = "" if step.is_last else " removals"
        mark = f"[s3gateway import {self.export_id} {self.bucket} {step.number}{step_name}]"
        origin = f"From {self.bucket}, commit {header.commit} of {header.committed}. {mark}"
        return f"{header.description}\n\n{origin}" if header.description else origin

    def step_of(self, description: str) -> Step | None:
        """The step that a description is of; None for a commit that is not of this import."""
        line = description.rpartition("\n")[2]
        found = _MARK.fullmatch(line[max(line.rfind("["), 0) :])
        if found is None or (found["export"], found["bucket"]) != (self.export_id, self.bucket):
            return None
        return Step(int(found["number"]), found["removals"] is None)
