"""Access keys against every operation of every layer: wrong signatures, and keys without rights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.keys.conftest import OTHER, READER, WRITER, key_file
from tests.keys.every_operation import (
    BUCKET,
    CONTENT,
    DELETE,
    KEY,
    LAYERS,
    OTHERS,
    Asked,
    Ids,
    operations,
    request_of,
)
from tests.keys.signer import MODES, UNSIGNED, Key, Signer, right, wrong
from tests.keys.signer_v2 import send_v2
from tests.raw_http import Answer, send
from tests.servers import EMBEDDED, GatewayProcess, running_gateway

WRITING, READING = operations(that_write=True), operations(that_write=False)
GUESSED, NOBODY = Key("WRITER", "guessed"), Key("NOBODY", WRITER.secret)
SPOILED_BY = {"digit": WRITER, "secret": GUESSED, "name": NOBODY}
LOOKS = (
    f"/{BUCKET}/{KEY}", f"/{BUCKET}", f"/{BUCKET}?versions", f"/{BUCKET}?uploads", "/",
    f"/{OTHERS}?versions", f"/{OTHERS}?uploads",
)  # fmt: skip


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("layered")
    options = ("--access-keys", str(key_file(folder)))
    yield from running_gateway(EMBEDDED, folder / "pfs", *options, layers=LAYERS)


@pytest.fixture(scope="module")
def ids(layered: GatewayProcess) -> Ids:
    return filled(layered)


def filled(gateway: GatewayProcess) -> Ids:
    """Put an object and an upload with a part into two buckets."""
    signer = Signer(WRITER)
    for bucket in (OTHERS, BUCKET):
        assert signer.send(gateway, "PUT", f"/{bucket}").status in (200, 409)
        assert signer.send(gateway, "PUT", f"/{bucket}/{KEY}", CONTENT).status == 200
    begun = signer.send(gateway, "POST", f"/{BUCKET}/{KEY}?uploads")
    upload = begun.texts("UploadId")[0]
    target = f"/{BUCKET}/{KEY}?uploadId={upload}&partNumber=1"
    part = signer.send(gateway, "PUT", target, b"a part")
    versions = signer.send(gateway, "GET", f"/{BUCKET}?versions").texts("Version", "VersionId")
    return Ids(upload, part.headers["etag"].strip('"'), versions[0])


def all_there_is(gateway: GatewayProcess, ids: Ids) -> list[bytes]:
    signer = Signer(WRITER)
    parts = f"/{BUCKET}/{KEY}?uploadId={ids.upload}"
    answers = [signer.send(gateway, "GET", target) for target in (*LOOKS, parts)]
    assert {answer.status for answer in answers} == {200}
    return [answer.body for answer in answers]


@pytest.fixture(autouse=True, scope="module")
def nothing_changes(layered: GatewayProcess, ids: Ids) -> Iterator[None]:
    before = all_there_is(layered, ids)
    assert before[0] == CONTENT
    yield
    assert all_there_is(layered, ids) == before


def sent(gateway: GatewayProcess, signer: Signer, asked: Asked, **form: str | bool) -> Answer:
    return signer.send(
        gateway, asked.method, asked.target, asked.body, asked.headers,
        mode=str(form.get("mode", "the digest itself")), presigned=bool(form.get("presigned")),
    )  # fmt: skip


def assert_refused(answer: Answer, asked: Asked, code: str) -> None:
    assert answer.status == 403, asked
    if asked.method == "HEAD":
        assert not answer.body
    else:
        assert answer.code == code, asked
        assert WRITER.secret.encode() not in answer.body


@pytest.mark.parametrize("presigned", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("how", SPOILED_BY)
@pytest.mark.parametrize("name", operations())
def test_a_bad_signature_of_version_4(
    layered: GatewayProcess, ids: Ids, name: str, how: str, presigned: bool
) -> None:
    key = SPOILED_BY[how]
    signer = Signer(key, spoil=wrong if how == "digit" else right)
    code = "InvalidAccessKeyId" if how == "name" else "SignatureDoesNotMatch"
    for asked in request_of(name, ids):
        for mode in MODES if name in WRITING else (UNSIGNED,):
            answer = sent(layered, signer, asked, mode=mode, presigned=presigned)
            assert_refused(answer, asked, code)


@pytest.mark.parametrize("presigned", [False, True], ids=["header", "presigned"])
@pytest.mark.parametrize("how", SPOILED_BY)
@pytest.mark.parametrize("name", operations())
def test_a_bad_signature_of_version_2(
    layered: GatewayProcess, ids: Ids, name: str, how: str, presigned: bool
) -> None:
    code = "InvalidAccessKeyId" if how == "name" else "SignatureDoesNotMatch"
    for asked in request_of(name, ids):
        answer = send_v2(
            layered, SPOILED_BY[how], asked.method, asked.target, asked.body, asked.headers,
            presigned=presigned, spoiled=how == "digit",
        )  # fmt: skip
        assert_refused(answer, asked, code)


@pytest.mark.parametrize("name", operations())
def test_whoever_does_not_sign_gets_nothing(layered: GatewayProcess, ids: Ids, name: str) -> None:
    for asked in request_of(name, ids):
        body = asked.body if asked.method not in ("GET", "HEAD") else None
        answer = send(layered, asked.method, asked.target, body, asked.headers)
        assert_refused(answer, asked, "AccessDenied")


@pytest.mark.parametrize("name", [one for one in operations() if one != "ListBuckets"])
def test_a_key_of_another_bucket_can_do_nothing(
    layered: GatewayProcess, ids: Ids, name: str
) -> None:
    for bucket in (BUCKET, "images", "master.images.default", "master.nosuch"):
        for asked in request_of(name, ids, bucket=bucket):
            assert_refused(sent(layered, Signer(OTHER), asked), asked, "AccessDenied")
            answer = send_v2(layered, OTHER, asked.method, asked.target, asked.body, asked.headers)
            assert_refused(answer, asked, "AccessDenied")


@pytest.mark.parametrize("name", WRITING)
def test_a_key_for_reading_writes_nothing(layered: GatewayProcess, ids: Ids, name: str) -> None:
    for asked in request_of(name, ids):
        assert_refused(sent(layered, Signer(READER), asked), asked, "AccessDenied")


@pytest.mark.parametrize("name", READING)
def test_a_key_for_reading_reads(layered: GatewayProcess, ids: Ids, name: str) -> None:
    for asked in request_of(name, ids):
        assert sent(layered, Signer(READER), asked).status == 200


@pytest.mark.parametrize(
    "source",
    [
        f"/{BUCKET}/{KEY}", f"{BUCKET}/{KEY}", f"{BUCKET}%2F{KEY}", f"%2F{BUCKET}%2F{KEY}",
        f"images/{KEY}", f"master.images.default/{KEY}", "master%2Eimages/k",
        f"/{BUCKET}/{KEY}?versionId=VERSION", "/master.nosuch/k", f"/{BUCKET}/nosuch",
        f"/{OTHERS}/../{BUCKET}/{KEY}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["CopyObject", "UploadPartCopy"])
def test_no_copy_is_made_of_what_a_key_may_not_read(
    layered: GatewayProcess, ids: Ids, name: str, source: str
) -> None:
    source = source.replace("VERSION", ids.version)
    (asked,) = request_of(name, ids, bucket=OTHERS, source=source)
    answer = sent(layered, Signer(OTHER), asked)
    # The last one is a key of its own bucket, which is not there: `..` leads nowhere.
    allowed = ("NoSuchKey", "NoSuchUpload") if ".." in source else ("AccessDenied",)
    assert answer.code in allowed


def test_versions_of_others_are_neither_seen_nor_deleted(layered: GatewayProcess, ids: Ids) -> None:
    document = DELETE % b"<VersionId>%s</VersionId>" % ids.version.encode()
    for key in (OTHER, READER):
        answer = Signer(key).send(layered, "POST", f"/{BUCKET}?delete", document)
        assert (answer.status, answer.code) == (403, "AccessDenied")
    # Through a bucket that the key is for, a commit of another one is no version.
    own = Signer(OTHER).send(layered, "GET", f"/{OTHERS}/{KEY}?versionId={ids.version}")
    assert (own.status, own.code) == (404, "NoSuchVersion")


def test_the_list_of_buckets_holds_those_of_the_key(layered: GatewayProcess) -> None:
    seen = {
        key.name: Signer(key).send(layered, "GET", "/").texts("Buckets", "Bucket", "Name")
        for key in (WRITER, READER, OTHER)
    }
    assert seen == {"WRITER": [BUCKET, OTHERS], "READER": [BUCKET], "OTHER": [OTHERS]}


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PATCH", "TRACE", "PROPFIND", "get"])
@pytest.mark.parametrize("origin", ["", "https://page.example"])
def test_no_method_is_answered_without_a_signature(
    layered: GatewayProcess, method: str, origin: str
) -> None:
    """A browser's preflight too: it would tell what there is, and no page is ever let in."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"} if origin else {}
    for target in ("/", f"/{BUCKET}", f"/{BUCKET}/{KEY}"):
        answer = send(layered, method, target, b"", headers)
        assert answer.status in (403, 405, 501)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert KEY not in answer.texts("Contents", "Key")


