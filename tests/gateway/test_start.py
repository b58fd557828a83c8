"""What a gateway says when it starts: where it is, where its data is, and what may be a mistake."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from gateway.notices import notices_of
from gateway.settings import Settings
from tests.raw_http import send
from tests.servers import GatewayProcess

ALL_IPV4 = "0.0.0.0"  # noqa: S104 - this is about listening there


def said(gateway: GatewayProcess) -> str:
    return "".join(gateway.log)


def health_at(host: str, port: int) -> int:
    connection = HTTPConnection(host, port)
    connection.request("GET", "/-/health")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(("host", "url"), [(ALL_IPV4, "127.0.0.1"), ("::", "[::1]")])
def test_all_addresses_are_announced_as_such(tmp_path: Path, host: str, url: str) -> None:
    with GatewayProcess(tmp_path / "pfs", "--host", host) as gateway:
        for address in (gateway.host, "127.0.0.1"):
            assert health_at(address, gateway.port) == 200
        everywhere = rf"http://{re.escape(url)}:\d+ \(and every other address of this machine\)"
        assert re.search(rf"S3 endpoint +{everywhere}", said(gateway))
        port = gateway.port
        warning = f"anyone who reaches {host} port {port} can read and write everything"
        assert warning in said(gateway)


def test_an_address_of_this_machine_only_is_announced_without_a_warning(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--host", "127.0.0.2") as gateway:
        assert "S3 endpoint   http://127.0.0.2:" in said(gateway)
        assert "Warning" not in said(gateway)
        assert "every other address" not in said(gateway)


def test_all_addresses_in_the_form_of_ipv6_are_announced_as_such(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--host", "::ffff:0.0.0.0") as gateway:
        assert health_at("127.0.0.1", gateway.port) == 200
        assert re.search(r"S3 endpoint +http://127.0.0.1:\d+ \(and every other", said(gateway))
        assert "anyone who reaches ::ffff:0.0.0.0 port" in said(gateway)


@pytest.mark.parametrize("host", ["127.1", "::ffff:127.0.0.1"])
def test_this_machine_in_another_form_is_known_to_be_this_machine_only(
    tmp_path: Path, host: str
) -> None:
    with GatewayProcess(tmp_path / "pfs", "--host", host) as gateway:
        assert "Warning" not in said(gateway)
        for name, status in ((host, 404), ("localhost", 404), ("evil.example", 403)):
            answer = send(
                gateway,
                "GET",
                "/master.none",
                headers={"Host": f"[{name}]" if ":" in name else name},
            )
            assert answer.status == status


def test_it_names_its_pages(own_gateway: GatewayProcess) -> None:
    assert f"In a browser  {own_gateway.endpoint}/-/\n" in said(own_gateway)


def test_a_first_start_says_where_the_data_is_and_a_later_one_how_large(tmp_path: Path) -> None:
    directory = tmp_path / "pfs"
    with GatewayProcess(directory) as gateway:
        assert re.search(rf"Data +{directory} \(new, empty; [\d.]+ [KMGT]iB free\)", said(gateway))
        send(gateway, "PUT", "/master.r", b"")
        send(gateway, "PUT", "/master.r/a", os.urandom(3 << 20))
    with GatewayProcess(directory) as gateway:
        found = re.search(
            rf"Data +{directory} \(([\d.]+) MiB; [\d.]+ [KMGT]iB free\)", said(gateway)
        )
        assert found
        assert 3 <= float(found[1]) < 5


@pytest.mark.parametrize(
    ("settings", "notice"),
    [
        ({"pfs": "grpc://pachd:1", "pfs_token": "x"}, "the token goes to grpc://pachd:1 unencrypt"),
        ({"pfs": "grpc://10.0.0.1:1", "pfs_token_file": "x"}, "the token goes to grpc://10.0.0.1"),
        ({"pfs_token": "x"}, "--pfs-token has no effect: it is for pachd, and --pfs is embedded"),
        ({"sole_writer": True}, "--sole-writer has no effect"),
        ({"ack": "finished"}, "--ack has no effect"),
        ({"pfs": "grpc://127.0.0.1:1", "pachd_keys": True}, "the gateway has no token of its own"),
        ({"pfs_ca_file": "x"}, "--pfs-ca-file has no effect: it is for --pfs grpcs://"),
        ({"pfs": "grpc://pachd:1", "synchronous": "off"}, "--synchronous has no effect"),
        ({"pfs": "grpc://pachd:1", "keep_history": 3}, "--keep-history has no effect"),
        ({"upload_days": 3}, "--upload-days has no effect: it is for --with multipart"),
        ({"region": "us-east-1"}, "--region has no effect: no signature is checked without keys"),
        ({"access_keys": "x", "allowed_origin": ("*",)}, "--allowed-origin has no effect"),
        (
            {
                "pfs": "grpcs://p:1",
                "pachd_keys": True,
                "pfs_token_file": "x",
                "plain_tokens": True,
            },
            "--plain-tokens has no effect: only this machine reaches 127.0.0.1",
        ),
        (
            {
                "pfs": "grpcs://p:1",
                "pachd_keys": True,
                "pfs_token_file": "x",
                "plain_tokens": True,
                "tls_cert": "x",
            },
            "--plain-tokens has no effect: --tls-cert is given",
        ),
        (
            {"pfs": "grpcs://p:1", "pfs_token": "x", "pfs_token_file": "y"},
            "--pfs-token has no effect: --pfs-token-file is given",
        ),
        (
            {"max_requests": 50, "max_connections": 20},
            "--max-requests has no effect: each takes a connection, and --max-connections is 20",
        ),
    ],
)
def test_what_may_be_a_mistake_is_told(settings: dict[str, Any], notice: str) -> None:
    (told,) = notices_of(Settings(**settings), {})
    assert told.startswith(notice)


def test_tokens_of_users_that_go_in_the_clear_are_told() -> None:
    settings: dict[str, Any] = {"pachd_keys": True, "pfs_token_file": "x"}
    own, users = notices_of(Settings(**settings, pfs="grpc://10.0.0.1:1"), {})
    assert own.startswith("the token goes to grpc://10.0.0.1:1 unencrypted")
    assert users.startswith("the users' tokens go to grpc://10.0.0.1:1 unencrypted")
    assert notices_of(Settings(**settings, pfs="grpcs://10.0.0.1:1"), {}) == []


def test_what_is_left_undone_without_a_token_of_its_own_is_told() -> None:
    settings: dict[str, Any] = {"pfs": "grpc://localhost", "pachd_keys": True}
    (deletions,) = notices_of(Settings(**settings), {})
    told = notices_of(Settings(**settings, layers=("multipart",)), {})
    assert deletions.startswith("the gateway has no token of its own, so after a restart nobody")
    assert told[0] == deletions
    assert told[1].startswith("parts of uploads are kept only for users who have sent a request")
    assert len(told) == 2


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"pfs": "grpcs://pachd:1", "pfs_token": "x", "pfs_ca_file": "y"},
        {"pfs": "grpc://127.0.0.1:1", "pfs_token": "x"},
        {"pfs": "grpc://[::1]:1", "pfs_token": "x"},
        {"pfs": "grpc://localhost", "pfs_token_file": "x"},
        {"pfs": "grpc://localhost", "pfs_token_file": "x", "pachd_keys": True},
        {"pfs": "unix:/run/pachd", "pfs_token": "x", "sole_writer": True},
        {"max_connections": 20},
        {"keep_history": 3, "layers": ("all",), "upload_days": 3},
        {"access_keys": "x", "region": "us-east-1"},
        {
            "pfs": "grpcs://p:1",
            "host": "0.0.0.0",  # noqa: S104 - this is about listening there
            "pachd_keys": True,
            "pfs_token_file": "x",
            "plain_tokens": True,
        },
        {
            "pfs": "grpc://localhost",
            "pachd_keys": True,
            "layers": ("multipart",),
            "pfs_token_file": "x",
        },
    ],
)
def test_what_is_no_mistake_is_not_told(settings: dict[str, Any]) -> None:
    assert notices_of(Settings(**settings), {}) == []


def test_a_variable_that_is_no_setting_is_told() -> None:
    environment = {
        "S3GATEWAY_PROT": "1",
        "S3GATEWAY_PORT": "1",
        # What Kubernetes gives every pod beside a Service named s3gateway.
        "S3GATEWAY_SERVICE_HOST": "10.0.0.1",
        "S3GATEWAY_SERVICE_PORT_S3": "30655",
        "S3GATEWAY_PORT_30655_TCP_ADDR": "10.0.0.1",
    }
    assert notices_of(Settings(), environment) == [
        "S3GATEWAY_PROT is not a setting, and has no effect"
    ]


def started(tmp_path: Path, *options: str, **environment: str) -> list[str]:
    """What a gateway writes to standard error until it has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "--pfs", f"embedded:{tmp_path}", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert process.stderr
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if " answers: " in line or " does not answer yet" in line:
            process.terminate()
    process.wait(40)
    process.stderr.close()
    return lines


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_log_of_json_is_json_from_the_first_line(tmp_path: Path, workers: str) -> None:
    options = ("--log-format", "json", "--host", ALL_IPV4, "--workers", workers)
    events = [json.loads(line) for line in started(tmp_path, *options, S3GATEWAY_PROT="1")]
    assert events[0]["message"].startswith("S3 endpoint   http://127.0.0.1:")
    levels = {event["message"]: event["level"] for event in events}
    assert levels["S3GATEWAY_PROT is not a setting, and has no effect"] == "WARNING"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]{12}Z", event["time"]) for event in events)


