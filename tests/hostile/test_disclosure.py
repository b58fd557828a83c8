"""What nobody asked to be told is not told, and nobody is trusted.

Rows 5, 17, 20, 22, 25 and 27 of `docs/negative-cases.md`.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pachd_server.__main__ import serving_embedded
from tests.cluster.wire import Wire
from tests.hostile.conftest import BUCKET, CONTENT, KEY
from tests.hostile.in_process import serving
from tests.raw_http import Answer, send
from tests.servers import GatewayProcess, PfsProcess

TOKEN = "token-that-nobody-may-see"
PASSWORD = "password-in-the-environment"
SIGNATURE = "5e9f3a" * 10
PAGES = [
    "/-/docs", "/-/docs/docs.js", "/-/openapi.json", "/-/openapi.yaml",
    "/-/vendor/swagger-ui-dist/swagger-ui.css", "/-", "/-/", "/-/browser/app.js", "/-/health",
    "/-/ready", "/-/metrics",
]  # fmt: skip
# Nobody has made anything of these, and nobody shall by accident.
NOT_PAGES = [
    "/-/healthz", "/-/metrics/x", "/-/env", "/-/debug/pprof", "/-/debug/vars", "/-/../etc/passwd",
    "/-/assets/../docs.py", "/-/assets/%2e%2e/docs.py", "/-/assets/%2e%2e%2f%2e%2e%2fsettings.py",
    "/-/assets//etc/passwd", "/-/assets/", "/-/swagger_ui_bundle/__init__.py", "/-/docs/",
    "/-//docs", "/-/browser/", "/-/browser/../start.html", "/-/start.html",
    "/-/vendor/../docs.html", "/-/vendor/",
]  # fmt: skip


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[GatewayProcess, str]]:
    """A gateway that has secrets, and whose PFS has gone away; and that PFS's address."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PASSWORD)
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN)
    with PfsProcess(tmp_path / "pfs") as pfs:
        address = pfs.address
        options = ("--pfs-token-file", str(token_file), "--pfs-call-seconds", "1")
        with GatewayProcess(address, *options, "--log-level", "debug") as process:
            assert send(process, "PUT", "/master.b", b"").status == 200
            pfs.stop()
            yield process, address.rpartition("/")[2]


CREDENTIALS = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIDSECRET/20261123/us-east-1/s3/aws4_request, "
    f"SignedHeaders=host, Signature={SIGNATURE}",
    "x-amz-security-token": "session-" + SIGNATURE,
    "Cookie": "cookie-" + SIGNATURE,
}
PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDSECRET%2F20261123%2Fus-east-1%2Fs3"
    f"%2Faws4_request&X-Amz-Security-Token=session-{SIGNATURE}&X-Amz-Signature={SIGNATURE}"
)


def test_neither_pages_nor_errors_nor_the_log_tell_secrets(
    away: tuple[GatewayProcess, str], tmp_path: Path
) -> None:
    process, pfs_address = away
    answers: list[Answer] = [send(process, "GET", page) for page in PAGES + NOT_PAGES]
    for method, path in [
        ("GET", "/"),
        ("GET", "/master.b"),
        ("GET", f"/master.b/k?{PRESIGNED}"),
        ("PUT", "/master.b/k"),
        ("DELETE", "/master.b"),
        ("GET", "/master.b?acl"),
        ("GET", "/master.b/a*b"),
    ]:
        answer = send(process, method, path, b"1" if method == "PUT" else None, CREDENTIALS)
        assert answer.status in (400, 501, 503)
        answers.append(answer)
    log = "".join(process.log)
    assert "answered ServiceUnavailable" in log
    told = b"".join(a.body + repr(a.headers).encode() for a in answers).decode()
    for secret in (TOKEN, PASSWORD):
        assert secret not in told
        assert secret not in log
    for secret in (SIGNATURE, "AKIDSECRET"):
        assert secret not in log
    for detail in (pfs_address, str(tmp_path), "Traceback", 'File "', "grpc", "/site-packages/"):
        assert detail not in told.replace("grpc://", ""), detail
    for name, value in os.environ.items():
        if len(value) > 12 and name not in ("PWD", "OLDPWD"):
            assert value not in told, name


@pytest.mark.parametrize("path", NOT_PAGES)
def test_below_the_gateways_own_pages_is_nothing_else(target: GatewayProcess, path: str) -> None:
    answer = send(target, "GET", path)
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    assert send(target, "HEAD", path).status == 404


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS"])
def test_the_gateways_own_pages_are_read_only(target: GatewayProcess, method: str) -> None:
    for path in PAGES + NOT_PAGES:
        answer = send(target, method, path, b"" if method in ("PUT", "POST") else None)
        assert (answer.status, answer.code) == (501, "NotImplemented")


@pytest.mark.parametrize(
    "query",
    [
        "?url=https://evil.example/x.json",
        "?configUrl=https://evil.example/x.json",
        "?urls.primaryName=x&spec={}",
        "?url=javascript:alert(1)",
        "?<script>alert(1)</script>",
    ],
)
def test_the_documentation_page_is_the_same_whatever_its_query(
    target: GatewayProcess, query: str
) -> None:
    for page in ("/-/docs", "/-/docs/docs.js", "/-/openapi.json"):
        assert send(target, "GET", page + query).body == send(target, "GET", page).body


