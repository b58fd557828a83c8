"""Traces, as a collector gets them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.gateway.collector import Collector, values_of
from tests.gateway.test_operation import CREDENTIALS, SECRET, until
from tests.raw_http import send
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

BUCKET = "master.traced"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
SIGNED = f"X-Amz-Signature={SECRET}&X-Amz-Credential=AKIDSECRET"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans leave at once."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(params=[EMBEDDED, "grpc"])
def traced(
    request: pytest.FixtureRequest, tmp_path: Path, collector: Collector
) -> Iterator[GatewayProcess]:
    options = ("--otlp-endpoint", collector.endpoint)
    for gateway in running_gateway(request.param, tmp_path / "pfs", *options):
        send(gateway, "PUT", f"/{BUCKET}")
        yield gateway


def one(collector: Collector, name: str) -> Span:
    """The one span of a name, once it has come."""
    span: Span
    (span,) = until(lambda: collector.named(name))
    return span


def test_a_request_is_a_span(traced: GatewayProcess, collector: Collector) -> None:
    headers = {**CREDENTIALS, "User-Agent": "a client"}
    answer = send(traced, "PUT", f"/{BUCKET}/a%20b?{SIGNED}", b"hello", headers)
    assert answer.status == 200
    span = one(collector, "PutObject")
    attributes = values_of(span.attributes)
    assert attributes.pop("client.address") == "127.0.0.1"
    assert attributes == {
        "aws.request_id": answer.headers["x-amz-request-id"],
        "aws.s3.bucket": BUCKET,
        "aws.s3.key": "a b",
        "http.request.body.size": 5,
        "http.request.method": "PUT",
        "http.response.body.size": 0,
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "rpc.method": "PutObject",
        "rpc.service": "S3",
        "rpc.system": "aws-api",
        "server.address": "127.0.0.1",
        "server.port": traced.port,
        "url.path": f"/{BUCKET}/a%20b",
        "url.scheme": "http",
        "user_agent.original": "a client",
    }
    assert span.kind == Span.SPAN_KIND_SERVER
    assert not span.parent_span_id
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 10e9
    assert set(collector.paths) == {"/v1/traces"}
    assert collector.resource["service.name"] == "s3gateway"
    sent = b"".join(export.SerializeToString() for export in collector.exports)
    assert SECRET.encode() not in sent
    assert b"AKIDSECRET" not in sent


def test_a_refusal_says_why(traced: GatewayProcess, collector: Collector) -> None:
    send(traced, "GET", f"/{BUCKET}/nope")
    send(traced, "GET", f"/{BUCKET}?acl")
    missing = one(collector, "GetObject")
    assert values_of(missing.attributes)["error.type"] == "NoSuchKey"
    assert missing.status.code == Status.STATUS_CODE_UNSET  # the client's fault
    unknown = one(collector, "GET")
    attributes = values_of(unknown.attributes)
    assert attributes["error.type"] == "NotImplemented"
    assert "rpc.method" not in attributes
    assert unknown.status.code == Status.STATUS_CODE_ERROR


def test_a_callers_trace_goes_on(traced: GatewayProcess, collector: Collector) -> None:
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    send(traced, "PUT", f"/{BUCKET}/a", b"hello", headers)
    span = one(collector, "PutObject")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLER)
    headers["traceparent"] = f"00-{TRACE}-{CALLER}-00"  # which the caller does not keep
    send(traced, "GET", f"/{BUCKET}/a", None, headers)
    send(traced, "HEAD", f"/{BUCKET}/a")
    one(collector, "HeadObject")
    assert collector.named("GetObject") == []


def test_what_a_request_waited_for_is_below_it(
    traced: GatewayProcess, collector: Collector
) -> None:
    send(traced, "PUT", f"/{BUCKET}/a", b"hello")
    span, commit = one(collector, "PutObject"), one(collector, "commit")
    names = {below.name for below in collector.below(span)}
    assert names >= {"queue", "commit"}
    assert commit.parent_span_id == span.span_id
    assert values_of(commit.attributes) == {"s3gateway.requests": 1}
    calls = collector.below(commit)
    if traced.pfs.startswith("embedded"):
        assert calls == []
        return
    (modify,) = (call for call in calls if call.name == "pfs_v2.API/ModifyFile")
    assert modify.kind == Span.SPAN_KIND_CLIENT
    assert values_of(modify.attributes) == {
        "rpc.system": "grpc",
        "rpc.service": "pfs_v2.API",
        "rpc.method": "ModifyFile",
        "s3gateway.outcome": "OK",
    }
    assert span.start_time_unix_nano <= modify.start_time_unix_nano
    assert {one.trace_id for one in calls} == {span.trace_id}


def test_a_call_that_fails_says_so(tmp_path: Path, collector: Collector) -> None:
    options = ("--otlp-endpoint", collector.endpoint)
    with GatewayProcess("grpc://127.0.0.1:9", *options) as gateway:
        assert send(gateway, "GET", f"/{BUCKET}/a").status == 503
        span = one(collector, "GetObject")
    assert span.status.code == Status.STATUS_CODE_ERROR
    calls = collector.below(span)
    assert {values_of(call.attributes)["s3gateway.outcome"] for call in calls} == {"UNAVAILABLE"}
    assert {call.status.code for call in calls} == {Status.STATUS_CODE_ERROR}


def test_requests_that_share_a_commit_link_to_it(
    traced: GatewayProcess, collector: Collector
) -> None:
    count = 60
    with ThreadPoolExecutor(20) as threads:
        puts = [threads.submit(send, traced, "PUT", f"/{BUCKET}/{n}", b"x") for n in range(count)]
        assert {put.result().status for put in puts} == {200}
    until(lambda: len(collector.named("PutObject")) == count)
    until(lambda: len(collector.named("commit")) == count)
    puts_by_id = {span.span_id: span for span in collector.named("PutObject")}
    commits = collector.named("commit")
    assert {span.parent_span_id for span in commits} == puts_by_id.keys()
    groups = {c.span_id: c for c in commits if values_of(c.attributes)}
    followers = [c for c in commits if c.span_id not in groups]
    assert followers, "no two requests have shared a commit"
    sizes = [values_of(group.attributes)["s3gateway.requests"] for group in groups.values()]
    assert sum(sizes) == count
    for follower in followers:
        (link,) = follower.links
        group = groups[link.span_id]
        assert group.trace_id == link.trace_id != follower.trace_id
        assert follower.parent_span_id in {back.span_id for back in group.links}


def test_the_environment_says_the_rest(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "s3-of-ours")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=one")
    with GatewayProcess(tmp_path / "pfs", "--otlp-endpoint", collector.endpoint + "/") as gateway:
        send(gateway, "GET", "/")
        one(collector, "ListBuckets")
    assert collector.resource["service.name"] == "s3-of-ours"
    assert collector.resource["deployment.environment.name"] == "test"
    assert {headers["x-tenant"] for headers in collector.headers} == {"one"}
    assert set(collector.paths) == {"/v1/traces"}


def test_every_worker_traces(tmp_path: Path, collector: Collector) -> None:
    options = ("--workers", "2", "--otlp-endpoint", collector.endpoint)
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        for _ in range(20):
            assert send(gateway, "GET", "/").status == 200
        until(lambda: len(collector.named("ListBuckets")) == 20)


def test_spans_leave_when_it_ends(
    tmp_path: Path, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "600000")
    with GatewayProcess(tmp_path / "pfs", "--otlp-endpoint", collector.endpoint) as gateway:
        send(gateway, "GET", "/")
        assert collector.spans == []
        assert gateway.stop() == 0
    assert [span.name for span in collector.spans] == ["ListBuckets"]


def test_a_collector_that_is_away_keeps_nobody(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--otlp-endpoint", "http://127.0.0.1:9") as gateway:
        assert send(gateway, "PUT", f"/{BUCKET}").status == 200
        begun = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() - begun < 10


def test_nothing_of_it_is_loaded_unless_it_is_wanted() -> None:
    look = (
        "import sys, gateway.command; from gateway.app import create_app\n"
        "from gateway.settings import Settings; create_app(Settings(pfs='embedded:/nowhere'))\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("endpoint", "hide", "says"),
    [
        ("collector:4318", "", "'collector:4318' is not an http:// or https:// URL"),
        ("http://c", "opentelemetry", "traces need an extra: pip install 'pfs-s3-gateway[otel]'"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, endpoint: str, hide: str, says: str) -> None:
    start = f"import sys; sys.modules.update({{{hide!r}: None}}); from gateway.command import main"
    options = ["--pfs", f"embedded:{tmp_path}", "--port", "0", "--otlp-endpoint", endpoint]
    done = subprocess.run(
        [sys.executable, "-c", f"{start}; main({options!r})"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
