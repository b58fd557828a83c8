"""Every request that real clients were recorded to make, sent again and held against the contract.

Each is sent in three worlds: where its bucket is missing, where it is empty, and where it holds
what the request is about. What must come of it says `judge.py`, from the document and the world.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from pfs_client.values import Branch, Repo
from tests.output_branches import make_output_branch
from tests.raw_http import Answer, Connection
from tests.servers import BACKENDS, GatewayProcess, running_gateway
from tests.traces.judge import Ask, Buckets, Verdict, is_holdable, judge, keys_to_delete
from tests.traces.recorded import CLIENTS, Recorded, requests_of

ETAG = re.compile(r'"[0-9a-f]{64}-1"')
SOME_BUCKET = "master.images"
CONTENT = b"0123456789"
WORLDS = ("missing", "empty", "stored")
LARGE_BYTES = 1024 * 1024


class Stage:
    """A gateway, brought into the state that a request is to find."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self.host = f"{gateway.host}:{gateway.port}"
        self.connection = Connection(gateway)
        self.buckets: Buckets = {}

    def set(self, wanted: Buckets) -> None:
        """Make what is stored what is wanted."""
        for bucket in sorted(self.buckets.keys() - wanted.keys()):
            self._set_objects(bucket, {})
            self._do("DELETE", f"/{bucket}", None, 204)
        for bucket, objects in wanted.items():
            if bucket not in self.buckets:
                self._do("PUT", f"/{bucket}", b"", 200)
            self._set_objects(bucket, objects)
        self.buckets = wanted

    def _set_objects(self, bucket: str, wanted: Mapping[str, bytes]) -> None:
        there = self.buckets.get(bucket, {})
        for key in there.keys() - wanted.keys():
            self._do("DELETE", f"/{bucket}/{key}".replace(" ", "%20"), None, 204)
        for key, content in wanted.items():
            if there.get(key) != content:
                self._do("PUT", f"/{bucket}/{key}".replace(" ", "%20"), content, 200)

    def _do(self, method: str, target: str, body: bytes | None, status: int) -> None:
        answer = self.connection.request(method, target, body)
        assert answer.status == status, (method, target, answer)

    def renew_connection(self) -> None:
        self.connection.socket.close()
        self.connection = Connection(self.gateway)

    def check(self, expected: Buckets, bucket: str, key: str) -> None:
        """See that what is stored is what should be: all names, and the object in question."""
        names = self.connection.request("GET", "/").texts("Buckets", "Bucket", "Name")
        assert names == sorted(expected)
        for name, objects in expected.items():
            listed = self.connection.request("GET", f"/{name}?list-type=2")
            assert listed.texts("Contents", "Key") == sorted(objects)
            sizes = [str(len(objects[key])) for key in sorted(objects)]
            assert listed.texts("Contents", "Size") == sizes
        if key in expected.get(bucket, {}):
            answer = self.connection.request("GET", f"/{bucket}/{key}".replace(" ", "%20"))
            assert answer.body == expected[bucket][key]


@pytest.fixture(scope="module", params=BACKENDS)
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    yield from stage_on(request.param, tmp_path_factory.mktemp("traces"))


