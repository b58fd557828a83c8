from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from tests.servers import GatewayProcess

MIB = 1024 * 1024
ONE_PART = 5 * 1024**3


@pytest.fixture(scope="module")
def client(gateway: GatewayProcess) -> Minio:
    return Minio(
        f"{gateway.host}:{gateway.port}", access_key="any", secret_key="anything", secure=False
    )


@pytest.fixture
def minio_bucket(client: Minio, new_bucket: str) -> str:
    client.make_bucket(new_bucket)
    return new_bucket


def test_buckets(client: Minio, new_bucket: str) -> None:
    assert not client.bucket_exists(new_bucket)
    client.make_bucket(new_bucket)
    assert client.bucket_exists(new_bucket)
    assert new_bucket in [bucket.name for bucket in client.list_buckets()]
    with pytest.raises(S3Error) as refused:
        client.make_bucket(new_bucket)
    assert refused.value.code == "BucketAlreadyOwnedByYou"
    client.remove_bucket(new_bucket)
    assert not client.bucket_exists(new_bucket)


@pytest.mark.parametrize("size", [0, 5, 4 * MIB, 20 * MIB])
def test_objects(client: Minio, minio_bucket: str, size: int) -> None:
    content = os.urandom(size)
    put = client.put_object(
        minio_bucket, "dir/b c%d&e", io.BytesIO(content), size, part_size=ONE_PART
    )
    stat = client.stat_object(minio_bucket, "dir/b c%d&e")
    response = client.get_object(minio_bucket, "dir/b c%d&e")
    try:
        assert response.read() == content
    finally:
        response.close()
        response.release_conn()
    assert (stat.size, stat.etag) == (size, put.etag)
    if size:
        response = client.get_object(minio_bucket, "dir/b c%d&e", offset=1, length=3)
        assert response.read() == content[1:4]
        response.close()
        response.release_conn()


def test_files(client: Minio, minio_bucket: str, tmp_path: Path) -> None:
    content = os.urandom(6 * MIB)
    (tmp_path / "up").write_bytes(content)
    client.fput_object(minio_bucket, "f", str(tmp_path / "up"), part_size=ONE_PART)
    client.fget_object(minio_bucket, "f", str(tmp_path / "down"))
    assert (tmp_path / "down").read_bytes() == content


def test_listing_and_removing(client: Minio, minio_bucket: str) -> None:
    keys = [f"d/k{number}" for number in range(7)] + ["z%z"]
    for key in keys:
        client.put_object(minio_bucket, key, io.BytesIO(b"1"), 1)
    listed = [o.object_name for o in client.list_objects(minio_bucket, recursive=True)]
    assert listed == keys
    assert {o.object_name for o in client.list_objects(minio_bucket)} == {"d/", "z%z"}
    old = client.list_objects(minio_bucket, recursive=True, use_api_v1=True)
    assert [o.object_name for o in old] == keys
    client.remove_object(minio_bucket, "z%z")
    doomed = [DeleteObject(key) for key in [*keys[:6], "missing"]]
    assert list(client.remove_objects(minio_bucket, doomed)) == []
    listed = [o.object_name for o in client.list_objects(minio_bucket, recursive=True)]
    assert listed == ["d/k6"]


def test_a_multipart_upload_says_which_setting_turns_it_off(
    client: Minio, minio_bucket: str
) -> None:
    with pytest.raises(S3Error) as refused:
        client.put_object(minio_bucket, "big", io.BytesIO(bytes(6 * MIB)), 6 * MIB)
    assert refused.value.code == "NotImplemented"
    assert "part_size" in str(refused.value.message)


def test_a_presigned_url(client: Minio, minio_bucket: str) -> None:
    client.put_object(minio_bucket, "a", io.BytesIO(b"hello"), 5)
    url = client.presigned_get_object(minio_bucket, "a")
    with urllib3.PoolManager() as pool:
        assert pool.request("GET", url).data == b"hello"
