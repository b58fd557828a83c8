"""SIGHUP: certificates and tokens are read again, while the gateway serves."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.cluster.pachd import serving_pachd
from tests.hostile.measures import await_true
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess

WORKERS = [(), ("--workers", "2")]


class Certificate:
    """A certificate's files, which an operator exchanges."""

    def __init__(self, folder: Path) -> None:
        self.cert, self.key = folder / "cert.pem", folder / "key.pem"
        self.exchange()

    def exchange(self) -> None:
        """Put another in their place."""
        issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
        issued.cert_chain_pems[0].write_to_path(str(self.cert))
        issued.private_key_pem.write_to_path(str(self.key))
        self.shown = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


@pytest.fixture(params=WORKERS, ids=["one process", "two workers"])
def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, certificate: Certificate
) -> Iterator[GatewayProcess]:
    options = ("--tls-cert", str(certificate.cert), "--tls-key", str(certificate.key))
    with GatewayProcess(tmp_path / "pfs", *options, *request.param) as gateway:
        await_true(lambda: log_of(gateway).count(" answers: ") >= workers_of(request))
        yield gateway


def workers_of(request: pytest.FixtureRequest) -> int:
    return int(request.param[-1]) if request.param else 1


def log_of(gateway: GatewayProcess) -> str:
    return "".join(gateway.log)


def connect(gateway: GatewayProcess) -> Connection:
    connection = Connection(gateway)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection.socket = context.wrap_socket(connection.socket)
    return connection


def certificate_of(connection: Connection) -> bytes | None:
    assert isinstance(connection.socket, ssl.SSLSocket)
    return connection.socket.getpeercert(binary_form=True)


def certificates_shown(gateway: GatewayProcess) -> set[bytes | None]:
    """What some new connections see, which any worker may take."""
    found = set()
    for _ in range(6):
        with connect(gateway) as connection:
            found.add(certificate_of(connection))
    return found


def test_a_new_certificate_is_shown_and_connections_stay(
    gateway: GatewayProcess, certificate: Certificate
) -> None:
    assert certificates_shown(gateway) == {certificate.shown}
    with connect(gateway) as old:
        assert old.request("GET", "/-/health").status == 200
        certificate.exchange()
        gateway.process.send_signal(signal.SIGHUP)
        await_true(lambda: certificates_shown(gateway) == {certificate.shown})
        assert old.request("GET", "/-/health").status == 200
    assert "the certificate has been read again" in log_of(gateway)


def test_a_certificate_that_is_none_leaves_the_one_there_was(
    gateway: GatewayProcess, certificate: Certificate
) -> None:
    shown = certificate.shown
    certificate.exchange()
    certificate.key.write_text("nothing")
    gateway.process.send_signal(signal.SIGHUP)
    await_true(lambda: "the certificate stays as it was: --tls-cert" in log_of(gateway))
    assert certificates_shown(gateway) == {shown}


@pytest.mark.parametrize("options", WORKERS, ids=["one process", "two workers"])
def test_a_signal_that_has_nothing_to_read_again_changes_nothing(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        await_true(lambda: log_of(gateway).count(" answers: ") == (2 if options else 1))
        gateway.process.send_signal(signal.SIGHUP)
        await_true(lambda: "SIGHUP: certificates and tokens are read again" in log_of(gateway))
        assert send(gateway, "GET", "/-/ready").status == 200
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(40) == 0


async def test_a_new_token_is_sent_at_once(tmp_path: Path) -> None:
    """Without the signal it would take up to five seconds."""
    token = tmp_path / "token"
    token.write_text("first")

    def sent() -> set[str]:
        found = [dict(metadata).get("authn-token") for metadata in pachd.wire.metadata]
        return {str(one) for one in found}

    def ask(gateway: GatewayProcess) -> None:
        assert send(gateway, "GET", "/").status == 200

    async with serving_pachd(tmp_path / "pfs") as pachd:
        options = ("--pfs-token-file", str(token))
        gateway = await asyncio.to_thread(GatewayProcess, f"grpc://{pachd.address}", *options)
        with gateway:
            await asyncio.to_thread(ask, gateway)
            assert sent() == {"first"}
            new = tmp_path / "new"
            new.write_text("second")
            new.rename(token)
            gateway.process.send_signal(signal.SIGHUP)
            await asyncio.to_thread(await_true, lambda: "SIGHUP" in log_of(gateway))
            pachd.wire.metadata.clear()
            await asyncio.to_thread(ask, gateway)
            assert sent() == {"second"}
            await asyncio.to_thread(gateway.stop)


def workers_in(gateway: GatewayProcess) -> list[int]:
    """The processes that serve."""
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
    found = [int(pid) for pid in children.read_text().split()]
    return [pid for pid in found if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_worker_that_dies_is_logged_and_replaced(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--workers", "2") as gateway:
        await_true(lambda: log_of(gateway).count(" answers: ") == 2)
        victim = workers_in(gateway)[0]
        os.kill(victim, signal.SIGKILL)
        said = f"worker {victim} was ended by SIGKILL; worker "
        await_true(lambda: said in log_of(gateway))
        await_true(lambda: log_of(gateway).count(" answers: ") == 3)
        assert send(gateway, "GET", "/-/ready").status == 200


def runs(pid: int) -> bool:
    """Whether a process has not ended; nobody may have asked yet how one did that has."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


def test_workers_whose_parent_was_killed_end_and_leave_the_port(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--workers", "2") as gateway:
        await_true(lambda: log_of(gateway).count(" answers: ") == 2, 60)
        orphans = workers_in(gateway)
        gateway.kill()
        await_true(lambda: not any(runs(pid) for pid in orphans), 60)
        assert log_of(gateway).count("the parent of this worker has died") == 2
        with socket.create_server((gateway.host, gateway.port)):
            pass
