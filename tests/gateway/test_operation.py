"""What whoever operates a gateway sees: health, metrics, logs, and the page at `/-/`."""

from __future__ import annotations

import json
import platform
import re
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess, PfsProcess

BUCKET = "master.watched"
SECRET = "5e9f3a" * 10
CREDENTIALS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIDSECRET/x, Signature={SECRET}",
    "x-amz-security-token": SECRET,
}


@pytest.fixture
def watched(own_gateway: GatewayProcess) -> GatewayProcess:
    send(own_gateway, "PUT", f"/{BUCKET}")
    send(own_gateway, "PUT", f"/{BUCKET}/a", b"hello", CREDENTIALS)
    send(own_gateway, "GET", f"/{BUCKET}/a?X-Amz-Signature={SECRET}&X-Amz-Credential=AKIDSECRET")
    send(own_gateway, "GET", f"/{BUCKET}/nope")
    send(own_gateway, "GET", f"/{BUCKET}?acl")
    send(own_gateway, "GET", "/-/health")
    with Connection(own_gateway) as connection:
        connection.send(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.read().status == 400
    return own_gateway


def metrics_of(answer: Answer) -> dict[str, float]:
    """Every sample, by name and labels as they are written."""
    lines = answer.body.decode().splitlines()
    samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 10
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def test_it_is_alive_and_ready(gateway: GatewayProcess) -> None:
    assert send(gateway, "GET", "/-/health").body == b"alive\n"
    assert send(gateway, "GET", "/-/ready").body == b"ready\n"
    assert send(gateway, "HEAD", "/-/ready").status == 200


def test_it_is_alive_but_not_ready_without_its_pfs(tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "pfs") as pfs, GatewayProcess(pfs.address) as gateway:
        assert send(gateway, "GET", "/-/ready").status == 200
        pfs.stop()
        answer = send(gateway, "GET", "/-/ready")
        assert (answer.status, answer.headers["retry-after"]) == (503, "2")
        assert send(gateway, "GET", "/-/health").status == 200
        address = pfs.address.removeprefix("grpc://")
        with PfsProcess(tmp_path / "pfs", address):
            until(lambda: send(gateway, "GET", "/-/ready").status == 200)


def test_requests_are_counted(watched: GatewayProcess) -> None:
    answer = send(watched, "GET", "/-/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = metrics_of(answer)
    for labels in (
        'operation="CreateBucket",status="200"',
        'operation="PutObject",status="200"',
        'operation="GetObject",status="200"',
        'operation="GetObject",status="404"',
        'operation="page",status="200"',
        'operation="-",status="501"',
        'operation="-",status="400"',
    ):
        assert samples[f"s3gateway_requests_total{{{labels}}}"] == 1, labels
    assert samples['s3gateway_errors_total{code="NoSuchKey"}'] == 1
    assert samples['s3gateway_errors_total{code="NotImplemented"}'] == 1
    assert samples['s3gateway_errors_total{code="InvalidRequest"}'] == 1
    assert samples["s3gateway_received_bytes_total"] == 5
    assert samples["s3gateway_sent_bytes_total"] > 5
    assert samples["s3gateway_requests_in_flight"] == 1  # the one that asks
    assert 2 <= samples["s3gateway_tasks"] < 50
    assert samples['s3gateway_request_seconds_count{operation="GetObject"}'] == 2
    assert samples["s3gateway_group_requests_count"] == 1
    assert samples["s3gateway_group_requests_sum"] == 1
    assert samples["s3gateway_failed_commits_total"] == 0
    assert samples['s3gateway_cache_total{kind="file",result="miss"}'] >= 1
    if watched.pfs.startswith("grpc"):
        assert samples['s3gateway_pfs_calls_total{method="ModifyFile",outcome="OK"}'] == 1
        assert samples['s3gateway_pfs_call_seconds_count{method="InspectBranch"}'] >= 3


def test_a_large_object_that_the_system_sends_is_counted(tmp_path: Path) -> None:
    content = bytes(3_000_000)
    with GatewayProcess(tmp_path / "pfs") as gateway:
        send(gateway, "PUT", f"/{BUCKET}")
        send(gateway, "PUT", f"/{BUCKET}/big", content)

        def sent() -> float:
            return metrics_of(send(gateway, "GET", "/-/metrics"))["s3gateway_sent_bytes_total"]

        before = sent()
        assert send(gateway, "GET", f"/{BUCKET}/big").body == content
        until(lambda: sent() - before > len(content))  # it is counted once all of it has gone


BUILD_INFO = (
    f's3gateway_build_info{{python="{platform.python_version()}",'
    f'version="{version("pfs-s3-gateway")}"}}'
)


def test_it_says_what_runs_and_whether_pfs_answers(tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "pfs") as pfs, GatewayProcess(pfs.address) as gateway:
        samples = metrics_of(send(gateway, "GET", "/-/metrics"))
        assert samples[BUILD_INFO] == 1
        assert samples["s3gateway_pfs_up"] == 1
        pfs.kill()
        assert metrics_of(send(gateway, "GET", "/-/metrics"))["s3gateway_pfs_up"] == 0


def test_several_workers_count_together(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--workers", "2") as gateway:
        send(gateway, "PUT", f"/{BUCKET}")
        for _ in range(20):
            assert send(gateway, "HEAD", f"/{BUCKET}").status == 200
        samples = metrics_of(send(gateway, "GET", "/-/metrics"))
    assert samples['s3gateway_requests_total{operation="HeadBucket",status="200"}'] == 20
    assert samples[BUILD_INFO] == samples["s3gateway_pfs_up"] == 1


def lines_of(gateway: GatewayProcess, count: int) -> list[str]:
    lines: list[str] = until(lambda: len(gateway.output) >= count and list(gateway.output))
    return lines


def test_each_request_is_a_line(watched: GatewayProcess) -> None:
    lines = lines_of(watched, 6)
    assert len(lines) == 6  # and none for the gateway's own pages
    shapes = [
        rf'CreateBucket "{BUCKET}" 200 - in=0 out=0',
        rf'PutObject "{BUCKET}/a" 200 - in=5 out=0',
        rf'GetObject "{BUCKET}/a" 200 - in=0 out=5',
        rf'GetObject "{BUCKET}/nope" 404 NoSuchKey in=0 out=\d+',
        rf'- "{BUCKET}" 501 NotImplemented in=0 out=\d+',
        r'- "" 400 InvalidRequest in=0 out=0',
    ]
    pfs = r" pfs=\d+/[\d.]+ms"
    commit = r" queue=[\d.]+ms commit=[\d.]+ms"
    for line, shape in zip(lines, shapes, strict=True):
        assert re.fullmatch(
            rf"[\d-]+T[\d:.]+Z [0-9A-F]{{16}} 127\.0\.0\.1 {shape} [\d.]+ms({pfs})?({commit})?\n",
            line,
        ), line
    assert [bool(re.search(commit, line)) for line in lines] == [False, True, *[False] * 4]
    if watched.pfs.startswith("grpc"):
        assert re.search(pfs, lines[2])  # a small PUT leaves all calls to its group


def test_no_credential_is_logged(watched: GatewayProcess) -> None:
    text = "".join(lines_of(watched, 6) + watched.log)
    assert SECRET not in text
    assert "AKIDSECRET" not in text


def test_lines_can_be_json(tmp_path: Path) -> None:
    options = ("--log-format", "json", "--log-level", "debug")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        send(gateway, "PUT", f"/{BUCKET}")
        answer = send(gateway, "PUT", f"/{BUCKET}/a%0A%22b", b"hello")
        line = json.loads(lines_of(gateway, 2)[1])
        diagnostics = until(lambda: [one for one in gateway.log if one.startswith("{")])
    assert line.pop("time").endswith("Z")
    assert line.pop("seconds") >= line.pop("answer_seconds") > 0
    assert line.pop("send_seconds") > 0
    assert line == {
        "request_id": answer.headers["x-amz-request-id"],
        "client": "127.0.0.1",
        "who": "",
        "method": "PUT",
        "operation": "PutObject",
        "bucket": BUCKET,
        "key": 'a\n"b',
        "status": 400,
        "code": "InvalidFilePath",
        "received_bytes": 0,
        "sent_bytes": len(answer.body),
        "pfs_calls": 0,
        "pfs_seconds": 0,
        "receive_seconds": 0,
        "queue_seconds": 0,
        "commit_seconds": 0,
    }
    assert {json.loads(one)["logger"] for one in diagnostics} >= {"s3gateway"}


def test_the_access_log_can_be_off(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--no-access-log") as gateway:
        send(gateway, "GET", "/")
        gateway.stop()
        assert gateway.output == []


def test_what_is_served_when_it_is_told_to_stop_is_logged(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway:
        send(gateway, "GET", "/")
        gateway.stop()
        until(lambda: gateway.output)


@pytest.fixture
def with_admin_port(tmp_path: Path) -> Iterator[tuple[GatewayProcess, int]]:
    with GatewayProcess(tmp_path / "pfs", "--admin-port", "0") as gateway:
        (line,) = (line for line in gateway.log if line.startswith("Metrics"))
        yield gateway, int(line.rpartition(":")[2].partition("/")[0])


def test_the_pages_may_be_on_another_port(with_admin_port: tuple[GatewayProcess, int]) -> None:
    gateway, admin_port = with_admin_port
    pages = ["/-/health", "/-/metrics", "/-/docs", "/-/", "/-/openapi.json"]
    s3_port, gateway.port = gateway.port, admin_port
    assert [send(gateway, "GET", page).status for page in pages] == [200] * 5
    assert str(s3_port) in send(gateway, "GET", "/-/").body.decode()
    answer = send(gateway, "GET", "/")
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    assert send(gateway, "PUT", f"/{BUCKET}", b"").status == 404
    gateway.port = s3_port
    answers = [send(gateway, "GET", page) for page in pages]
    assert [(a.status, a.code) for a in answers] == [(404, "NoSuchKey")] * 5
    assert "another port" in answers[0].said
    assert send(gateway, "PUT", f"/{BUCKET}", b"").status == 200


def test_the_page_says_what_this_is_and_how_to_connect(watched: GatewayProcess) -> None:
    answer = send(watched, "GET", "/-/")
    page = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert f"aws --endpoint-url http://{watched.host}:{watched.port} " in page
    assert ("pachd 2.12" if watched.pfs.startswith("grpc") else "Embedded PFS ") in page
    for link in ("/-/docs", "/-/health", "/-/ready", "/-/metrics", "/-/openapi.yaml"):
        assert f'href="{link}"' in page
    style = send(watched, "GET", "/-/browser/browser.css")
    assert style.headers["content-type"].startswith("text/css")


def test_the_page_escapes_what_a_client_says(watched: GatewayProcess) -> None:
    headers = {"Host": "localhost:1%3Cscript%3E&'"}
    answer = send(watched, "GET", "/-/", None, headers)
    assert "&'" not in answer.body.decode()


def test_the_page_says_that_pfs_is_away(tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "pfs") as pfs, GatewayProcess(pfs.address) as gateway:
        pfs.stop()
        answer = send(gateway, "GET", "/-/")
    assert answer.status == 200
    assert "does not answer" in answer.body.decode()


def test_the_browser_can_be_switched_off(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--no-browser") as gateway:
        page = send(gateway, "GET", "/-/").body.decode()
        assert "<script" not in page
        assert f"aws --endpoint-url http://{gateway.host}:{gateway.port} " in page
        assert send(gateway, "GET", "/-/browser/theme.css").status == 200
        assert send(gateway, "GET", "/-/browser/app.js").status == 404
        assert send(gateway, "GET", "/-/docs").status == 200


def test_documentation_can_be_switched_off(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--no-docs") as gateway:
        for page in ("/-/", "/-/docs", "/-/openapi.json", "/-/browser/app.js"):
            assert send(gateway, "GET", page).status == 404
        assert send(gateway, "GET", "/-/health").status == 200
