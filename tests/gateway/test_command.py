"""The command, as a person meets it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.contract.document import load_contract
from gateway.settings import BadSetting, Settings
from tests.conftest import boto3_client
from tests.embedded_pfs.released.directories import unpacked, version_of
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_teaches(option: str) -> None:
    done = run(option)
    assert done.returncode == 0
    for word in ("--port", "S3GATEWAY_PORT", "embedded:", "compact", "Examples", "96MiB"):
        assert word in done.stdout


def test_it_says_where_it_is_and_what_to_paste(own_gateway: GatewayProcess) -> None:
    said = "".join(own_gateway.log)
    assert f"S3 endpoint   {own_gateway.endpoint}" in said
    assert f"PFS           {own_gateway.pfs}" in said
    assert f"{own_gateway.endpoint}/-/docs" in said
    assert f"aws --endpoint-url {own_gateway.endpoint}" in said
    assert f'minio.New("127.0.0.1:{own_gateway.port}"' in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--pfs", "nonsense"], "say embedded:DIRECTORY"),
        (["--pfs", "embedded:/proc/nope"], "cannot use /proc/nope"),
        (["--workers", "0"], "--workers: 0 is out of range"),
        (["--port", "99999"], "--port: 99999 is out of range"),
        (["--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--host", ""], "--host: it is empty; say 127.0.0.1, or 0.0.0.0 for all addresses"),
        (["--no-such-option"], "No such option"),
        (["--port", "many"], "'many' is not a whole number"),
        (["--body-idle-seconds", "nan"], "is out of range: at least 0.1"),
        (["--cache-bytes", "1MB"], "'1MB' is not a size: give bytes, or 64KiB, 96MiB, 5GiB"),
        (["--max-document-bytes", "1"], "--max-document-bytes: 1 is out of range: at least 1KiB"),
        (["--log-level", "loud"], "'loud' is not one of"),
        (["compact", "--keep", "x"], "'x' is not a valid integer range"),
    ],
)
def test_a_bad_setting_is_one_clear_line_and_status_2(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    done = run("--port", "0", "--pfs", f"embedded:{tmp_path}", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_in_use(own_gateway: GatewayProcess, tmp_path: Path) -> None:
    done = run("--port", str(own_gateway.port), "--pfs", f"embedded:{tmp_path}")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {own_gateway.port}: Address already in use" in (
        done.stderr
    )


def test_a_bad_environment_variable(tmp_path: Path) -> None:
    done = run("--pfs", f"embedded:{tmp_path}", S3GATEWAY_PORT="many")
    assert done.returncode == 2
    assert "S3GATEWAY_PORT" in done.stderr


def test_a_variable_names_several(tmp_path: Path) -> None:
    done = run("--pfs", f"embedded:{tmp_path}", S3GATEWAY_DOMAIN="s3.example,b c")
    assert done.returncode == 2
    assert "--domain: 'b c' is not a name of a host" in done.stderr


def test_a_size_may_have_a_unit() -> None:
    environment = {"S3GATEWAY_CACHE_BYTES": "2GiB", "S3GATEWAY_MAX_HEAD_BYTES": "65536"}
    settings = Settings.from_environment(environment)
    assert (settings.cache_bytes, settings.max_head_bytes) == (2 * 1024**3, 65536)
    with pytest.raises(BadSetting, match="S3GATEWAY_CACHE_BYTES: '2M' is not a size"):
        Settings.from_environment({"S3GATEWAY_CACHE_BYTES": "2M"})


def test_a_size_may_have_a_unit_as_an_option(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--max-object-bytes", "1kib") as gateway:
        send(gateway, "PUT", "/master.r", b"")
        assert send(gateway, "PUT", "/master.r/a", bytes(1024)).status == 200
        assert send(gateway, "PUT", "/master.r/a", bytes(1025)).code == "EntityTooLarge"


def test_a_variable_that_is_empty_is_not_set() -> None:
    assert Settings.from_environment({"S3GATEWAY_PORT": "", "S3GATEWAY_HOST": ""}) == Settings()


def test_settings_survive_the_way_through_the_environment() -> None:
    settings = Settings(
        port=1,
        pfs="embedded:/x y",
        commit_per_request=True,
        body_idle_seconds=1.5,
        domain=("a", "b.c"),
        allowed_origin=("*",),
    )
    assert Settings.from_environment(settings.to_environment()) == settings
    with pytest.raises(BadSetting, match="S3GATEWAY_DOCS"):
        Settings.from_environment({"S3GATEWAY_DOCS": "perhaps"})


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_within_seconds_and_finishes_what_it_accepted(
    tmp_path: Path, signal_: signal.Signals
) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert send(gateway, "PUT", "/master.r", b"").status == 200
        idle = Connection(gateway)
        with Connection(gateway) as connection:
            head = connection.head("PUT", "/master.r/slow", None, {"Content-Length": "10"})
            connection.send(head + b"01234")
            time.sleep(0.3)
            gateway.process.send_signal(signal_)
            threading.Timer(0.5, connection.send, [b"56789"]).start()
            assert connection.read().status == 200
        begun = time.monotonic()
        gateway.process.wait(40)
        assert time.monotonic() - begun < 5
        idle.socket.close()
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert send(gateway, "GET", "/master.r/slow").body == b"0123456789"


def test_a_request_that_never_ends_does_not_hold_the_gateway(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--shutdown-seconds", "1") as gateway:
        send(gateway, "PUT", "/master.r", b"")
        with Connection(gateway) as connection:
            connection.send(
                connection.head("PUT", "/master.r/a", None, {"Content-Length": "10"}) + b"0"
            )
            time.sleep(0.3)
            begun = time.monotonic()
            gateway.stop()
            assert time.monotonic() - begun < 8


def test_several_workers_serve_one_pfs(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--workers", "3") as gateway:
        client: Any = boto3_client(gateway)
        client.create_bucket(Bucket="master.r")
        for number in range(30):
            key = f"k{number}"
            # Each on a connection of its own, so that any worker may answer.
            assert send(gateway, "PUT", f"/master.r/{key}", key.encode()).status == 200
            assert send(gateway, "GET", f"/master.r/{key}").body == key.encode()
            assert len(send(gateway, "GET", "/master.r").texts("Contents")) == number + 1


def test_compact(tmp_path: Path) -> None:
    directory = tmp_path / "pfs"
    with GatewayProcess(directory) as gateway:
        send(gateway, "PUT", "/master.r", b"")
        for number in range(10):
            send(gateway, "PUT", "/master.r/a", bytes([number]) * 100_000)
        done = run("--pfs", f"embedded:{directory}", "compact", "--yes")
        assert done.returncode == 2
        assert "is in use" in done.stderr
    done = run("--pfs", f"embedded:{directory}", "compact")
    assert done.returncode == 2
    assert "10 commits will go for ever, of 1 branches" in done.stdout
    assert "say --yes" in done.stderr
    done = run("--pfs", f"embedded:{directory}", "compact", "--keep", "20")
    assert done.returncode == 0
    assert "no commits to drop" in done.stdout
    done = run("--pfs", f"embedded:{directory}", "compact", "--yes")
    assert done.returncode == 0
    assert "10 commits and 9 contents are gone, 0.9 MB freed" in done.stdout
    with GatewayProcess(directory) as gateway:
        assert send(gateway, "GET", "/master.r/a").body == bytes([9]) * 100_000


def test_who_compacts_or_checks_an_older_directory_is_told_before_it_changes(
    tmp_path: Path,
) -> None:
    directory = unpacked(tmp_path, 1)
    done = run("--pfs", f"embedded:{directory}", "check")
    assert done.returncode == 2
    assert "start this version on it once" in done.stderr
    done = run("--pfs", f"embedded:{directory}", "compact")
    assert done.returncode == 2
    assert "an older version wrote it (schema 1)" in done.stdout
    assert "say --yes" in done.stderr
    assert version_of(directory) == 1
    done = run("--pfs", f"embedded:{directory}", "compact", "--yes")
    assert done.returncode == 0
    assert "an older version wrote it (schema 1)" in done.stdout
    assert version_of(directory) > 1


def test_compact_makes_no_directory_that_was_mistyped(tmp_path: Path) -> None:
    done = run("--pfs", f"embedded:{tmp_path / 'typo'}", "compact", "--yes")
    assert done.returncode == 2
    assert f"there is no embedded PFS in {tmp_path / 'typo'}" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_what_refused_uploads_left_is_gone_when_the_gateway_has_ended(tmp_path: Path) -> None:
    directory = tmp_path / "pfs"
    with GatewayProcess(directory) as gateway:
        send(gateway, "PUT", "/master.r", b"")
        send(gateway, "PUT", "/master.r/a", b"first")
        for number in range(20):
            refused = send(
                gateway, "PUT", "/master.r/a", bytes([number]) * 200_000, {"if-none-match": "*"}
            )
            assert refused.status == 412
    done = run("--pfs", f"embedded:{directory}", "compact", "--yes")
    assert "20 contents are gone, 4.0 MB freed" in done.stdout
    assert not [file for file in (directory / "blobs").rglob("*") if file.is_file()]


def test_a_full_disk_is_a_503(tmp_path: Path) -> None:
    limited = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000));"
        "from gateway.command import main; main(sys.argv[1:])"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", limited, "--pfs", f"embedded:{tmp_path}", "--port", str(port)],
        stderr=subprocess.DEVNULL,
    )
    gateway = _Elsewhere(port)
    try:
        gateway.await_start()
        assert send(gateway, "PUT", "/master.r", b"").status == 200
        assert send(gateway, "PUT", "/master.r/a", b"before").status == 200
        answer = send(gateway, "PUT", "/master.r/a", bytes(5_000_000))
        assert (answer.status, answer.code) == (503, "ServiceUnavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert "no room" in answer.said
        assert send(gateway, "GET", "/master.r/a").body == b"before"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(40)


class _Elsewhere(GatewayProcess):
    """A gateway that somebody else has started."""

    def __init__(self, port: int) -> None:
        self.host, self.port = "127.0.0.1", port

    def await_start(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection((self.host, self.port)).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("it did not start")


@pytest.mark.parametrize("given", ["--with nothing", "--with copy,nothing", "S3GATEWAY_WITH"])
def test_a_layer_that_there_is_not_is_one_line_with_those_that_there_are(given: str) -> None:
    if given == "S3GATEWAY_WITH":
        done = run("--port", "0", S3GATEWAY_WITH="nothing")
    else:
        done = run("--port", "0", *given.split())
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "--with: there is no layer 'nothing' of the contract" in line
    assert "copy" in line
    assert "all" in line


def test_the_contract_is_printed_as_it_is_served() -> None:
    assert run("contract").stdout == load_contract(()).text
    assert run("contract", S3GATEWAY_WITH="copy").stdout == load_contract(["copy"]).text
    assert run("--with", "copy", "contract").stdout == load_contract(["copy"]).text
    printed = run("contract", "--with", "copy", "--format", "json").stdout
    assert json.loads(printed) == load_contract(["copy"]).document()
    page = run("contract", "--with", "all", "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert 'id="CopyObject"' in page


def test_the_contract_with_a_layer_that_there_is_not() -> None:
    done = run("contract", "--with", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no layer 'nothing'" in done.stderr