@pytest.fixture(scope="module", params=BACKENDS)
def stage_without_history(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Where repos that are deleted go at once. What has a long history goes in the background."""
    yield from stage_on(request.param, tmp_path_factory.mktemp("traces"))


def stage_on(backend: str, folder: Path) -> Iterator[Stage]:
    for gateway in running_gateway(backend, folder / "pfs"):
        stage = Stage(gateway)
        yield stage
        stage.connection.socket.close()


def world_of(ask: Ask, world: str) -> Buckets:
    """What is stored when a request comes."""
    bucket = ask.bucket or SOME_BUCKET
    if world == "missing" or not re.fullmatch(r"[\w.-]+", bucket):
        return {}
    if world == "empty":
        return {bucket: {}}
    keys = keys_to_delete(ask.payload or b"") if "delete" in ask.query else [ask.key or "a.txt"]
    keys = [key + "below" if key.endswith("/") else key for key in keys]
    holdable = sorted(set(filter(is_holdable, keys)))
    apart = [key for key in holdable if not any(o.startswith(key + "/") for o in holdable)]
    # As long as it takes for a range to have one byte in it.
    first = re.match(r"bytes=(\d+)-", ask.headers.get("range", ""))
    content = CONTENT.ljust(int(first[1]) + 1 if first else 0, b"x")
    return {bucket: dict.fromkeys(apart, content)}


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_recorded_request_has_the_outcome_that_the_contract_says(
    stage: Stage, client: str, world: str
) -> None:
    requests = requests_of(client)
    if world == "stored":  # large bodies that replace something are in the next test
        requests = [one for one in requests if one.size_bytes < LARGE_BYTES]
    replay_all(stage, requests, world)


@pytest.mark.thorough
@pytest.mark.parametrize("client", CLIENTS)
def test_a_recorded_request_with_a_large_body_replaces_what_is_there(
    stage: Stage, client: str
) -> None:
    large = [one for one in requests_of(client) if one.size_bytes >= LARGE_BYTES]
    replay_all(stage, large, "stored")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_recorded_write_to_an_output_branch_is_refused(
    stage_without_history: Stage, client: str
) -> None:
    stage = stage_without_history
    stage.set({})
    asyncio.run(make_output_branch(stage.gateway.pfs, Branch(Repo("images"), "master")))
    stage.buckets = {SOME_BUCKET: {}, "master.source": {}}
    problems = []
    for recorded in requests_of(client):
        ask = recorded.ask()
        if ask.bucket != SOME_BUCKET or recorded.size_bytes >= LARGE_BYTES:
            continue
        verdict = judge(ask, stage.buckets, frozenset([SOME_BUCKET]))
        if not verdict.failures:
            continue  # a read, or DeleteBucket, which is no write to the branch
        answer = recorded.send(stage.connection, stage.host)
        told = (answer.status, answer.code if ask.method != "HEAD" else "")
        if told not in verdict.failures and ask.method != "HEAD":
            problems.append(f"{recorded.op}: {recorded.method} {recorded.target}: {told}")
        if answer.headers.get("connection") == "close":
            stage.renew_connection()
    stage.set({})
    assert not problems, "\n".join(problems)


def replay_all(stage: Stage, requests: Sequence[Recorded], world: str) -> None:
    problems = []
    for recorded in requests:
        try:
            replay(stage, recorded, world)
        except (AssertionError, OSError) as error:
            problems.append(f"{recorded.op}: {recorded.method} {recorded.target}: {error!r}")
            stage.renew_connection()
            stage.buckets = everything_in(stage)
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems)


def replay(stage: Stage, recorded: Recorded, world: str) -> None:
    ask = recorded.ask()
    stage.set(world_of(ask, world))
    verdict = judge(ask, stage.buckets)
    answer = recorded.send(stage.connection, stage.host)
    told = (answer.status, answer.body[:500], verdict)
    if verdict.failures:
        check_refusal(ask, answer, verdict)
    else:
        assert answer.status == verdict.status, told
        check_success(ask, answer, verdict, stage.buckets)
    check_every_answer(ask, answer)
    check_continue(ask, answer, verdict)
    if answer.headers.get("connection") == "close":
        assert stage.connection.is_closed()
        stage.renew_connection()
    stage.buckets = verdict.after
    if ask.method not in ("GET", "HEAD"):
        stage.check(verdict.after, ask.bucket, ask.key)


def check_refusal(ask: Ask, answer: Answer, verdict: Verdict) -> None:
    if ask.method == "HEAD":
        assert answer.status in {status for status, _ in verdict.failures}, (answer, verdict)
        return
    told = (answer.status, answer.code)
    assert told in verdict.failures, (told, answer.said, verdict)
    assert answer.headers["content-type"] == "application/xml"
    assert answer.xml.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert answer.xml.findtext("Resource") == ask.target.partition("?")[0]
    assert answer.said


def check_success(ask: Ask, answer: Answer, verdict: Verdict, before: Buckets) -> None:
    if verdict.operation in ("PutObject", "GetObject", "HeadObject"):
        assert ETAG.fullmatch(answer.headers["etag"])
    if verdict.content is not None:
        assert answer.headers["content-length"] == str(len(verdict.content))
        if ask.method == "GET":
            assert answer.body == verdict.content
    if verdict.operation == "ListBuckets":
        assert answer.texts("Buckets", "Bucket", "Name") == sorted(before)
    if verdict.operation.startswith("ListObjects"):
        assert listed_in(answer) == expected_page(ask, before[ask.bucket])
    if verdict.operation == "DeleteObjects":
        named = keys_to_delete(ask.payload or b"")
        quiet = b"<Quiet>true</Quiet>" in (ask.payload or b"")
        assert answer.texts("Deleted", "Key") == ([] if quiet else named)
        assert answer.texts("Error", "Key") == []


def listed_in(answer: Answer) -> tuple[list[str], list[str]]:
    return answer.texts("Contents", "Key"), answer.texts("CommonPrefixes", "Prefix")


def expected_page(ask: Ask, objects: Mapping[str, bytes]) -> tuple[list[str], list[str]]:
    """The page of a listing, of so few keys that none is ever truncated."""
    prefix, delimiter = ask.query.get("prefix", ""), ask.query.get("delimiter", "")
    after = ask.query.get("marker") or ask.query.get("start-after") or ""
    keys, prefixes = [], set()
    for key in sorted(objects):
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        name = key[: at + len(delimiter)] if at >= 0 else key
        if key.startswith(prefix) and name > after and ask.query.get("max-keys") != "0":
            if at >= 0:
                prefixes.add(name)
            else:
                keys.append(key)
    return keys, sorted(prefixes)


def check_every_answer(ask: Ask, answer: Answer) -> None:
    assert {"date", "server", "x-amz-request-id"} <= answer.headers.keys()
    if answer.status not in (204, 304):
        assert "content-length" in answer.headers
    closes = ask.headers.get("connection", "").lower() == "close"
    assert not closes or answer.headers.get("connection") == "close"


def check_continue(ask: Ask, answer: Answer, verdict: Verdict) -> None:
    """Who asks before it sends its body is told to only where the body is wanted."""
    if answer.status == 412:
        return  # a condition is decided with the write, when the body is there
    wanted = "expect" in ask.headers and not verdict.failures
    assert answer.interim == ([100] if wanted else [])
    if verdict.failures and ask.payload:
        assert answer.headers.get("connection") == "close"


def everything_in(stage: Stage) -> Buckets:
    """After a surprise: what is really stored."""
    found: dict[str, dict[str, bytes]] = {}
    for name in stage.connection.request("GET", "/").texts("Buckets", "Bucket", "Name"):
        keys = stage.connection.request("GET", f"/{name}?list-type=2").texts("Contents", "Key")
        found[name] = {
            key: stage.connection.request("GET", f"/{name}/{key}".replace(" ", "%20")).body
            for key in keys
        }
    return found


def test_there_are_recordings_of_every_client() -> None:
    assert len(CLIENTS) == 14
    requests = [one for client in CLIENTS for one in requests_of(client)]
    assert len(requests) > 1000
    assert sum(one.size_bytes >= LARGE_BYTES for one in requests) > 100
