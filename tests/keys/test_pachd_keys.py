"""Pachyderm tokens as keys: each caller may do what pachd lets them, however warm the caches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway.composition import identities
from gateway.settings import BadSetting, Settings
from pachd_server.__main__ import serving_embedded
from pachd_server.users import Role, Users
from pfs_client.values import Repo
from tests.cluster.conftest import running_in_process
from tests.cluster.wire import Wire
from tests.keys.signer import Key, Signer
from tests.raw_http import Answer, send

OWNER, READER, STRANGER, GONE = (
    f"{name}0123456789abcdef0123456789" for name in ("owner", "reader", "stranger", "gone")
)
TOKENS = (OWNER, READER, STRANGER, GONE)
BUCKET, KEY, CONTENT = "master.images", "dir/k", b"must not be seen"
OF_STRANGER = "master.mine"


@dataclass
class Deployment:
    """A pachd with users, and a gateway that asks it as each of them."""

    host: str
    port: int
    users: Users
    threads: ThreadPoolExecutor

    async def send(self, token: str, method: str, target: str, *args: Any, **kw: Any) -> Answer:
        signer = Signer(Key(token, kw.pop("secret", token)))
        call = partial(signer.send, self, method, target, *args, **kw)
        answer: Answer = await self.in_thread(call)
        return answer

    async def in_thread(self, call: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)

    async def s3(self, token: str, operation: str, **given: Any) -> Any:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{self.host}:{self.port}",
            region_name="us-east-1",
            aws_access_key_id=token,
            aws_secret_access_key=token,
            config=Config(retries={"total_max_attempts": 1}),
        )
        try:
            return await self.in_thread(partial(getattr(client, operation), **given))
        finally:
            client.close()


@contextlib.asynccontextmanager
async def deployed(
    folder: Path, patches: pytest.MonkeyPatch, *, users: Users | None, **settings: Any
) -> AsyncIterator[Deployment]:
    async with serving_embedded(
        folder / "pfs", "127.0.0.1:0", synchronous="off", users=users
    ) as served:
        given = Settings(pfs=f"grpc://{served.address}", pachd_keys=True, **settings)
        async with reached(given, users or Users(), patches) as deployment:
            yield deployment


@contextlib.asynccontextmanager
async def reached(
    settings: Settings, users: Users, patches: pytest.MonkeyPatch
) -> AsyncIterator[Deployment]:
    async with running_in_process(settings, patches) as endpoint:
        host, _, port = endpoint.partition("://")[2].rpartition(":")
        with ThreadPoolExecutor(8) as threads:
            yield Deployment(host, int(port), users, threads)


def some_users() -> Users:
    users = Users()
    users.add(OWNER, "user:owner@example.com")
    users.add(READER, "robot:reader")
    users.add(STRANGER, "robot:stranger")
    users.add(GONE, "robot:gone", expires=datetime(2026, 1, 1, tzinfo=UTC))
    return users


@pytest.fixture
def settings() -> dict[str, Any]:
    """Of the gateway, for tests to override."""
    return {"layers": ("copy",)}


@pytest.fixture
async def deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> AsyncIterator[Deployment]:
    """With one object, which its owner and a reader have just read: all caches are warm."""
    async with deployed(tmp_path, monkeypatch, users=some_users(), **settings) as deployment:
        await deployment.s3(OWNER, "create_bucket", Bucket=BUCKET)
        await deployment.s3(OWNER, "put_object", Bucket=BUCKET, Key=KEY, Body=CONTENT)
        await deployment.s3(STRANGER, "create_bucket", Bucket=OF_STRANGER)
        deployment.users.grant("robot:reader", Repo("images"), Role.REPO_READER)
        for token in (OWNER, READER):
            for call in ("list_objects_v2", "list_objects", "head_bucket"):
                await deployment.s3(token, call, Bucket=BUCKET)
            for call in ("get_object", "head_object"):
                await deployment.s3(token, call, Bucket=BUCKET, Key=KEY)
        yield deployment


READS = {
    "get_object": {"Key": KEY},
    "head_object": {"Key": KEY},
    "list_objects": {},
    "list_objects_v2": {},
    "head_bucket": {},
    "get_bucket_location": {},
}
WRITES: dict[str, dict[str, Any]] = {
    "put_object": {"Key": KEY, "Body": b"changed"},
    "delete_object": {"Key": KEY},
    "delete_objects": {"Delete": {"Objects": [{"Key": KEY}]}},
    "delete_bucket": {},
    "create_bucket": {},
    "copy_object": {"Key": "copy", "CopySource": f"{BUCKET}/{KEY}"},
}


async def test_a_stranger_can_do_nothing_with_what_others_have_cached(
    deployment: Deployment,
) -> None:
    for operation, given in {**READS, **WRITES}.items():
        with pytest.raises(ClientError) as raised:
            await deployment.s3(STRANGER, operation, Bucket=BUCKET, **given)
        answer = raised.value.response
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403, operation
        assert answer["Error"]["Code"] in ("AccessDenied", "403"), operation
    got = await deployment.s3(OWNER, "get_object", Bucket=BUCKET, Key=KEY)
    assert await deployment.in_thread(got["Body"].read) == CONTENT


@pytest.mark.parametrize("key", [KEY, "nosuch", "dir/", "what?"])
@pytest.mark.parametrize(
    "headers", [{}, {"If-None-Match": "*"}, {"If-Match": '"x"'}, {"Range": "bytes=1000-"}]
)
async def test_a_stranger_is_told_the_same_whatever_is_there(
    deployment: Deployment, key: str, headers: dict[str, str]
) -> None:
    for bucket in (BUCKET, "nobranch.images", "images"):
        for method in ("GET", "HEAD", "DELETE"):
            answer = await deployment.send(
                STRANGER, method, f"/{bucket}/{key}".replace("?", "%3F"), b"", headers
            )
            assert answer.status in ((403, 501) if headers and method == "DELETE" else (403,))


async def test_a_copy_needs_the_right_to_read_its_source(deployment: Deployment) -> None:
    for source in (f"{BUCKET}/{KEY}", f"{BUCKET}/nosuch", f"/images/{KEY}"):
        with pytest.raises(ClientError) as raised:
            await deployment.s3(
                STRANGER, "copy_object", Bucket=OF_STRANGER, Key="stolen", CopySource=source
            )
        assert raised.value.response["Error"]["Code"] == "AccessDenied"
    listed = await deployment.s3(STRANGER, "list_objects_v2", Bucket=OF_STRANGER)
    assert listed["KeyCount"] == 0


async def test_each_sees_the_buckets_that_they_may_read(deployment: Deployment) -> None:
    async def seen(token: str) -> list[str]:
        answer = await deployment.s3(token, "list_buckets")
        return [bucket["Name"] for bucket in answer["Buckets"]]

    assert await seen(OWNER) == [BUCKET]
    assert await seen(READER) == [BUCKET]
    assert await seen(STRANGER) == [OF_STRANGER]


async def test_a_reader_reads_and_does_not_write(deployment: Deployment) -> None:
    got = await deployment.s3(READER, "get_object", Bucket=BUCKET, Key=KEY)
    assert await deployment.in_thread(got["Body"].read) == CONTENT
    for operation in ("put_object", "delete_object", "delete_objects", "copy_object"):
        with pytest.raises(ClientError) as raised:
            await deployment.s3(READER, operation, Bucket=BUCKET, **WRITES[operation])
        assert raised.value.response["Error"]["Code"] == "AccessDenied", operation
    answer = await deployment.send(READER, "PUT", f"/{BUCKET}")
    assert (answer.status, answer.code) == (409, "BucketAlreadyOwnedByYou")
    with pytest.raises(ClientError):
        await deployment.s3(READER, "delete_bucket", Bucket=BUCKET)


async def test_a_right_that_is_taken_back_is_gone_at_once(deployment: Deployment) -> None:
    deployment.users.revoke("robot:reader", Repo("images"))
    for operation, given in READS.items():
        with pytest.raises(ClientError) as raised:
            await deployment.s3(READER, operation, Bucket=BUCKET, **given)
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


async def test_a_token_that_is_taken_back_is_no_key_any_more(deployment: Deployment) -> None:
    deployment.users.forget(READER)
    answer = await deployment.send(READER, "GET", f"/{BUCKET}/{KEY}")
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")
    answer = await deployment.send(READER, "GET", "/")
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize("token", [GONE, "nobody0123456789abcdef", "short", "with space in it"])
async def test_what_pachd_does_not_know_is_no_key(deployment: Deployment, token: str) -> None:
    answer = await deployment.send(token, "GET", f"/{BUCKET}/{KEY}")
    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")
    assert token.encode() not in answer.body
    (shown,) = answer.texts("AWSAccessKeyId")
    assert shown.startswith("token-")


async def test_another_secret_than_the_token_is_refused_and_nothing_told(
    deployment: Deployment,
) -> None:
    answer = await deployment.send(OWNER, "GET", f"/{BUCKET}/{KEY}", secret="guessed")
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    assert OWNER.encode() not in answer.body
    assert OWNER.encode().hex(" ").encode() not in answer.body
    assert answer.texts("CanonicalRequest")


async def test_presigned_urls_would_hand_the_token_on(deployment: Deployment) -> None:
    answer = await deployment.send(
        OWNER, "GET", f"/{BUCKET}/{KEY}", mode="UNSIGNED-PAYLOAD", presigned=True
    )
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert "--presigned-tokens" in answer.said
    assert OWNER.encode() not in answer.body


@pytest.mark.parametrize("settings", [{"presigned_tokens": True}])
async def test_presigned_urls_are_taken_where_they_shall_be(deployment: Deployment) -> None:
    target = f"/{BUCKET}/{KEY}"
    form: dict[str, Any] = {"mode": "UNSIGNED-PAYLOAD", "presigned": True}
    assert (await deployment.send(OWNER, "GET", target, **form)).body == CONTENT
    assert (await deployment.send(STRANGER, "GET", target, **form)).status == 403
    answer = await deployment.send(OWNER, "GET", target, secret="guessed", **form)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    for said in (OWNER.encode(), OWNER.encode().hex(" ").encode()):
        assert said not in answer.body


async def test_whoever_does_not_sign_is_refused(deployment: Deployment) -> None:
    answer = await deployment.in_thread(partial(send, deployment, "GET", f"/{BUCKET}/{KEY}"))
    assert (answer.status, answer.code) == (403, "AccessDenied")
    health = await deployment.in_thread(partial(send, deployment, "GET", "/-/ready"))
    assert health.status == 200


async def test_logs_name_the_user_and_no_token(
    capsys: pytest.CaptureFixture[str], deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await deployment.send(OWNER, "GET", f"/{BUCKET}/{KEY}")
    await deployment.send(STRANGER, "GET", f"/{BUCKET}/{KEY}")
    await deployment.send(GONE, "GET", f"/{BUCKET}/{KEY}", presigned=True)
    await deployment.send(OWNER, "GET", f"/{BUCKET}/{KEY}", secret="guessed")
    await asyncio.sleep(0.5)
    written = caplog.text + "".join(capsys.readouterr())
    assert "who=user:owner@example.com" in written
    assert "who=robot:stranger" in written
    assert not [token for token in TOKENS if token in written]


async def test_many_users_come_and_go(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "MAX_IDENTITIES", 2)
    for number in range(5):
        token = f"another{number}0123456789abcdef"
        deployment.users.add(token, f"robot:another{number}")
        bucket = f"master.of-{number}"
        await deployment.s3(token, "create_bucket", Bucket=bucket)
        await deployment.s3(token, "put_object", Bucket=bucket, Key="k", Body=b"x")
    got = await deployment.s3(OWNER, "get_object", Bucket=BUCKET, Key=KEY)
    assert await deployment.in_thread(got["Body"].read) == CONTENT


async def test_writers_with_their_own_tokens_write_one_branch(deployment: Deployment) -> None:
    deployment.users.grant("robot:stranger", Repo("images"), Role.REPO_WRITER)
    await asyncio.gather(
        *(
            deployment.s3(token, "put_object", Bucket=BUCKET, Key=f"{at}-{n}", Body=b"x")
            for at, token in enumerate((OWNER, STRANGER))
            for n in range(5)
        )
    )
    listed = await deployment.s3(OWNER, "list_objects_v2", Bucket=BUCKET)
    assert listed["KeyCount"] == 11


async def test_uploads_are_looked_after_with_the_tokens_of_those_who_have_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users, wire = some_users(), Wire()
    async with serving_embedded(
        tmp_path, "127.0.0.1:0", synchronous="off", users=users, interceptors=[wire]
    ) as served:
        given = Settings(pfs=f"grpc://{served.address}", pachd_keys=True, layers=("multipart",))
        async with reached(given, users, monkeypatch) as before:
            await before.s3(OWNER, "create_bucket", Bucket=BUCKET)
            upload = await before.s3(OWNER, "create_multipart_upload", Bucket=BUCKET, Key=KEY)
            part = {"UploadId": upload["UploadId"], "PartNumber": 1, "Body": CONTENT}
            await before.s3(OWNER, "upload_part", Bucket=BUCKET, Key=KEY, **part)
        wire.calls.clear()
        async with reached(given, users, monkeypatch) as after:
            await after.s3(STRANGER, "list_buckets")
            assert wire.count()["RenewFileSet"] == 0
            await after.s3(OWNER, "list_buckets")
            async with asyncio.timeout(60):
                await wire.came("RenewFileSet")


async def test_a_pachd_without_users_is_no_reason_to_let_anybody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with deployed(tmp_path, monkeypatch, users=None) as deployment:
        for method, target in (("GET", "/"), ("PUT", f"/{BUCKET}"), ("GET", f"/{BUCKET}/k")):
            answer = await deployment.send(OWNER, method, target)
            assert (answer.status, answer.code) == (503, "ServiceUnavailable")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "the embedded PFS has no users"),
        ({"pfs": "grpc://h:1", "access_keys": "f"}, "or with --access-keys"),
        ({"pfs": "grpc://h:1", "sole_writer": True}, "several writers"),
        ({"pfs": "grpc://h:1", "host": "0.0.0.0"}, "tokens would be sent in the open"),  # noqa: S104
    ],
)
def test_settings_that_would_be_unsafe_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSetting, match=says):
        Settings(pachd_keys=True, **given)
    Settings(pachd_keys=True, pfs="grpc://h:1", host="10.0.0.1", plain_tokens=True)
    Settings(pachd_keys=True, pfs="grpc://h:1", host="10.0.0.1", tls_cert="c.pem")
