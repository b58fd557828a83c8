"""The program by which a container's engine asks whether the gateway lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import trustme

from tests.servers import GatewayProcess


def asked(**settings: object) -> tuple[int, str]:
    """Status and words of the health check, with settings from the environment."""
    given = {f"S3GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.health_check"],
        env={**os.environ, "http_proxy": "http://127.0.0.1:9", **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.strip()


def test_it_asks_where_the_settings_say(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--admin-port", "0") as gateway:
        (line,) = (line for line in gateway.log if line.startswith("Metrics"))
        admin_port = line.rpartition(":")[2].partition("/")[0]
        for host in ("127.0.0.1", "0.0.0.0"):  # noqa: S104 - asked at
            there = {"host": host, "port": gateway.port, "admin_port": admin_port}
            assert asked(**there) == (0, "")
        assert asked(port=gateway.port) == (1, "the gateway answers 404")
    status, said = asked(port=gateway.port)
    assert status == 1
    assert said.startswith("the gateway does not answer: ")


def test_it_speaks_tls_where_the_gateway_does(tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("s3.example")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "pem"))
    options = ("--tls-cert", str(tmp_path / "pem"))
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        assert asked(port=gateway.port, tls_cert=tmp_path / "pem") == (0, "")
        assert asked(port=gateway.port)[0] == 1
