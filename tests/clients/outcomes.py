"""A client program's run against a gateway: how each step ended, and what went over the wire."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.checklist import GROUPS
from tests.clients.pages import ROOT, SECRET, write_settings
from tests.clients.steps import Outcome
from tests.clients.toolchains import OWN_BIN
from tests.clients.wiretap import Exchange, Wiretap
from tests.markdown import DOCS
from tests.servers import GatewayProcess

RUN_SECONDS = 500
SERVER_ERROR = 500

_USUAL = {step: outcome for group in GROUPS.values() for step, outcome in group.items()}
_FOREIGN = ("AWS_", "S3GATEWAY_", "RCLONE_", "MC_", "COVERAGE_", "PYTEST_")
"""Variables that a client may read its settings from, or that would have it measured."""


@dataclass(frozen=True)
class ClientUnderTest:
    """One client: what to run, and how its steps are to end.

    Args:
        name: As its page in `docs/clients/` is called.
        title: As people call it.
        version: Its own.
        command: What takes it through the steps.
        folder: Where it is, if it is not the tests' own Python that has it.
        lacks: Steps of the checklist that it has nothing for.
        differs: Steps that end otherwise than for most, and its own, which the checklist has not.
        tries: How often it sends what is refused.
        environment: Variables of the program.
        page: Its page, if that has another name.
    """

    name: str
    title: str
    version: str
    command: Sequence[str | Path]
    folder: Path | None = None
    lacks: frozenset[str] = frozenset()
    differs: Mapping[str, str] = field(default_factory=dict)
    tries: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    page: str = ""

    @property
    def expected(self) -> dict[str, str]:
        """How each of its steps is to end."""
        assert self.lacks <= _USUAL.keys(), self.lacks - _USUAL.keys()
        usual = {step: outcome for step, outcome in _USUAL.items() if step not in self.lacks}
        return {**usual, **self.differs}

    def variables(self, endpoint: str, home: Path, secret: str = SECRET) -> dict[str, str]:
        """An environment with the settings of the client's page, and nothing of this machine's."""
        write_settings(self.page or self.name, endpoint, home, secret)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        programs = [OWN_BIN, *([self.folder, self.folder / "bin"] if self.folder else [])]
        kept["PATH"] = ":".join([*map(str, programs), kept["PATH"]])
        ours = {"HOME": str(home), "PYTHONPATH": str(ROOT), "SECRET": secret}
        return {**kept, **ours, **self.environment}


@dataclass(frozen=True)
class Run:
    """What came of a run."""

    client: ClientUnderTest
    outcomes: dict[str, Outcome]
    exchanges: list[Exchange]

    def ends(self) -> dict[str, str]:
        """How each step ended."""
        return {step: one.outcome for step, one in self.outcomes.items()}

    def unexpected(self) -> dict[str, str]:
        """The steps that ended otherwise than they should, and what the client said."""
        seen, expected = self.ends(), self.client.expected
        return {
            step: f"{seen.get(step)}, not {expected.get(step)}: {self.message(step)}"
            for step in seen.keys() | expected.keys()
            if seen.get(step) != expected.get(step)
        }

    def message(self, step: str) -> str:
        """What the client showed its user."""
        return self.outcomes[step].message if step in self.outcomes else ""

    def names_the_page_of(self, setting: str, step: str) -> bool:
        """Whether the user was told where to read on, and the client's page has the setting."""
        page = DOCS / "clients" / f"{self.client.page or self.client.name}.md"
        return "docs/clients" in self.message(step) and setting in page.read_text()

    def refused_again(self) -> dict[str, int]:
        """What was sent and refused more often than this client tries."""
        refused = Counter(
            f"{one.method} {one.target}"
            for one in self.exchanges
            if one.status >= SERVER_ERROR and one.method != "GET"
        )
        return {request: times for request, times in refused.items() if times > self.client.tries}


def first_steps(
    client: ClientUnderTest,
    gateway: GatewayProcess,
    home: Path,
    last: Collection[str],
    secret: str = SECRET,
) -> tuple[dict[str, Outcome], str]:
    """Run a client's program up to and with one of some steps, and end it there, without a tap.

    Args:
        client: The client.
        gateway: What it is run against.
        home: Its home directory.
        last: The steps, the first of which that comes is the last one.
        secret: What its settings say. Not all programs read them.

    Returns:
        How its steps ended, and what it showed where it got to none: some look at the gateway
        when they are told of it.
    """
    bucket = f"master.first-{client.name}-{os.getpid()}"
    given = {"ENDPOINT": gateway.endpoint, "BUCKET": bucket}
    outcomes: dict[str, Outcome] = {}
    shown = home / "shown"
    with (
        shown.open("w") as stderr,
        subprocess.Popen(
            client.command,
            cwd=ROOT,
            env={**client.variables(gateway.endpoint, home, secret), **given},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as program,
    ):
        assert program.stdout is not None
        for line in program.stdout:
            outcome = Outcome(**json.loads(line))
            outcomes[outcome.step] = outcome
            if outcome.step in last:
                break
        program.kill()
    return outcomes, shown.read_text()


def run_client(client: ClientUnderTest, gateway: GatewayProcess, home: Path) -> Run:
    """Run a client's program, with a tap on the wire."""
    with Wiretap(gateway) as tap:
        environment = client.variables(tap.endpoint, home)
        bucket = f"master.{client.name}-{os.getpid()}"
        done = subprocess.run(
            client.command,
            cwd=ROOT,
            env={**environment, "ENDPOINT": tap.endpoint, "BUCKET": bucket},
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert done.returncode == 0, "\n".join([*lines[-1:], done.stderr[-4000:]])
        outcomes = [Outcome(**json.loads(line)) for line in lines]
        return Run(client, {one.step: one for one in outcomes}, tap.seen)
