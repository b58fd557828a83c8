"""Pachyderm tokens against every operation of every layer: whoever has no role gets nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from pachd_server.users import Role
from pfs_client.values import Repo
from tests.keys.every_operation import (
    BUCKET,
    DELETE,
    KEY,
    LAYERS,
    OTHERS,
    Asked,
    Ids,
    operations,
    request_of,
)
from tests.keys.signer import Key
from tests.keys.signer_v2 import send_v2
from tests.keys.test_pachd_keys import OWNER, READER, STRANGER, Deployment, deployment
from tests.raw_http import Answer

__all__ = ["deployment"]

LOOKS = (f"/{BUCKET}/{KEY}", f"/{BUCKET}?versions", f"/{BUCKET}?uploads", "/")


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"layers": LAYERS, "presigned_tokens": True}


async def filled(deployment: Deployment) -> Ids:
    """The owner's object and upload, and a bucket of the stranger's, all of it read before."""
    for token, bucket in ((OWNER, BUCKET), (STRANGER, OTHERS)):
        if bucket == OTHERS:
            assert (await deployment.send(token, "PUT", f"/{bucket}")).status == 200
        put = await deployment.send(token, "PUT", f"/{bucket}/{KEY}", b"must not change")
        assert put.status == 200
    return await begun_by(OWNER, deployment)


async def begun_by(token: str, deployment: Deployment) -> Ids:
    """An upload in the owner's bucket, with one part, and the object's version."""
    begun = await deployment.send(token, "POST", f"/{BUCKET}/{KEY}?uploads")
    upload = begun.texts("UploadId")[0]
    target = f"/{BUCKET}/{KEY}?uploadId={upload}&partNumber=1"
    part = await deployment.send(token, "PUT", target, b"a part")
    listed = await deployment.send(token, "GET", f"/{BUCKET}?versions&prefix={KEY}")
    version = listed.texts("Version", "VersionId")[0]
    return Ids(upload, part.headers["etag"].strip('"'), version)


async def all_there_is(deployment: Deployment, ids: Ids) -> list[bytes]:
    looks = (*LOOKS, f"/{BUCKET}/{KEY}?uploadId={ids.upload}")
    answers = [await deployment.send(OWNER, "GET", target) for target in looks]
    assert {answer.status for answer in answers} == {200}
    return [answer.body for answer in answers]


async def sent(deployment: Deployment, token: str, asked: Asked, **form: Any) -> Answer:
    return await deployment.send(
        token, asked.method, asked.target, asked.body, asked.headers, **form
    )


async def sent_v2(deployment: Deployment, asked: Asked, key: Key, **form: Any) -> Answer:
    call = partial(
        send_v2, deployment, key, asked.method, asked.target, asked.body, asked.headers, **form
    )
    answer: Answer = await deployment.in_thread(call)
    return answer


def assert_refused(answer: Answer, asked: Asked, code: str = "AccessDenied") -> None:
    assert answer.status == 403, (asked, answer.body)
    if asked.method != "HEAD":
        assert answer.code == code, (asked, answer.body)
    assert b"must not change" not in answer.body


async def test_a_stranger_gets_nothing_of_any_operation(deployment: Deployment) -> None:
    ids = await filled(deployment)
    before = await all_there_is(deployment, ids)
    for name in operations():
        for asked in request_of(name, ids) if name != "ListBuckets" else []:
            if name == "CreateBucket":  # another branch of a repo of the owner's
                asked = request_of(name, ids, bucket="master.images")[0]
            assert_refused(await sent(deployment, STRANGER, asked), asked)
            assert_refused(await sent_v2(deployment, asked, Key(STRANGER, STRANGER)), asked)
            form = {"mode": "UNSIGNED-PAYLOAD", "presigned": True}
            assert_refused(await sent(deployment, STRANGER, asked, **form), asked)
    document = DELETE % b"<VersionId>%s</VersionId>" % ids.version.encode()
    answer = await deployment.send(STRANGER, "POST", f"/{BUCKET}?delete", document)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert await all_there_is(deployment, ids) == before


async def test_a_wrong_secret_gets_nothing_of_any_operation(deployment: Deployment) -> None:
    ids = await filled(deployment)
    before = await all_there_is(deployment, ids)
    guessed = Key(OWNER, "guessed")
    for name in operations():
        for asked in request_of(name, ids):
            for presigned in (False, True):
                answer = await sent(
                    deployment, OWNER, asked, secret="guessed", mode="UNSIGNED-PAYLOAD",
                    presigned=presigned,
                )  # fmt: skip
                assert_refused(answer, asked, "SignatureDoesNotMatch")
                answer = await sent_v2(deployment, asked, guessed, presigned=presigned)
                assert_refused(answer, asked, "SignatureDoesNotMatch")
                assert OWNER.encode() not in answer.body
    assert await all_there_is(deployment, ids) == before


async def test_a_reader_reads_all_and_writes_nothing(deployment: Deployment) -> None:
    ids = await filled(deployment)
    before = await all_there_is(deployment, ids)
    for name in operations(that_write=False):
        for asked in request_of(name, ids):
            answer = await sent(deployment, READER, asked)
            assert answer.status == 200, (asked, answer.body)
    for name in operations(that_write=True):
        # That versions are to stay enabled writes nothing, and so needs no more than a look.
        for asked in request_of(name, ids) if name != "PutBucketVersioning" else []:
            answer = await sent(deployment, READER, asked)
            # That a bucket is not empty is decided first, and a reader may know it.
            known = ("AccessDenied", "NotImplemented", "BucketNotEmpty", "BucketAlreadyOwnedByYou")
            assert answer.code in known, (asked, answer.body)
    assert await all_there_is(deployment, ids) == before


async def test_no_copy_is_made_of_what_a_user_may_not_read(deployment: Deployment) -> None:
    ids = await filled(deployment)
    begun = await deployment.send(STRANGER, "POST", f"/{OTHERS}/{KEY}?uploads")
    own = Ids(begun.texts("UploadId")[0], "", "")
    for source in (
        f"/{BUCKET}/{KEY}", f"images/{KEY}", f"{BUCKET}%2F{KEY}", f"/{BUCKET}/nosuch",
        f"/{BUCKET}/{KEY}?versionId={ids.version}",
    ):  # fmt: skip
        for name in ("CopyObject", "UploadPartCopy"):
            (asked,) = request_of(name, own, bucket=OTHERS, source=source)
            assert_refused(await sent(deployment, STRANGER, asked), asked)


async def test_an_upload_of_others_is_not_to_be_had_through_ones_own_bucket(
    deployment: Deployment,
) -> None:
    ids = await filled(deployment)
    for name in ("UploadPart", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload"):
        (asked,) = request_of(name, ids, bucket=OTHERS)
        answer = await sent(deployment, STRANGER, asked)
        assert (answer.status, answer.code) == (404, "NoSuchUpload"), asked
    asked = Asked("GetObject", "GET", f"/{OTHERS}/{KEY}?versionId={ids.version}", b"", {})
    answer = await sent(deployment, STRANGER, asked)
    assert (answer.status, answer.code) == (404, "NoSuchVersion")


async def test_a_commit_is_for_those_who_may_read_its_repo(deployment: Deployment) -> None:
    ids = await filled(deployment)
    own, theirs = f"{ids.version}.{BUCKET}", f"{ids.version}.{OTHERS}"
    for name in operations(that_write=False):
        for asked in request_of(name, ids, bucket=own) if name != "ListBuckets" else []:
            answer = await sent(deployment, READER, asked)
            assert answer.status == (404 if name == "ListParts" else 200), (asked, answer.body)
            assert_refused(await sent(deployment, STRANGER, asked), asked)
        for asked in request_of(name, ids, bucket=theirs) if name != "ListBuckets" else []:
            assert (await sent(deployment, STRANGER, asked)).status == 404, asked
    for name in ("CopyObject", "UploadPartCopy"):
        begun = await deployment.send(STRANGER, "POST", f"/{OTHERS}/{KEY}?uploads")
        upload = Ids(begun.texts("UploadId")[0], "", "")
        (asked,) = request_of(name, upload, bucket=OTHERS, source=f"/{own}/{KEY}")
        assert_refused(await sent(deployment, STRANGER, asked), asked)
    for name in operations(that_write=True):
        for asked in request_of(name, ids, bucket=own):
            answer = await sent(deployment, OWNER, asked)
            assert (answer.status, answer.code) == (405, "MethodNotAllowed"), asked


async def test_a_role_is_what_lets_one_write(deployment: Deployment) -> None:
    """Or all that was refused above would prove nothing."""
    ids = await filled(deployment)
    deployment.users.grant("robot:stranger", Repo("images"), Role.REPO_WRITER)
    for name in ("CompleteMultipartUpload", "PutObject", "CreateMultipartUpload", "CopyObject"):
        (asked,) = request_of(name, ids)
        assert (await sent(deployment, STRANGER, asked)).status == 200, asked


async def test_a_role_that_is_taken_back_ends_what_it_began(deployment: Deployment) -> None:
    """Uploads of one's own too: an id is no right, and what was completed is told to nobody."""
    await filled(deployment)
    deployment.users.grant("robot:stranger", Repo("images"), Role.REPO_WRITER)
    done, begun = [await begun_by(STRANGER, deployment) for _ in range(2)]
    (complete,) = request_of("CompleteMultipartUpload", done)
    assert (await sent(deployment, STRANGER, complete)).status == 200
    deployment.users.revoke("robot:stranger", Repo("images"))
    assert_refused(await sent(deployment, STRANGER, complete), complete)
    for name in operations():
        for asked in request_of(name, begun) if name != "ListBuckets" else []:
            assert_refused(await sent(deployment, STRANGER, asked), asked)