def test_the_documentation_loads_nothing_from_elsewhere(target: GatewayProcess) -> None:
    for page in ("/-/docs", "/-/docs/docs.js"):
        answer = send(target, "GET", page)
        assert not re.search(rb"(src|href|url)\W+https?:|//cdn|@import", answer.body)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


TRUSTED_ELSEWHERE = {
    "authn-token": TOKEN,
    "pach-authn-token": TOKEN,
    "grpc-metadata-authn-token": TOKEN,
    "Grpc-Timeout": "1n",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Host": "other.master",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/other",
    "Forwarded": "for=127.0.0.1;host=other;proto=https",
    "X-Real-IP": "127.0.0.1",
    "X-Original-URL": "/-/docs",
    "X-Rewrite-URL": "/-/docs",
    "X-HTTP-Method-Override": "DELETE",
    "X-HTTP-Method": "DELETE",
    "X-Method-Override": "DELETE",
    "X-Minio-Internal-Deleted": "true",
    "X-Backend-Storage-Policy-Index": "1",
    "X-Seaweedfs-Internal": "1",
    "X-Remote-User": "root",
    "Via": "1.1 proxy",
    "Proxy-Authorization": f"Bearer {TOKEN}",
}


def test_headers_that_others_trust_change_nothing(target: GatewayProcess) -> None:
    answer = send(target, "GET", f"/{BUCKET}/{KEY}", headers=TRUSTED_ELSEWHERE)
    assert (answer.status, answer.body) == (200, CONTENT)
    created = send(target, "PUT", "/master.new", b"", TRUSTED_ELSEWHERE)
    assert created.headers["location"] == "/master.new"
    assert send(target, "DELETE", "/master.new").status == 204


async def test_no_header_of_a_client_gets_to_pachd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = Wire()
    headers = TRUSTED_ELSEWHERE | CREDENTIALS
    async with (
        serving_embedded(
            tmp_path / "pfs", "127.0.0.1:0", synchronous="off", interceptors=[wire]
        ) as served,
        serving(f"grpc://{served.address}", monkeypatch) as client,
    ):
        for method, path in (("PUT", "/master.b"), ("PUT", "/master.b/k"), ("GET", "/master.b/k")):
            body = {"/master.b": b"", "/master.b/k": b"1"}[path] if method == "PUT" else None
            answer = await client.request(method, path, body, headers)
            assert b" 200 " in answer.partition(b"\r\n")[0], answer
    assert {call.method for call in wire.calls} >= {"InspectBranch", "ModifyFile", "GetFile"}
    sent = repr(wire.metadata)
    assert "authn-token" not in sent
    assert TOKEN not in sent
    assert SIGNATURE not in sent


@pytest.mark.parametrize(
    "authorization",
    [
        "", " ", "AWS", "AWS ", "AWS :", "AWS a:b", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 Credential", "AWS4-HMAC-SHA256 Credential=", "AWS4-HMAC-SHA256 ,,,===",
        "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=, Signature=",
        "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=;;;, Signature=zz",
        "AWS4-ECDSA-P256-SHA256 Credential=a", "Basic", "Basic !!!", "Bearer x", "Digest a=\"b",
        "\xff\xfe", "A" * 30_000, "%00", "AWS4-HMAC-SHA256\tCredential=a",
    ],
)  # fmt: skip
def test_a_malformed_authorization_does_no_harm(target: GatewayProcess, authorization: str) -> None:
    answer = send(target, "GET", f"/{BUCKET}/{KEY}", headers={"Authorization": authorization})
    assert (answer.status, answer.body) == (200, CONTENT)


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Signature", "X-Amz-Signature=", "X-Amz-Expires=-1", "X-Amz-Expires=x&X-Amz-Date=y",
        "X-Amz-Algorithm=&X-Amz-Credential=%00", "AWSAccessKeyId", "Signature=%ff&Expires=",
        "Expires=99999999999999999999", "Signature&AWSAccessKeyId&Expires",
    ],
)  # fmt: skip
def test_a_malformed_presigned_url_does_no_harm(target: GatewayProcess, query: str) -> None:
    answer = send(target, "GET", f"/{BUCKET}/{KEY}?{query}")
    assert answer.status == (400 if "%ff" in query else 200), answer


def test_a_header_that_comes_back_is_no_other_header(target: GatewayProcess) -> None:
    for injected in ("%0d%0aX-Evil:%201", "%0aX-Evil:1", "%0dX-Evil:1", "%00", "%c2%85X-Evil:1"):
        for path in (
            f"/{BUCKET}/{KEY}?response-content-type={injected}",
            f"/{BUCKET}/{KEY}?response-expires=a{injected}",
            f"/{BUCKET}/a{injected}",
            f"/b{injected}",
            f"/{BUCKET}?prefix={injected}",
            f"/{BUCKET}?{injected}",
        ):
            for method in ("GET", "PUT"):
                answer = send(target, method, path, b"" if method == "PUT" else None)
                assert "x-evil" not in answer.headers
                assert answer.status in (200, 400, 404, 501)


def test_the_version_is_not_told(target: GatewayProcess) -> None:
    with socket.create_connection((target.host, target.port)) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        answer = connection.recv(65536).decode()
    for answer_text in (answer, repr(send(target, "GET", "/").headers)):
        assert "uvicorn" not in answer_text.lower()
        assert "python" not in answer_text.lower()