@pytest.mark.parametrize(
    ("options", "format_given"),
    [
        (("--log-format=json", "--port", "x"), ""),
        (("--port", "x", "--log-format", "json"), ""),
        (("--nosuch", "--log-format", "json"), ""),
        (("--log-format=json", "--log-level"), ""),
        (("--log-format=json", "compact", "--keep", "x"), ""),
        (("--port", "x"), "json"),
        (("--nosuch",), "json"),
    ],
)
def test_arguments_that_cannot_be_read_are_told_in_json_where_the_log_is(
    tmp_path: Path, options: tuple[str, ...], format_given: str
) -> None:
    (line,) = started(tmp_path, *options, S3GATEWAY_LOG_FORMAT=format_given)
    event = json.loads(line)
    assert event["level"] == "ERROR"
    assert event["message"].endswith("(--help lists all options)")


def test_a_log_of_json_is_json_where_pachd_shows_no_certificate(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_greet_without_tls, args=(listener,), daemon=True).start()
        pfs = f"grpcs://127.0.0.1:{listener.getsockname()[1]}"
        lines = started(tmp_path, "--log-format", "json", "--pfs", pfs)
    events = [json.loads(line) for line in lines]
    assert any("Tls handshake failed" in event["message"] for event in events)


def _greet_without_tls(listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_an_error_at_the_start_is_json_where_the_log_is(tmp_path: Path) -> None:
    options = ("--log-format", "json", "--workers", "0")
    (event,) = [json.loads(line) for line in started(tmp_path, *options)]
    assert event["level"] == "ERROR"
    assert "--workers: 0 is out of range: 1 to 256" in event["message"]


def test_times_in_the_log_have_a_zone(tmp_path: Path) -> None:
    (line,) = [line for line in started(tmp_path) if " answers: " in line]
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO s3gateway: ", line)
