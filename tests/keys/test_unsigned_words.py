"""What a request says beside its signature changes neither who asks nor what is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keys.conftest import BUCKET, CONTENT, KEY, OTHER, READER, WRITER, key_file
from tests.keys.signer import UNSIGNED, Key, Signer, new_address
from tests.keys.test_pachd_keys import OWNER, READS, STRANGER, Deployment, deployment, settings
from tests.raw_http import Answer, Connection, send
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

__all__ = ["deployment", "settings"]

AMZ_HEADERS = ("x-amz-copy-source", "x-amz-meta-a", "x-amz-acl", "x-amz-tagging")


@pytest.mark.parametrize("header", AMZ_HEADERS)
def test_a_header_that_a_presigned_url_does_not_sign_is_refused(
    keyed: GatewayProcess, header: str
) -> None:
    signer, target = Signer(WRITER), f"/{BUCKET}/{KEY}"
    presigned, _ = signer._presigned("PUT", target, {"Host": f"{keyed.host}:{keyed.port}"})
    answer = send(keyed, "PUT", presigned, b"changed", {header: "/master.other/k"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.texts("HeadersNotSigned") == [header]
    assert signer.send(keyed, "GET", target).body == CONTENT


HOSTS = (
    "x-forwarded-host",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "forwarded",
)


@pytest.mark.parametrize("header", HOSTS)
def test_headers_of_proxies_lead_to_no_other_bucket(keyed: GatewayProcess, header: str) -> None:
    for value in ("master.other.s3.example", "/master.other/k", "DELETE"):
        answer = Signer(READER).send(keyed, "GET", f"/{BUCKET}/{KEY}", headers={header: value})
        assert answer.body == CONTENT
        refused = Signer(READER).send(keyed, "GET", f"/master.other/{KEY}", headers={header: value})
        assert (refused.status, refused.code) == (403, "AccessDenied")


async def test_no_header_makes_one_somebody_else_to_pachd(deployment: Deployment) -> None:
    for header in ("authn-token", "Authn-Token", "grpc-metadata-authn-token", "cookie"):
        for token in (OWNER, f"authn-token={OWNER}"):
            answer = await deployment.send(
                STRANGER, "GET", "/master.images/dir/k", b"", {header: token}
            )
            assert (answer.status, answer.code) == (403, "AccessDenied")
    assert await deployment.s3(OWNER, "get_object", Bucket="master.images", **READS["get_object"])


@pytest.fixture(scope="module")
def with_domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder: Path = tmp_path_factory.mktemp("domain")
    options = ("--access-keys", str(key_file(folder)), "--domain", "s3.example")
    for gateway in running_gateway(EMBEDDED, folder / "pfs", *options, layers=("copy",)):
        for bucket in (BUCKET, "master.other"):
            assert Signer(WRITER).send(gateway, "PUT", f"/{bucket}").status == 200
            put = Signer(WRITER).send(gateway, "PUT", f"/{bucket}/{KEY}", CONTENT)
            assert put.status == 200
        yield gateway


def asked_of_host(
    gateway: GatewayProcess, key: Key, host: str, method: str, target: str, **more: str
) -> Answer:
    signer = Signer(key)
    sent = {"Host": host, "x-amz-date": signer.timestamp, "x-amz-content-sha256": UNSIGNED}
    sent |= {name.replace("_", "-"): value for name, value in more.items()}
    signer.sign_headers(method, target, sent, UNSIGNED)
    with Connection(gateway, new_address()) as connection:
        connection.send(connection.head(method, target, None, sent))
        return connection.read(method)


@pytest.mark.parametrize(
    ("key", "host", "method", "target"),
    [
        (READER, "master.other.s3.example", "GET", "/k"),
        (READER, "master.other.s3.example", "GET", "/"),
        (READER, "other.s3.example", "GET", "/k"),
        (READER, "s3.example", "GET", "/master.other/k"),
        (OTHER, "master.images.s3.example", "DELETE", "/k"),
        (READER, "master.images.s3.example", "DELETE", "/k"),
    ],
)
def test_a_bucket_in_the_host_is_guarded_as_one_in_the_path(
    with_domain: GatewayProcess, key: Key, host: str, method: str, target: str
) -> None:
    answer = asked_of_host(with_domain, key, host, method, target)
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_host_s_bucket_is_not_another_one_by_its_key(with_domain: GatewayProcess) -> None:
    host = "master.images.s3.example"
    assert asked_of_host(with_domain, READER, host, "GET", "/k").body == CONTENT
    for key in ("/master.other/k", "/../master.other/k", "//master.other/k", "/-/metrics"):
        answer = asked_of_host(with_domain, READER, host, "GET", key)
        assert (answer.status, answer.code) == (404, "NoSuchKey")
    copy = asked_of_host(
        with_domain, OTHER, "master.other.s3.example", "PUT", "/stolen", content_length="0",
        x_amz_copy_source=f"/{BUCKET}/k",
    )  # fmt: skip
    assert (copy.status, copy.code) == (403, "AccessDenied")


@pytest.mark.parametrize("target", ["/-/metrics", "/-/k", "/-"])
def test_a_host_s_bucket_has_no_open_pages(with_domain: GatewayProcess, target: str) -> None:
    answer = send(with_domain, "GET", target, headers={"Host": "master.other.s3.example"})
    assert (answer.status, answer.code) == (403, "AccessDenied")
