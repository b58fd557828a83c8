"""The gateway's process ends without warning: what was answered stays, all else is whole or not."""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import ANY

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import keys as k
from tests.fuzz.client import Client
from tests.fuzz.comparison import Comparison
from tests.fuzz.history import Event, Seen, has_an_order
from tests.fuzz.model import Content, Model, Outcome, bucket_id
from tests.fuzz.profiles import examples
from tests.raw_http import Answer
from tests.servers import GatewayProcess

BUCKET = "master.r"


@dataclass(frozen=True)
class Change:
    """An object to store, or to remove."""

    key: str
    content: Content | None

    def apply(self, model: Model) -> Seen:
        if self.content is None:
            return model.delete(bucket_id(BUCKET), self.key)
        return model.put(bucket_id(BUCKET), self.key, self.content)

    def send(self, client: Client) -> Answer:
        if self.content is None:
            return client.send("DeleteObject", BUCKET, self.key)
        return client.send("PutObject", BUCKET, self.key, body=self.content.bytes)


@dataclass(frozen=True)
class Round:
    """Changes that are answered, changes that are under way at the end, and how far they get."""

    answered: list[Change]
    under_way: list[Change]
    seconds: float


CHANGES = st.builds(Change, k.holdable, k.contents | st.none())
ROUNDS = st.builds(
    Round,
    st.lists(CHANGES, min_size=2, max_size=8),
    st.lists(CHANGES, min_size=1, max_size=3),
    st.sampled_from((0.0, 0.002, 0.005, 0.01, 0.03)),
)


class Store:
    """A directory, the gateway on it that comes and goes, and what must be in it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._gateway = self._start()
        self._both = Comparison(Client(self._gateway))
        self._both.create_bucket(BUCKET)

    def close(self) -> None:
        self._both.client.close()
        self._gateway.__exit__()

    def go_through(self, round_: Round) -> None:
        """Change and crash, and see what is there then."""
        for change in round_.answered:
            if change.content is None:
                self._both.delete(BUCKET, change.key, None)
            else:
                self._both.put(BUCKET, change.key, change.content, None)
        outcomes = self._crash(round_)
        there = self._read()
        assert self._can_be(there, round_, outcomes), (there, outcomes, self._both.model)
        self._both.model = Model({bucket_id(BUCKET): there})

    def _start(self) -> GatewayProcess:
        return GatewayProcess(self._directory, synchronous="full")

    def _crash(self, round_: Round) -> list[Outcome | None]:
        """End the process amid changes. What was not answered has no outcome."""
        with ThreadPoolExecutor(len(round_.under_way)) as threads:
            begun = [threads.submit(self._begin, change) for change in round_.under_way]
            time.sleep(round_.seconds)
            self._gateway.kill()
            outcomes = [one.result() for one in begun]
        self.close()
        self._gateway = self._start()
        self._both.client = Client(self._gateway)
        return outcomes

    def _begin(self, change: Change) -> Outcome | None:
        with closing(Client(self._gateway)) as client:
            try:
                answer = change.send(client)
            except OSError:
                return None
        content = change.content if answer.status == 200 else None
        return Outcome(answer.status, answer.code or "" if answer.status >= 400 else "", content)

    def _read(self) -> dict[str, Content]:
        contents = {content.bytes: content for content in k.CONTENTS}
        client = self._both.client
        keys = client.send("ListObjectsV2", BUCKET).texts("Contents", "Key")
        return {key: contents[client.send("GetObject", BUCKET, key).body] for key in keys}

    def _can_be(
        self, there: dict[str, Content], round_: Round, outcomes: Sequence[Outcome | None]
    ) -> bool:
        """Whether some of what was not answered has led to what is there, the rest being undone."""
        answered: list[Event] = []
        open_: list[Event] = []
        for change, outcome in zip(round_.under_way, outcomes, strict=True):
            event = Event(str(change), change.apply, ANY if outcome is None else outcome, 0, 1)
            (open_ if outcome is None else answered).append(event)
        last = Event("read", lambda model: model.buckets[bucket_id(BUCKET)], there, 2, 3)
        return any(
            has_an_order(self._both.model, [*answered, *happened, last])
            for size in range(len(open_) + 1)
            for happened in itertools.combinations(open_, size)
        )


@pytest.mark.timeout(1200)
def test_what_was_answered_survives() -> None:
    @settings(max_examples=examples(3, 60))
    @given(st.lists(ROUNDS, min_size=2, max_size=4))
    def check(rounds: list[Round]) -> None:
        with tempfile.TemporaryDirectory() as directory, closing(Store(Path(directory))) as store:
            for round_ in rounds:
                store.go_through(round_)

    check()
