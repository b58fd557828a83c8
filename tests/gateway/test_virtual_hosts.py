"""Buckets in the Host, as raw requests, SDKs and presigned URLs put them there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.raw_http import Answer, send
from tests.resolving import resolve_localhost
from tests.servers import GatewayProcess

BUCKET = "master.images"
BUILD = Path(__file__).parents[2] / ".build" / "clients"
MODULES = BUILD / "node" / "node_modules"


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    options = ("--domain", "localhost", "--domain", "s3.example")
    folder = tmp_path_factory.mktemp("named") / "pfs"
    with GatewayProcess(folder, *options, layers=("multipart",)) as gateway:
        yield gateway


@pytest.fixture
def bucket(named: GatewayProcess) -> Iterator[str]:
    assert at(named, f"{BUCKET}.localhost", "PUT", "/", b"").status == 200
    yield BUCKET
    for key in at(named, "localhost", "GET", f"/{BUCKET}").texts("Contents", "Key"):
        assert at(named, "localhost", "DELETE", f"/{BUCKET}/{key}").status == 204
    assert at(named, f"{BUCKET}.localhost", "DELETE", "/").status == 204


def at(
    gateway: GatewayProcess,
    host: str,
    method: str,
    target: str,
    body: bytes | None = None,
    **headers: str,
) -> Answer:
    return send(gateway, method, target, body, {"Host": host, **headers})


@pytest.mark.parametrize(
    "host",
    ["master.images.localhost:30655", "master.images.S3.Example", "master.images.localhost."],
)
def test_the_host_names_the_bucket_and_the_path_the_key(
    named: GatewayProcess, bucket: str, host: str
) -> None:
    assert at(named, host, "PUT", "/a/b%20c", b"hello").status == 200
    assert at(named, host, "GET", "/a/b%20c").body == b"hello"
    assert at(named, host, "HEAD", "/a/b%20c").headers["content-length"] == "5"
    assert at(named, "localhost", "GET", f"/{bucket}/a/b%20c").body == b"hello"
    assert at(named, host, "GET", "/").texts("Contents", "Key") == ["a/b c"]
    assert at(named, host, "GET", "/?list-type=2&prefix=a").texts("Contents", "Key") == ["a/b c"]
    assert at(named, host, "GET", "/?location").xml.tag.endswith("LocationConstraint")
    assert at(named, host, "GET", "/?acl").code == "NotImplemented"
    assert at(named, host, "HEAD", "/").headers["x-amz-bucket-region"] == "us-east-1"
    delete = b"<Delete><Object><Key>a/b c</Key></Object></Delete>"
    assert at(named, host, "POST", "/?delete", delete).texts("Deleted", "Key") == ["a/b c"]
    assert at(named, host, "GET", "/a/b%20c").code == "NoSuchKey"


def test_a_bucket_whose_name_has_more_or_fewer_dots(named: GatewayProcess) -> None:
    assert at(named, "images.localhost", "PUT", "/", b"").headers["location"] == "/images"
    assert at(named, "master.images.default.localhost", "HEAD", "/").status == 200
    names = at(named, "localhost", "GET", "/").texts("Buckets", "Bucket", "Name")
    assert names == ["master.images"]
    assert at(named, "images.localhost", "DELETE", "/").status == 204


@pytest.mark.parametrize("host", ["localhost", "s3.example:1", "127.0.0.1", "[::1]:1", ""])
def test_the_path_names_the_bucket_elsewhere(named: GatewayProcess, bucket: str, host: str) -> None:
    assert at(named, host, "PUT", f"/{bucket}/a", b"1").status == 200
    assert at(named, host, "GET", f"/{bucket}/a").body == b"1"
    assert bucket in at(named, host, "GET", "/").texts("Buckets", "Bucket", "Name")


def test_names_that_are_no_bucket(named: GatewayProcess) -> None:
    for host, code in [
        ("a..b.localhost", "InvalidBucketName"),
        ("a.b.c.d.localhost", "InvalidBucketName"),
        (".localhost", "InvalidURI"),
        ("a%2fb.localhost", "InvalidBucketName"),
        ("missing.localhost", "NoSuchBucket"),
        ("-.localhost", "NoSuchKey"),  # /-/ is reserved, whoever names it
    ]:
        assert at(named, host, "GET", "/a").code == code, host
    assert at(named, "images.s3.example.evil", "GET", "/a").code == "AccessDenied"


def test_an_error_names_bucket_and_key(named: GatewayProcess, bucket: str) -> None:
    answer = at(named, f"{bucket}.localhost", "GET", "/no%20such")
    assert (answer.code, answer.xml.findtext("Key")) == ("NoSuchKey", "no such")
    assert answer.xml.findtext("Resource") == f"/{bucket}/no%20such"


def test_keys_that_pfs_cannot_hold_are_refused_as_ever(named: GatewayProcess, bucket: str) -> None:
    for target in ("//a", "/a//b", "/../a", "/%2e%2e/a", "/a%00"):
        answer = at(named, f"{bucket}.localhost", "PUT", target, b"1")
        assert (answer.status, answer.code) == (400, "InvalidFilePath"), target


def test_the_gateways_own_pages_are_at_its_own_name_only(
    named: GatewayProcess, bucket: str
) -> None:
    assert at(named, "localhost", "GET", "/-/docs").status == 200
    answer = at(named, f"{bucket}.localhost", "GET", "/-/docs")
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    assert at(named, f"{bucket}.localhost", "PUT", "/-/docs", b"mine").status == 200
    assert at(named, f"{bucket}.localhost", "GET", "/-/docs").body == b"mine"


def test_the_host_of_an_absolute_target_names_the_bucket(
    named: GatewayProcess, bucket: str
) -> None:
    assert at(named, f"{bucket}.localhost", "PUT", "/a", b"1").status == 200
    answer = at(named, "other.localhost", "GET", f"http://{bucket}.localhost:99/a")
    assert answer.body == b"1"


@pytest.mark.parametrize(
    ("host", "path"), [(f"{BUCKET}.localhost:30655", ""), ("localhost:30655", f"/{BUCKET}")]
)
def test_the_location_of_an_object_in_parts_has_its_bucket_where_the_request_has_it(
    named: GatewayProcess, bucket: str, host: str, path: str
) -> None:
    begun = at(named, host, "POST", f"{path}/a/b?uploads", b"")
    target = f"{path}/a/b?uploadId={begun.texts('UploadId')[0]}"
    etag = at(named, host, "PUT", f"{target}&partNumber=1", b"x").headers["etag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    completed = at(named, host, "POST", target, body)
    assert completed.texts("Location") == [f"http://{host}{path}/a/b"]


def test_forwarded_hosts_name_nothing(named: GatewayProcess, bucket: str) -> None:
    forwarded = {"X-Forwarded-Host": f"{bucket}.localhost", "Forwarded": f"host={bucket}.localhost"}
    answer = at(named, "localhost", "PUT", "/a", b"", **forwarded)
    assert answer.headers["location"] == "/a"
    assert at(named, "localhost", "DELETE", "/a").status == 204
    assert at(named, "localhost", "GET", f"/{bucket}").texts("Contents") == []


def test_without_a_domain_every_name_is_the_gateways(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway:
        assert at(gateway, "a.localhost", "PUT", "/b", b"").headers["location"] == "/b"
        assert at(gateway, "b.localhost", "GET", "/").texts("Buckets", "Bucket", "Name") == [
            "master.b"
        ]


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_boto3(
    named: GatewayProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str
) -> None:
    resolve_localhost(monkeypatch)
    client: Any = boto3.client(
        "s3",
        endpoint_url=f"http://localhost:{named.port}",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="anything",
        config=Config(
            signature_version=version,
            s3={"addressing_style": "virtual"},
            retries={"total_max_attempts": 1},
        ),
    )
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="a/b c", Body=b"hello")
    assert client.get_object(Bucket=BUCKET, Key="a/b c")["Body"].read() == b"hello"
    assert client.head_bucket(Bucket=BUCKET)["BucketRegion"] == "us-east-1"
    assert [c["Key"] for c in client.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["a/b c"]
    url: str = client.generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "a/b c"}
    )
    host, _, path = url.removeprefix("http://").partition("/")
    assert host == f"{BUCKET}.localhost:{named.port}"
    assert ("X-Amz-Signature" in url) == (version == "s3v4")
    assert at(named, host, "GET", "/" + path).body == b"hello"
    client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a/b c"}]})
    client.delete_bucket(Bucket=BUCKET)
    client.close()


def run_program(named: GatewayProcess, endpoint: str, *command: str) -> None:
    done = subprocess.run(
        command,
        env={**os.environ, "ENDPOINT": endpoint, "BUCKET": BUCKET, "MODULES": str(MODULES)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.skipif(shutil.which("go") is None, reason="Go is not installed")
@pytest.mark.timeout(600)
def test_minio_go(named: GatewayProcess) -> None:
    program = BUILD / "virtual_hosts_go"
    program.parent.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).parent / "virtual_hosts_go"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, check=True)
    run_program(named, f"localhost:{named.port}", str(program))


@pytest.mark.skipif(
    shutil.which("node") is None or not (MODULES / "@aws-sdk" / "client-s3").exists(),
    reason="AWS's SDK for JavaScript is not installed in .build/clients/node",
)
def test_aws_sdk_js(named: GatewayProcess) -> None:
    script = Path(__file__).parent / "virtual_hosts.mjs"
    run_program(named, f"http://localhost:{named.port}", "node", str(script))
