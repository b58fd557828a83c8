"""Headers that SDKs move into the query of a presigned URL."""

from __future__ import annotations

import pytest

from tests.raw_http import send
from tests.servers import GatewayProcess

SIGNATURE = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD"
    "&X-Amz-Credential=any%2F20261124%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261124T140013Z"
    "&X-Amz-Expires=60&X-Amz-Signature=d69&X-Amz-SignedHeaders=host"
)
OF_NO_BODY = "x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32"


@pytest.mark.parametrize(
    "moved",
    [OF_NO_BODY, "x-amz-meta-colour=blue", "x-amz-storage-class=STANDARD", "X-Amz-User-Agent=any"],
)
def test_a_declared_header_in_the_query_has_no_effect(
    gateway: GatewayProcess, bucket: str, moved: str
) -> None:
    target = f"/{bucket}/a"
    assert send(gateway, "PUT", f"{target}?{SIGNATURE}&{moved}", b"hello").status == 200
    assert send(gateway, "GET", target).body == b"hello"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ["x-amz-checksum-mode", "X-Amz-Checksum-Mode"])
def test_a_presigned_url_may_ask_for_checksums(
    gateway: GatewayProcess, bucket: str, method: str, name: str
) -> None:
    send(gateway, "PUT", f"/{bucket}/a", b"hello")
    assert send(gateway, method, f"/{bucket}/a?{SIGNATURE}&{name}=ENABLED").status == 200


@pytest.mark.parametrize(
    ("moved", "hint"),
    [
        ("x-amz-acl=public-read", "Only private is possible"),
        ("X-Amz-Acl=public-read", "Only private is possible"),
        ("x-amz-copy-source=b%2Fa", "Copying is switched off"),
        ("X-Amz-Copy-Source=b%2Fa", "Copying is switched off"),
        ("x-amz-tagging=a%3Db", "no tags"),
        ("x-amz-storage-class=OTHER", "x-amz-storage-class"),
        ("X-Amz-Unknown=1", "x-amz-unknown"),
    ],
)
def test_an_undeclared_header_in_the_query_is_not_implemented(
    gateway: GatewayProcess, bucket: str, moved: str, hint: str
) -> None:
    send(gateway, "PUT", f"/{bucket}/a", b"before")
    answer = send(gateway, "PUT", f"/{bucket}/a?{SIGNATURE}&{moved}", b"")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert hint in answer.said
    assert send(gateway, "GET", f"/{bucket}/a").body == b"before"


def test_another_operations_name_does_not_hide_the_hint(
    gateway: GatewayProcess, bucket: str
) -> None:
    source = {"x-amz-copy-source": f"{bucket}/a"}
    answer = send(gateway, "PUT", f"/{bucket}/b?x-id=CopyObject", b"", source)
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert "Copying is switched off" in answer.said
