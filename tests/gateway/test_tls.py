"""HTTPS, as raw clients and boto3 speak it to a certificate that they check."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from botocore.config import Config

from tests.raw_http import Connection
from tests.resolving import resolve_localhost
from tests.servers import GatewayProcess

LARGE = os.urandom(12 * 1024 * 1024)


@dataclass
class Files:
    """A certificate, its key, and who signed it."""

    authority: str
    cert: str
    key: str
    both: str


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1", "*.localhost")
    made = Files(*(str(folder / name) for name in ("ca.pem", "cert.pem", "key.pem", "both.pem")))
    authority.cert_pem.write_to_path(made.authority)
    issued.cert_chain_pems[0].write_to_path(made.cert)
    issued.private_key_pem.write_to_path(made.key)
    issued.private_key_and_cert_chain_pem.write_to_path(made.both)
    return made


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, files: Files) -> Iterator[GatewayProcess]:
    options = ["--tls-cert", files.cert, "--tls-key", files.key]
    options += ["--body-idle-seconds", "2", "--head-seconds", "2"]
    with GatewayProcess(tmp_path_factory.mktemp("secure") / "pfs", *options) as gateway:
        yield gateway


class SecureConnection(Connection):
    """A connection that checks who it talks to."""

    def __init__(self, gateway: GatewayProcess, files: Files, name: str = "127.0.0.1") -> None:
        super().__init__(gateway)
        context = ssl.create_default_context(cafile=files.authority)
        self.socket = context.wrap_socket(self.socket, server_hostname=name)


def test_it_says_that_it_is_https(secure: GatewayProcess) -> None:
    said = "".join(secure.log)
    assert f"S3 endpoint   https://127.0.0.1:{secure.port}" in said
    assert f"API docs      https://127.0.0.1:{secure.port}/-/docs" in said
    assert f"aws --endpoint-url https://127.0.0.1:{secure.port} " in said
    assert "Secure: true" in said


def test_raw_https(secure: GatewayProcess, files: Files) -> None:
    with SecureConnection(secure, files, "localhost") as connection:
        assert connection.request("PUT", "/master.raw", b"").status == 200
        assert connection.request("PUT", "/master.raw/large", LARGE).status == 200
        answer = connection.request("GET", "/master.raw/large")
        assert answer.body == LARGE
        part = connection.request("GET", "/master.raw/large", headers={"Range": "bytes=5-1000004"})
        assert part.body == LARGE[5:1_000_005]
        assert connection.request("GET", "/master.raw/none").code == "NoSuchKey"
        refused = connection.request("PUT", "/master.raw/a*b", LARGE)
        assert (refused.status, refused.code) == (400, "InvalidFilePath")
        assert connection.is_closed()


def test_a_name_that_is_not_in_the_certificate_is_refused_by_the_client(
    secure: GatewayProcess, files: Files
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        SecureConnection(secure, files, "s3.example")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3(secure: GatewayProcess, files: Files, version: ssl.TLSVersion) -> None:
    context = ssl.create_default_context(cafile=files.authority)
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection((secure.host, secure.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        assert wrapped.version() == version.name.replace("_", ".")


def test_older_versions_are_refused(secure: GatewayProcess, files: Files) -> None:
    context = ssl.create_default_context(cafile=files.authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1 is deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection((secure.host, secure.port)) as plain,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_boto3_over_https(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: Files, style: str
) -> None:
    resolve_localhost(monkeypatch)
    options = ("--tls-cert", files.both, "--domain", "localhost", "--workers", "2")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        client: Any = boto3.client(
            "s3",
            endpoint_url=f"https://localhost:{gateway.port}",
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="anything",
            verify=files.authority,
            # A certificate for *.localhost is for one more component only.
            config=Config(s3={"addressing_style": style}, retries={"total_max_attempts": 1}),
        )
        client.create_bucket(Bucket="images")
        client.put_object(Bucket="images", Key="a/b", Body=LARGE)
        assert client.get_object(Bucket="images", Key="a/b")["Body"].read() == LARGE
        assert [c["Key"] for c in client.list_objects_v2(Bucket="images")["Contents"]] == ["a/b"]
        url = client.generate_presigned_url("get_object", Params={"Bucket": "images", "Key": "a/b"})
        assert url.startswith("https://")
        client.close()


def test_who_speaks_no_tls_does_no_harm(secure: GatewayProcess, files: Files) -> None:
    for nonsense in (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x16\x03\x01\xff\xff", b"\0"):
        with socket.create_connection((secure.host, secure.port), 5) as plain:
            plain.sendall(nonsense)
            plain.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 200" not in plain.recv(65536)
    with SecureConnection(secure, files) as connection:
        assert connection.request("GET", "/").status == 200


def test_slow_clients_are_given_up_over_tls_too(secure: GatewayProcess, files: Files) -> None:
    with SecureConnection(secure, files) as connection:
        connection.request("PUT", "/master.slow", b"")
        head = connection.head("PUT", "/master.slow/k", None, {"Content-Length": "10"})
        connection.send(head + b"half")
        assert connection.read().code == "RequestTimeout"
        assert connection.is_closed()
    with SecureConnection(secure, files) as connection:
        begun = time.monotonic()
        connection.send(b"GET / HT")
        assert connection.is_closed()
        assert time.monotonic() - begun < 10


def test_clients_that_go_away_leave_nothing_open(secure: GatewayProcess, files: Files) -> None:
    with SecureConnection(secure, files) as connection:
        connection.request("PUT", "/master.gone", b"")
        connection.request("PUT", "/master.gone/large", LARGE)
        folder = Path(f"/proc/{secure.process.pid}/fd")
        before = len(list(folder.iterdir()))
        for _ in range(30):
            with SecureConnection(secure, files) as other:
                other.send(other.head("GET", "/master.gone/large"))
                other.socket.recv(1000)
            with SecureConnection(secure, files) as other:
                head = other.head("PUT", "/master.gone/k", None, {"Content-Length": "1000000"})
                other.send(head + bytes(1000))
        end = time.monotonic() + 20
        while len(list(folder.iterdir())) > before + 2 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(list(folder.iterdir())) <= before + 2
    assert not [line for line in secure.log if "Traceback" in line or "ERROR" in line]


def started_with(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_files_that_will_not_do_are_one_clear_line(tmp_path: Path, files: Files) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no PEM at all")
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(str(other))
    locked = tmp_path / "locked.pem"
    locked.write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    for arguments, says in [
        (["--tls-cert", str(tmp_path / "none.pem")], "No such file"),
        (["--tls-cert", str(tmp_path)], "Is a directory"),
        (["--tls-cert", files.cert, "--tls-key", str(tmp_path / "none.pem")], "--tls-key"),
        (["--tls-cert", str(nonsense)], "no PEM certificate"),
        (["--tls-cert", files.cert], "no PEM certificate with its private key"),
        (["--tls-cert", files.cert, "--tls-key", str(nonsense)], "no PEM certificate"),
        (["--tls-cert", files.cert, "--tls-key", str(other)], "key values mismatch"),
        (["--tls-cert", files.cert, "--tls-key", str(locked)], "no PEM certificate"),
        (["--tls-key", files.key], "there is no --tls-cert"),
    ]:
        done = started_with("--pfs", f"embedded:{tmp_path / 'pfs'}", *arguments)
        assert done.returncode == 2, done.stderr
        assert says in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
