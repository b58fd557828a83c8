"""Random requests of several clients at the same time: each history has an order."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.client import Client, delete_document
from tests.fuzz.history import Event, Seen, has_an_order, told
from tests.fuzz.model import Condition, Content, Model, Outcome, bucket_id
from tests.fuzz.profiles import examples
from tests.raw_http import Answer
from tests.servers import GatewayProcess

CLIENTS = 4
TIMES = 2

_runs = itertools.count()

# One is a directory of the others, or stands beside them in the order of bytes.
KEYS = st.sampled_from(("a", "a/b", "a/b/c", "a/d", "a."))
CONTENTS = (Content(0), Content(3, "y"), Content(4, "z"))
BUCKETS = st.sampled_from(("master.R", "dev.R"))


@dataclass(frozen=True)
class Request:
    """One request; `R` in its bucket is a repo of the run's own."""

    name: str
    bucket: str = "master.R"
    key: str = ""
    content: Content = CONTENTS[0]
    condition: Condition | None = None
    keys: tuple[str, ...] = ()


Program: TypeAlias = list[list[Request]]

_contents = st.sampled_from(CONTENTS)
_on_write = st.none() | st.builds(Condition, st.just("If-Match"), _contents.map(lambda c: (c,)))
_on_put = _on_write | st.just(Condition("If-None-Match"))

puts = st.builds(Request, st.just("PutObject"), key=KEYS, content=_contents, condition=_on_put)
deletes = st.builds(Request, st.just("DeleteObject"), key=KEYS, condition=_on_write)
gets = st.builds(Request, st.just("GetObject"), key=KEYS)
lists = st.just(Request("ListObjectsV2"))
delete_many = st.builds(
    Request,
    st.just("DeleteObjects"),
    keys=st.lists(KEYS, min_size=2, max_size=4, unique=True).map(tuple),
)
requests = st.one_of(puts, puts, deletes, gets, gets, lists, delete_many)

bucket_requests = st.one_of(
    st.builds(Request, st.just("CreateBucket"), bucket=BUCKETS),
    st.builds(Request, st.just("DeleteBucket"), bucket=BUCKETS),
    st.builds(Request, st.just("PutObject"), bucket=BUCKETS, key=st.just("k")),
    st.builds(Request, st.just("DeleteObject"), bucket=BUCKETS, key=st.just("k")),
    st.builds(Request, st.just("GetBucketLocation"), bucket=BUCKETS),
)


def programs(of: st.SearchStrategy[Request]) -> st.SearchStrategy[Program]:
    return st.lists(st.lists(of, min_size=3, max_size=6), min_size=CLIENTS, max_size=CLIENTS)


class Clients:
    """Several clients of one gateway, each in a thread of its own."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._clients = [Client(gateway) for _ in range(CLIENTS)]
        self._threads = ThreadPoolExecutor(CLIENTS)
        self.etags = self._learn_etags()
        self.contents = {etag: content for content, etag in self.etags.items()}

    def __enter__(self) -> Clients:
        return self

    def __exit__(self, *exc: object) -> None:
        self._threads.shutdown()
        for client in self._clients:
            client.close()

    def create_bucket(self, bucket: str) -> None:
        self._clients[0].send("CreateBucket", bucket)

    def run(self, program: Program, repo: str) -> list[Event]:
        """Begin all at once, and tell what each saw."""
        begin = Barrier(CLIENTS)

        def one(client: Client, requests: Sequence[Request]) -> list[Event]:
            begin.wait()
            return [self._do(client, request, repo) for request in requests]

        done = [
            self._threads.submit(one, *both) for both in zip(self._clients, program, strict=True)
        ]
        return [event for each in done for event in each.result()]

    def _learn_etags(self) -> dict[Content, str]:
        client, bucket = self._clients[0], f"etags.e{next(_runs)}"
        client.send("CreateBucket", bucket)
        return {
            content: client.send("PutObject", bucket, "a", body=content.bytes).headers["etag"]
            for content in CONTENTS
        }

    def _do(self, client: Client, request: Request, repo: str) -> Event:
        bucket = request.bucket.replace("R", repo)
        headers = {}
        if condition := request.condition:
            contents = condition.contents
            headers[condition.header] = self.etags[contents[0]] if contents else "*"
        body = request.content.bytes if request.name == "PutObject" else None
        if request.name == "DeleteObjects":
            body = delete_document([{"Key": key} for key in request.keys])
        began = time.monotonic()
        answer = client.send(request.name, bucket, request.key, headers=headers, body=body)
        ended = time.monotonic()
        what = f"{request.name} {bucket} {request.key} {request.content} {headers} {request.keys}"
        return Event(
            what, applied(request, bucket), self._seen(client, request, answer), began, ended
        )

    def _seen(self, client: Client, request: Request, answer: Answer) -> Seen:
        if answer.status >= 300:
            return Outcome(answer.status, answer.code or "")
        if request.name == "ListObjectsV2":
            value = client.document_of(request.name, answer)
            return {one["Key"]: self.contents[one["ETag"]] for one in value.get("Contents", [])}
        content = self.contents[answer.headers["etag"]] if "etag" in answer.headers else None
        if request.name == "GetObject":
            assert content is not None
            assert answer.body == content.bytes
        return Outcome(answer.status, content=content)


def applied(request: Request, bucket: str) -> Callable[[Model], Seen]:
    """What the model does for a request, and answers."""
    id_, key, condition = bucket_id(bucket), request.key, request.condition

    def delete_many(model: Model) -> Seen:
        outcome = model.delete_many(id_, [(key, None) for key in request.keys])
        return outcome if isinstance(outcome, Outcome) else Outcome(200)

    done: dict[str, Callable[[Model], Seen]] = {
        "CreateBucket": lambda model: model.create_bucket(id_),
        "DeleteBucket": lambda model: model.delete_bucket(id_),
        "GetBucketLocation": lambda model: model.find_bucket(id_),
        "PutObject": lambda model: model.put(id_, key, request.content, condition),
        "DeleteObject": lambda model: model.delete(id_, key, condition),
        "GetObject": lambda model: model.get(id_, key),
        "DeleteObjects": delete_many,
        "ListObjectsV2": lambda model: dict(model.buckets[id_]),
    }
    return done[request.name]


def has_order_each_time(gateway: GatewayProcess, program: Program, buckets: list[str]) -> None:
    """Run a program a few times, on new buckets: what happens when is not the same each time."""
    for _ in range(TIMES):
        repo = f"r{os.getpid()}-{next(_runs)}"
        model = Model()
        with Clients(gateway) as clients:
            for bucket in buckets:
                clients.create_bucket(bucket.replace("R", repo))
                model.create_bucket(bucket_id(bucket.replace("R", repo)))
            events = clients.run(program, repo)
        assert has_an_order(model, events), told(events)


@pytest.mark.timeout(1200)
def test_requests_on_objects_have_an_order(own_gateway: GatewayProcess) -> None:
    @settings(max_examples=examples(25, 300))
    @given(programs(requests))
    def check(program: Program) -> None:
        has_order_each_time(own_gateway, program, ["master.R"])

    check()


@pytest.mark.timeout(1200)
def test_requests_on_buckets_have_an_order(own_gateway: GatewayProcess) -> None:
    @settings(max_examples=examples(25, 300))
    @given(programs(bucket_requests))
    def check(program: Program) -> None:
        has_order_each_time(own_gateway, program, [])

    check()
