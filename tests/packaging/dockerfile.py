"""What a Dockerfile says, read as an engine reads it: stages of steps, with variables filled in."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from dockerfile_parse import DockerfileParser


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of a stage."""

    instruction: str
    value: str

    @property
    def words(self) -> list[str]:
        """Its value as a list, whether in exec form or in words."""
        return self.exec_form or shlex.split(self.value)

    @property
    def exec_form(self) -> list[str] | None:
        """The JSON list that it is; None where a shell would read it."""
        try:
            words = json.loads(self.value)
        except ValueError:
            return None
        return words if isinstance(words, list) else None


@dataclass(slots=True)
class Stage:
    """One `FROM`, and what is done on top of it."""

    image: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def last(self, instruction: str) -> Step | None:
        """The step of a kind that counts; None where there is none."""
        return next((s for s in reversed(self.steps) if s.instruction == instruction), None)

    @property
    def environment(self) -> dict[str, str]:
        """What its `ENV` set."""
        pairs = [w.split("=", 1) for s in self.steps if s.instruction == "ENV" for w in s.words]
        return {name: value for name, value in pairs}


def stages_of(path: Path, path_variable: str) -> list[Stage]:
    """Read a Dockerfile.

    Args:
        path: The file.
        path_variable: `PATH` of the images that it starts from.
    """
    stages: list[Stage] = []
    variables: dict[str, str] = {}
    for one in DockerfileParser(path=str(path)).structure:
        instruction, value = one["instruction"], one["value"]
        if instruction == "ARG" and not stages:
            variables.update([value.split("=", 1)])
        elif instruction == "FROM":
            image, *named = _filled(value, variables).split()
            stages.append(Stage(image, named[1] if named else ""))
        elif instruction != "COMMENT":
            # A shell fills in what it runs itself.
            is_run = instruction == "RUN"
            known = {"PATH": path_variable, **stages[-1].environment}
            text = value if is_run else _filled(value, known)
            stages[-1].steps.append(Step(instruction, text))
    return stages


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return Template(text).substitute(variables)