def test_a_form_of_a_browser_is_no_signature(layered: GatewayProcess) -> None:
    """A form's policy would be one at AWS; there are no uploads by forms here."""
    field = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    fields = {"key": KEY, "AWSAccessKeyId": "WRITER", "policy": "e30=", "signature": "AAAA"}
    body = "".join(field.format(*item) for item in fields.items()) + "--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = send(layered, "POST", f"/{BUCKET}", body.encode(), headers)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    signed = Signer(WRITER).send(layered, "POST", f"/{BUCKET}", body.encode(), headers)
    assert signed.status in (405, 501)


def test_two_signatures_are_refused(layered: GatewayProcess) -> None:
    """Which of them counts, two programs might see differently."""
    signer, target = Signer(WRITER), f"/{BUCKET}/{KEY}"
    for query in ("AWSAccessKeyId=WRITER&Signature=a&Expires=9", "X-Amz-Signature=a"):
        answer = signer.send(layered, "GET", f"{target}?{query}")
        assert (answer.status, answer.code) == (400, "InvalidArgument")
    basic = signer.send(
        layered, "GET", target, headers={"Authorization": "Basic eA=="}, mode=UNSIGNED,
        presigned=True,
    )  # fmt: skip
    assert (basic.status, basic.code) == (400, "InvalidArgument")


def test_a_name_that_no_document_can_hold_is_refused_all_the_same(layered: GatewayProcess) -> None:
    for name in ("%00", "%0A", "%EF%BF%BE", "%ED%A0%80", "%3Cx%3E%26"):
        query = f"AWSAccessKeyId={name}&Signature={name}&Expires=99999999999"
        for asked in (f"/{BUCKET}?{query}", f"/{BUCKET}?{query.replace('99999999999', name)}"):
            answer = send(layered, "GET", asked)
            assert answer.status in (400, 403)
            assert answer.code


def test_the_same_requests_are_served_when_they_are_signed_rightly(tmp_path: Path) -> None:
    """Or all that was refused above would prove nothing."""
    options = ("--access-keys", str(key_file(tmp_path)))
    for gateway in running_gateway(EMBEDDED, tmp_path / "pfs", *options, layers=LAYERS):
        for name in operations():
            plain, *versioned = request_of(name, filled(gateway))
            answer = sent(gateway, Signer(WRITER), plain)
            served = (200, 204) if name != "DeleteBucket" else (409,)  # as it is not empty
            assert answer.status in served, (plain, answer.body)
            for asked in versioned if name != "DeleteObject" else []:
                assert sent(gateway, Signer(WRITER), asked).status == 200, asked
