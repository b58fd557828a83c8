"""What proxies make of requests, and presigned URLs, which they pass on as they are."""

from __future__ import annotations

import pytest

from tests.raw_http import Connection, send
from tests.servers import GatewayProcess

CONTENT = b"0123456789"
KEY = "dir/key"


@pytest.fixture
def stored(gateway: GatewayProcess, bucket: str) -> str:
    assert send(gateway, "PUT", f"/{bucket}/{KEY}", CONTENT).status == 200
    return bucket


PRESIGNED = {
    "V4": "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=any%2F20261123%2Fus-east-1%2Fs3"
    "%2Faws4_request&X-Amz-Date=20261123T105605Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
    "&X-Amz-Security-Token=t&X-Amz-Signature=" + "5" * 64,
    "V2": "AWSAccessKeyId=any&Signature=8uQ1r61QyyNY%2BDcQV952AoALzpQ%3D&Expires=1795430005",
}


@pytest.mark.parametrize("version", PRESIGNED)
def test_every_operation_with_a_presigned_url(
    gateway: GatewayProcess, new_bucket: str, version: str
) -> None:
    signature = PRESIGNED[version]
    root, key = f"/{new_bucket}", f"/{new_bucket}/{KEY}"
    delete = b"<Delete><Object><Key>none</Key></Object></Delete>"
    operations: list[tuple[str, str, bytes | None, int]] = [
        ("PUT", root, b"", 200),
        ("HEAD", root, None, 200),
        ("GET", f"{root}?location", None, 200),
        ("PUT", key, CONTENT, 200),
        ("HEAD", key, None, 200),
        ("GET", key, None, 200),
        ("GET", f"{key}?response-content-type=a/b", None, 200),
        ("GET", root, None, 200),
        ("GET", f"{root}?list-type=2", None, 200),
        ("POST", f"{root}?delete", delete, 200),
        ("GET", "/", None, 200),
        ("DELETE", key, None, 204),
        ("DELETE", root, None, 204),
    ]
    for method, target, body, status in operations:
        url = f"{target}{'&' if '?' in target else '?'}{signature}"
        answer = send(gateway, method, url, body)
        assert answer.status == status, (method, target, answer)
        if (method, target) == ("GET", key):
            assert answer.body == CONTENT


@pytest.mark.parametrize(
    "headers",
    [
        "via: 1.1 proxy, 1.0 other",
        "x-forwarded-for: 10.0.0.1\r\nx-forwarded-proto: https\r\nx-forwarded-host: other",
        "forwarded: for=10.0.0.1;proto=https;host=other;by=proxy",
        "connection: keep-alive",
        "connection: Keep-Alive\r\nkeep-alive: timeout=5",
        "connection: keep-alive, te\r\nte: trailers",
        "proxy-connection: keep-alive",
        "cache-control: max-age=0\r\npragma: no-cache",
        "cdn-loop: a\r\ncf-ray: b\r\nx-real-ip: 10.0.0.1\r\nx-request-id: c\r\ntraceparent: d",
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk",
    ],
)
def test_what_proxies_add_changes_nothing(
    gateway: GatewayProcess, stored: str, headers: str
) -> None:
    host = f"host: {gateway.host}:{gateway.port}"
    with Connection(gateway) as connection:
        for _ in range(2):
            put = f"PUT /{stored}/p HTTP/1.1\r\n{host}\r\n{headers}\r\ncontent-length: 5\r\n\r\n"
            connection.send(put.encode() + b"hello")
            assert connection.read().status == 200
            connection.send(f"GET /{stored}/p HTTP/1.1\r\n{headers}\r\n{host}\r\n\r\n".encode())
            answer = connection.read()
            assert (answer.body, answer.headers.get("connection")) == (b"hello", None)


def test_absolute_targets_are_as_good_as_paths(gateway: GatewayProcess, stored: str) -> None:
    with Connection(gateway) as connection:
        base = f"http://{gateway.host}:{gateway.port}"
        assert connection.request("GET", f"{base}/{stored}/{KEY}").body == CONTENT
        assert connection.request("PUT", f"{base}/{stored}/n", b"1").status == 200
        listed = connection.request("GET", f"{base}/{stored}?prefix=n")
        assert listed.texts("Contents", "Key") == ["n"]
        assert connection.request("GET", base).status == 200
