"""Uploads in parts, where they are switched on."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import boto3_client
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.parametrize("layers", [("multipart",)], ids=["multipart"], indirect=True)

MIB = 1024 * 1024
FIRST = bytes(range(256)) * 4096 * 5  # the smallest that may be followed by another
LAST = b"the end"


def error_of(call: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    response = raised.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


class Upload:
    """One upload through boto3."""

    def __init__(self, s3: Any, bucket: str, key: str = "dir/a", **more: Any) -> None:
        self.s3 = s3
        self.target = {"Bucket": bucket, "Key": key}
        begun = s3.create_multipart_upload(**self.target, **more)
        self.id = begun["UploadId"]
        self.parts: list[dict[str, Any]] = []

    @property
    def named(self) -> dict[str, str]:
        return {**self.target, "UploadId": self.id}

    def send(self, number: int, body: bytes, **more: Any) -> dict[str, Any]:
        sent: dict[str, Any] = self.s3.upload_part(
            **self.named, PartNumber=number, Body=body, **more
        )
        checksums = {name: value for name, value in sent.items() if name.startswith("Checksum")}
        self.parts = [part for part in self.parts if part["PartNumber"] != number]
        self.parts.append({"PartNumber": number, "ETag": sent["ETag"], **checksums})
        return sent

    def complete(self, **more: Any) -> dict[str, Any]:
        listed = {"Parts": self.parts}
        completed: dict[str, Any] = self.s3.complete_multipart_upload(
            **self.named, MultipartUpload=listed, **more
        )
        return completed

    def content(self) -> bytes:
        content: bytes = self.s3.get_object(**self.target)["Body"].read()
        return content


@pytest.fixture
def upload(s3: Any, bucket: str) -> Upload:
    return Upload(s3, bucket)


@pytest.fixture
def whole(upload: Upload) -> Upload:
    """An upload whose parts have all come."""
    upload.send(1, FIRST)
    upload.send(2, LAST)
    return upload


def test_an_object_of_parts_is_the_one_that_a_put_of_its_bytes_makes(
    s3: Any, bucket: str, whole: Upload
) -> None:
    completed = whole.complete()
    assert whole.content() == FIRST + LAST
    put = s3.put_object(Bucket=bucket, Key="put", Body=FIRST + LAST)
    assert completed["ETag"] == put["ETag"] == s3.head_object(**whole.target)["ETag"]
    assert (completed["Bucket"], completed["Key"]) == (bucket, "dir/a")


def test_an_object_of_parts_is_read_by_part_as_one_that_was_put(
    gateway: GatewayProcess, s3: Any, bucket: str, whole: Upload
) -> None:
    """It has one part: download managers ask for part 1, and get all of it without a count."""
    whole.complete()
    s3.put_object(Bucket=bucket, Key="put", Body=FIRST + LAST)
    for method in ("GET", "HEAD"):
        answers = [
            send(gateway, method, f"/{bucket}/{key}?partNumber=1") for key in ("dir/a", "put")
        ]
        for answer in answers:
            for varying in ("date", "last-modified", "x-amz-request-id", "x-amz-id-2"):
                answer.headers.pop(varying, None)
        assert answers[0] == answers[1]
        assert answers[0].status == 206
        assert answers[0].headers["content-length"] == str(len(FIRST + LAST))
        assert "x-amz-mp-parts-count" not in answers[0].headers
    refused = send(gateway, "GET", f"/{bucket}/dir/a?partNumber=2")
    assert (refused.status, refused.code) == (416, "InvalidPartNumber")
    assert refused.texts("ActualPartCount") == ["1"]


def test_a_large_file_goes_up_at_the_defaults_of_boto3(s3: Any, bucket: str) -> None:
    content = FIRST * 4 + LAST
    s3.upload_fileobj(io.BytesIO(content), bucket, "large")
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == content


def test_the_object_is_not_there_before_it_is_complete(s3: Any, whole: Upload) -> None:
    assert error_of(s3.head_object, **whole.target) == (404, "404")
    whole.complete()
    assert s3.head_object(**whole.target)["ContentLength"] == len(FIRST + LAST)


@pytest.mark.parametrize("body", [b"", b"a"], ids=["empty", "small"])
def test_one_part_may_be_of_any_size(upload: Upload, body: bytes) -> None:
    upload.send(7, body)
    upload.complete()
    assert upload.content() == body


def test_of_parts_of_one_number_the_last_counts(upload: Upload) -> None:
    first = upload.send(1, b"one")
    upload.send(1, b"another")
    upload.parts, listed = [{"PartNumber": 1, "ETag": first["ETag"]}], upload.parts
    assert error_of(upload.complete) == (400, "InvalidPart")
    upload.parts = listed
    upload.complete()
    assert upload.content() == b"another"


def test_of_a_part_that_is_sent_twice_the_one_that_ends_last_counts(
    gateway: GatewayProcess, bucket: str, upload: Upload
) -> None:
    target = f"/{bucket}/{upload.target['Key']}?partNumber=1&uploadId={upload.id}"
    with Connection(gateway) as first:
        first.send(first.head("PUT", target, None, {"Content-Length": "5"}) + b"fir")
        second = upload.send(1, b"second")
        first.send(b"st")
        answer = first.read()
    assert answer.status == 200
    upload.parts = [{"PartNumber": 1, "ETag": second["ETag"]}]
    assert error_of(upload.complete) == (400, "InvalidPart")
    upload.parts = [{"PartNumber": 1, "ETag": answer.headers["etag"]}]
    upload.complete()
    assert upload.content() == b"first"


def test_parts_that_are_not_listed_are_left_out(upload: Upload) -> None:
    upload.send(2, FIRST)
    upload.send(3, b"left out")
    upload.parts.pop()
    upload.send(4, LAST)
    upload.complete()
    assert upload.content() == FIRST + LAST


def test_what_is_wrong_with_a_list_is_told_and_the_upload_goes_on(whole: Upload) -> None:
    right = whole.parts
    for wrong, code in (
        ([{"PartNumber": 3, "ETag": right[0]["ETag"]}], "InvalidPart"),
        ([{"PartNumber": 1, "ETag": right[1]["ETag"]}], "InvalidPart"),
        ([right[1], right[0]], "InvalidPartOrder"),
        ([right[0], right[0]], "InvalidPartOrder"),
        ([], "MalformedXML"),
        ([{"PartNumber": 0, "ETag": right[0]["ETag"]}], "InvalidArgument"),
        ([{"PartNumber": -4, "ETag": right[0]["ETag"]}], "InvalidArgument"),
        ([{"PartNumber": 10_001, "ETag": right[0]["ETag"]}], "InvalidArgument"),
    ):
        whole.parts = wrong
        assert error_of(whole.complete) == (400, code)
    whole.parts = right
    whole.complete()
    assert whole.content() == FIRST + LAST


def test_only_the_last_part_may_be_small(upload: Upload) -> None:
    upload.send(1, LAST)
    upload.send(2, LAST)
    assert error_of(upload.complete) == (400, "EntityTooSmall")


@pytest.mark.parametrize("number", [0, 10_001])
def test_a_part_has_a_number_of_those_there_are(upload: Upload, number: int) -> None:
    assert error_of(upload.send, number=number, body=b"") == (400, "InvalidArgument")


def test_an_upload_is_of_one_key_in_one_bucket(s3: Any, bucket: str, whole: Upload) -> None:
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    for elsewhere in ({"Key": "dir/b"}, {"Bucket": other}, {"UploadId": "u-" + "0" * 32}):
        named = {**whole.named, **elsewhere}
        assert error_of(s3.list_parts, **named) == (404, "NoSuchUpload")
        part = {**named, "PartNumber": 1, "Body": b""}
        assert error_of(s3.upload_part, **part) == (404, "NoSuchUpload")
        assert error_of(s3.abort_multipart_upload, **named) == (404, "NoSuchUpload")
        listed = {**named, "MultipartUpload": {"Parts": whole.parts}}
        assert error_of(s3.complete_multipart_upload, **listed) == (404, "NoSuchUpload")


@pytest.mark.parametrize("upload_id", ["a", "u-", "u-" + "0" * 31, "../x", "0" * 32])
def test_what_is_no_id_is_no_upload(s3: Any, bucket: str, upload_id: str) -> None:
    named = {"Bucket": bucket, "Key": "a", "UploadId": upload_id}
    assert error_of(s3.list_parts, **named) == (404, "NoSuchUpload")


def test_an_aborted_upload_is_none_any_more(s3: Any, bucket: str, whole: Upload) -> None:
    s3.abort_multipart_upload(**whole.named)
    assert error_of(whole.complete) == (404, "NoSuchUpload")
    assert error_of(whole.send, number=1, body=b"late") == (404, "NoSuchUpload")
    assert error_of(s3.abort_multipart_upload, **whole.named) == (404, "NoSuchUpload")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_repeated_completion_has_the_same_answer(s3: Any, whole: Upload) -> None:
    completed = whole.complete()
    assert whole.complete()["ETag"] == completed["ETag"]
    s3.put_object(**whole.target, Body=b"newer")
    assert whole.complete()["ETag"] == completed["ETag"]
    assert whole.content() == b"newer"
    whole.parts.pop()
    assert error_of(whole.complete) == (404, "NoSuchUpload")


def test_completions_at_once_make_one_object(gateway: GatewayProcess, whole: Upload) -> None:
    etags: list[str] = []

    def complete() -> None:
        client = boto3_client(gateway)
        listed = {"Parts": whole.parts}
        done = client.complete_multipart_upload(**whole.named, MultipartUpload=listed)
        etags.append(done["ETag"])
        client.close()

    threads = [threading.Thread(target=complete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(etags) == 4
    assert len(set(etags)) == 1
    assert whole.content() == FIRST + LAST


def test_a_completed_upload_takes_no_parts_and_is_not_listed(
    s3: Any, bucket: str, whole: Upload
) -> None:
    whole.complete()
    assert error_of(whole.send, number=3, body=b"late") == (404, "NoSuchUpload")
    assert error_of(s3.list_parts, **whole.named) == (404, "NoSuchUpload")
    assert error_of(s3.abort_multipart_upload, **whole.named) == (404, "NoSuchUpload")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_completion_that_collides_leaves_the_upload(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket, "a/b")
    upload.send(1, LAST)
    s3.put_object(Bucket=bucket, Key="a", Body=b"in the way")
    assert error_of(upload.complete) == (400, "InvalidFilePath")
    s3.delete_object(Bucket=bucket, Key="a")
    upload.complete()
    assert upload.content() == LAST


def test_parts_are_listed_in_pages(s3: Any, upload: Upload) -> None:
    for number in (3, 1, 2):
        upload.send(number, b"x" * number)
    listed = s3.list_parts(**upload.named)
    assert [(p["PartNumber"], p["Size"]) for p in listed["Parts"]] == [(1, 1), (2, 2), (3, 3)]
    assert listed["IsTruncated"] is False
    page = s3.list_parts(**upload.named, MaxParts=2)
    assert (page["IsTruncated"], page["NextPartNumberMarker"]) == (True, 2)
    rest = s3.list_parts(**upload.named, PartNumberMarker=2)
    assert [part["PartNumber"] for part in rest["Parts"]] == [3]
    etags = {part["PartNumber"]: part["ETag"] for part in listed["Parts"]}
    assert etags == {part["PartNumber"]: part["ETag"] for part in upload.parts}


def test_uploads_are_listed_in_pages_by_key_and_those_of_one_key_as_they_were_begun(
    s3: Any, bucket: str
) -> None:
    ids = {key: Upload(s3, bucket, key).id for key in ("b", "a/2", "a/1", "c d")}
    again = [Upload(s3, bucket, "b").id for _ in range(4)]
    found = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [one["Key"] for one in found] == ["a/1", "a/2", *["b"] * 5, "c d"]
    in_order = [ids["a/1"], ids["a/2"], ids["b"], *again, ids["c d"]]
    assert [one["UploadId"] for one in found] == in_order
    assert [one["Initiated"] for one in found[2:7]] == sorted(
        one["Initiated"] for one in found[2:7]
    )
    seen: list[str] = []
    markers: dict[str, str] = {}
    while True:
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **markers)
        seen += [one["UploadId"] for one in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {
            "KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]
        }  # fmt: skip
    assert seen == [one["UploadId"] for one in found]
    folded = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [one["Prefix"] for one in folded["CommonPrefixes"]] == ["a/"]
    assert [one["Key"] for one in folded["Uploads"]] == [*["b"] * 5, "c d"]
    below = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/", KeyMarker="a/1")
    assert [one["Key"] for one in below["Uploads"]] == ["a/2"]


def test_a_part_is_copied_from_an_object_or_a_range_of_it(
    s3: Any, bucket: str, upload: Upload
) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=FIRST)
    source = f"{bucket}/source"
    whole = s3.upload_part_copy(**upload.named, PartNumber=1, CopySource=source)
    a_range = s3.upload_part_copy(
        **upload.named, PartNumber=2, CopySource=source, CopySourceRange="bytes=10-19"
    )
    upload.parts = [
        {"PartNumber": 1, "ETag": whole["CopyPartResult"]["ETag"]},
        {"PartNumber": 2, "ETag": a_range["CopyPartResult"]["ETag"]},
    ]
    upload.complete()
    assert upload.content() == FIRST + FIRST[10:20]


def test_what_cannot_be_copied_into_a_part_is_refused(s3: Any, bucket: str, upload: Upload) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    copy = {**upload.named, "PartNumber": 1, "CopySource": f"{bucket}/source"}
    for wrong in ("bytes=5-10", "bytes=5-", "bytes=-5", "bytes=7-6", "0-3"):
        refused = error_of(s3.upload_part_copy, **copy, CopySourceRange=wrong)
        assert refused == (400, "InvalidArgument")
    missing = {**copy, "CopySource": f"{bucket}/nothing"}
    assert error_of(s3.upload_part_copy, **missing) == (404, "NoSuchKey")
    version = {**copy, "CopySource": f"{bucket}/source?versionId=0123456789ab4def8123456789abcdef"}
    assert error_of(s3.upload_part_copy, **version) == (501, "NotImplemented")
    condition = {**copy, "CopySourceIfMatch": '"another"'}
    assert error_of(s3.upload_part_copy, **condition) == (412, "PreconditionFailed")


@pytest.mark.parametrize("is_completed", [False, True])
def test_a_bucket_that_is_created_anew_has_no_uploads_of_the_one_before(
    s3: Any, bucket: str, is_completed: bool
) -> None:
    """Its repo stays, with another bucket, and the uploads are in the repo."""
    beside = bucket.replace("master.", "dev.")
    s3.create_bucket(Bucket=beside)
    upload = Upload(s3, beside, "a")
    others = Upload(s3, bucket, "a")
    for one in (upload, others):
        one.send(1, LAST)
    if is_completed:
        upload.complete()
        s3.delete_object(**upload.target)
    s3.delete_bucket(Bucket=beside)
    s3.create_bucket(Bucket=beside)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=beside)
    assert error_of(upload.complete) == (404, "NoSuchUpload")
    assert error_of(s3.get_object, **upload.target) == (404, "NoSuchKey")
    others.complete()
    assert others.content() == LAST


def test_a_range_as_that_of_a_get_does_not_copy_the_whole_into_a_part(
    gateway: GatewayProcess, s3: Any, bucket: str, upload: Upload
) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    target = f"/{bucket}/{upload.target['Key']}?partNumber=1&uploadId={upload.id}"
    headers = {"x-amz-copy-source": f"{bucket}/source", "Range": "bytes=0-1"}
    answer = send(gateway, "PUT", target, b"", headers)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.texts("ArgumentName") == ["Range"]
    assert "Parts" not in s3.list_parts(**upload.named)


def base64_of(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def test_a_composite_checksum_is_that_of_the_parts_checksums(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket, ChecksumAlgorithm="SHA256")
    for number, body in enumerate((FIRST, LAST), 1):
        upload.send(number, body, ChecksumAlgorithm="SHA256")
    digests = b"".join(hashlib.sha256(body).digest() for body in (FIRST, LAST))
    expected = base64_of(hashlib.sha256(digests).digest()) + "-2"
    listed = s3.list_parts(**upload.named)
    assert listed["ChecksumAlgorithm"] == "SHA256"
    assert listed["Parts"][1]["ChecksumSHA256"] == base64_of(hashlib.sha256(LAST).digest())
    completed = upload.complete(ChecksumSHA256=expected)
    assert (completed["ChecksumSHA256"], completed["ChecksumType"]) == (expected, "COMPOSITE")


def test_a_full_object_checksum_is_computed_from_those_of_the_parts(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload.send(1, FIRST, ChecksumAlgorithm="CRC32")
    upload.send(2, LAST, ChecksumAlgorithm="CRC32")
    expected = base64_of(zlib.crc32(FIRST + LAST).to_bytes(4, "big"))
    wrong = {"ChecksumCRC32": base64_of(b"1234"), "ChecksumType": "FULL_OBJECT"}
    assert error_of(upload.complete, **wrong) == (400, "BadDigest")
    completed = upload.complete(ChecksumCRC32=expected, ChecksumType="FULL_OBJECT")
    assert (completed["ChecksumCRC32"], completed["ChecksumType"]) == (expected, "FULL_OBJECT")


def test_a_part_that_says_no_checksum_has_one_in_the_upload(
    gateway: GatewayProcess, s3: Any, bucket: str
) -> None:
    upload = Upload(s3, bucket, ChecksumAlgorithm="CRC32")
    path = f"/{bucket}/dir/a?partNumber=1&uploadId={upload.id}"
    checksum = base64_of(zlib.crc32(LAST).to_bytes(4, "big"))
    answer = send(gateway, "PUT", path, LAST)
    assert (answer.status, answer.headers["x-amz-checksum-crc32"]) == (200, checksum)
    (part,) = s3.list_parts(**upload.named)["Parts"]
    assert part["ChecksumCRC32"] == checksum


def test_checksums_that_do_not_fit_are_refused(s3: Any, bucket: str) -> None:
    target = {"Bucket": bucket, "Key": "a"}
    for algorithm, kind in (("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
        asked = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
        assert error_of(s3.create_multipart_upload, **target, **asked) == (400, "InvalidRequest")
    upload = Upload(s3, bucket, "a", ChecksumAlgorithm="CRC32")
    other = {"number": 1, "body": LAST, "ChecksumAlgorithm": "SHA256"}
    assert error_of(upload.send, **other) == (400, "InvalidRequest")
    upload.send(1, LAST, ChecksumAlgorithm="CRC32")
    upload.parts[0]["ChecksumCRC32"] = base64_of(b"1234")
    assert error_of(upload.complete) == (400, "InvalidPart")


@pytest.mark.parametrize("named", ["CRC32C", "crc32c", "Crc32c"])
def test_an_uploads_algorithm_may_be_named_in_any_case(
    gateway: GatewayProcess, bucket: str, named: str
) -> None:
    asked = {"x-amz-checksum-algorithm": named}
    begun = send(gateway, "POST", f"/{bucket}/a?uploads", b"", asked)
    assert begun.status == 200
    assert begun.headers["x-amz-checksum-algorithm"] == "CRC32C"


@pytest.mark.parametrize("directive", ["REPLACE", "COPY"])
def test_an_upload_may_say_whose_metadata_it_takes(
    gateway: GatewayProcess, bucket: str, directive: str
) -> None:
    headers = {"x-amz-metadata-directive": directive, "x-amz-meta-mtime": "1600000000"}
    assert send(gateway, "POST", f"/{bucket}/a?uploads", b"", headers).status == 200
    refused = send(gateway, "POST", f"/{bucket}/a?uploads", b"", {**headers, "x-amz-tagging": "a"})
    assert (refused.status, refused.code) == (501, "NotImplemented")


@pytest.mark.parametrize("named", ["FULL_OBJECT", "Full_Object"])
def test_an_uploads_checksum_type_may_be_named_in_any_case(
    gateway: GatewayProcess, bucket: str, named: str
) -> None:
    asked = {"x-amz-checksum-algorithm": "CRC32", "x-amz-checksum-type": named}
    begun = send(gateway, "POST", f"/{bucket}/a?uploads", b"", asked)
    assert begun.status == 200
    assert begun.headers["x-amz-checksum-type"] == "FULL_OBJECT"


@pytest.mark.parametrize(
    "wrong", [{"x-amz-checksum-algorithm": "crc16"}, {"x-amz-checksum-type": "PARTIAL"}]
)
def test_an_upload_with_checksums_that_there_are_not_is_not_begun(
    gateway: GatewayProcess, s3: Any, bucket: str, wrong: dict[str, str]
) -> None:
    asked = {"x-amz-checksum-algorithm": "CRC32", **wrong}
    refused = send(gateway, "POST", f"/{bucket}/a?uploads", b"", asked)
    assert (refused.status, refused.texts("Code")) == (400, ["InvalidRequest"])
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_the_size_that_a_completion_says_is_verified(whole: Upload) -> None:
    assert error_of(whole.complete, MpuObjectSize=1) == (400, "InvalidRequest")
    whole.complete(MpuObjectSize=len(FIRST + LAST))


def test_a_part_with_a_wrong_digest_is_none(
    gateway: GatewayProcess, s3: Any, bucket: str, upload: Upload
) -> None:
    path = f"/{bucket}/dir/a?partNumber=1&uploadId={upload.id}"
    wrong = {"content-md5": base64_of(b"0123456789abcdef")}
    answer = send(gateway, "PUT", path, LAST, wrong)
    assert (answer.status, answer.texts("Code")) == (400, ["BadDigest"])
    assert "Parts" not in s3.list_parts(**upload.named)


def test_a_directory_marker_is_not_uploaded_in_parts(s3: Any, bucket: str) -> None:
    target = {"Bucket": bucket, "Key": "dir/"}
    assert error_of(s3.create_multipart_upload, **target) == (400, "InvalidFilePath")


def test_the_list_of_parts_is_read_without_entities(
    gateway: GatewayProcess, bucket: str, upload: Upload
) -> None:
    document = (
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><CompleteMultipartUpload>'
        b"<Part><PartNumber>1</PartNumber><ETag>&e;</ETag></Part></CompleteMultipartUpload>"
    )
    answer = _post(gateway, upload, document)
    assert (answer.status, answer.texts("Code")) == (400, ["MalformedXML"])
    assert b"root" not in answer.body


def _post(gateway: GatewayProcess, upload: Upload, document: bytes) -> Answer:
    path = f"/{upload.target['Bucket']}/{upload.target['Key']}?uploadId={upload.id}"
    return send(gateway, "POST", path, document)


def test_an_upload_is_completed_only_if_nothing_is_there(s3: Any, bucket: str) -> None:
    first, second = (Upload(s3, bucket) for _ in range(2))
    for upload in (first, second):
        upload.send(1, b"some bytes")
    etag = first.complete(IfNoneMatch="*")["ETag"]
    assert error_of(second.complete, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert first.complete(IfNoneMatch="*")["ETag"] == etag
    second.complete()


def test_an_upload_is_completed_only_if_the_object_is_the_one(s3: Any, upload: Upload) -> None:
    upload.send(1, b"some bytes")
    assert error_of(upload.complete, IfMatch='"another"') == (404, "NoSuchKey")
    etag = s3.put_object(**upload.target, Body=b"before")["ETag"]
    assert error_of(upload.complete, IfMatch='"another"') == (412, "PreconditionFailed")
    upload.complete(IfMatch=etag)
    assert upload.content() == b"some bytes"
