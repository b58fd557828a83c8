"""What a request that completes an upload says besides its parts, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.test_multipart import FIRST, LAST, Upload, base64_of, error_of
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.parametrize("layers", [("multipart",)], ids=["multipart"], indirect=True)

SHA1 = base64_of(bytes(20))


def complete(gateway: GatewayProcess, upload: Upload, headers: dict[str, str]) -> Answer:
    """Complete an upload with headers that boto3 would not send."""
    target = f"/{upload.target['Bucket']}/{upload.target['Key']}?uploadId={upload.id}"
    return send(gateway, "POST", target, list_of(upload), headers)


def list_of(upload: Upload) -> bytes:
    """The document that completes an upload."""
    parts = "".join(
        f"<Part><PartNumber>{part['PartNumber']}</PartNumber><ETag>{part['ETag']}</ETag></Part>"
        for part in upload.parts
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def upload_with(s3: Any, bucket: str, algorithm: str, kind: str) -> Upload:
    upload = Upload(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType=kind)
    for number, body in enumerate((FIRST, LAST), 1):
        upload.send(number, body, ChecksumAlgorithm=algorithm)
    return upload


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        ({"ChecksumCRC32": "no base64"}, (400, "InvalidArgument")),
        ({"ChecksumCRC32": SHA1}, (400, "InvalidArgument")),
        ({"ChecksumCRC32": "", "ChecksumSHA1": SHA1}, (400, "InvalidArgument")),
        ({"ChecksumSHA1": SHA1}, (400, "BadDigest")),
        ({"ChecksumCRC32": base64_of(b"1234")}, (400, "InvalidPart")),
    ],
)
def test_a_checksum_that_a_part_is_named_with_is_verified_or_refused(
    s3: Any, bucket: str, named: dict[str, str], refusal: tuple[int, str]
) -> None:
    upload = upload_with(s3, bucket, "CRC32", "COMPOSITE")
    right = upload.parts[0]
    ours = {"ChecksumCRC32": right["ChecksumCRC32"]} if named.get("ChecksumCRC32") == "" else {}
    part = {"PartNumber": 1, "ETag": right["ETag"], **named, **ours}
    upload.parts = [part, upload.parts[1]]
    assert error_of(upload.complete) == refusal
    upload.parts[0] = right
    upload.complete()
    assert upload.content() == FIRST + LAST


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"x-amz-checksum-crc32": base64_of(b"1234")}, (400, "BadDigest")),
        ({"x-amz-checksum-sha1": SHA1}, (400, "InvalidRequest")),
        ({"x-amz-checksum-type": "FULL_OBJECT"}, (400, "InvalidRequest")),
        ({"x-amz-mp-object-size": "1"}, (400, "InvalidRequest")),
        ({"x-amz-mp-object-size": f"{len(FIRST + LAST)}0"}, (400, "InvalidRequest")),
        ({"x-amz-mp-object-size": "9" * 5000}, (400, "InvalidRequest")),
        ({"x-amz-mp-object-size": f"{'0' * 5000}{len(FIRST + LAST)}"}, (200, None)),
    ],
    ids=range(7),
)
def test_what_a_request_says_of_the_object_is_verified_also_when_it_is_repeated(
    gateway: GatewayProcess,
    s3: Any,
    bucket: str,
    headers: dict[str, str],
    refusal: tuple[int, str | None],
) -> None:
    upload = upload_with(s3, bucket, "CRC32", "COMPOSITE")
    first = complete(gateway, upload, headers)
    upload.complete()
    for answer in (first, complete(gateway, upload, headers)):
        assert (answer.status, answer.xml.findtext("Code")) == refusal
    assert complete(gateway, upload, {}).status == 200


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        ({"ChecksumCRC32": base64_of(b"1234")}, (400, "InvalidPart")),
        ({"ChecksumSHA1": SHA1}, (400, "BadDigest")),
    ],
)
def test_so_are_the_checksums_of_parts(
    s3: Any, bucket: str, named: dict[str, str], refusal: tuple[int, str]
) -> None:
    upload = upload_with(s3, bucket, "CRC32", "COMPOSITE")
    upload.complete()
    right = upload.parts[0]
    upload.parts[0] = {"PartNumber": 1, "ETag": right["ETag"], **named}
    assert error_of(upload.complete) == refusal
    upload.parts[0] = right
    upload.complete()


@pytest.mark.parametrize("kind", ["COMPOSITE", "FULL_OBJECT"])
@pytest.mark.parametrize(
    "headers",
    [
        {"x-amz-checksum-crc32": "no base64"},
        {"x-amz-checksum-crc32": "AQIDBA==-12a"},
        {"x-amz-checksum-crc32": "AQIDBA==--2"},
        {"x-amz-checksum-crc32": "AQIDBA==-1-2"},
        {"x-amz-checksum-crc32": "AQIDBA==", "x-amz-checksum-sha1": SHA1},
        {"x-amz-checksum-crc16": "AQI="},
        {"x-amz-checksum-type": "PARTIAL"},
        {"x-amz-mp-object-size": "-1"},
        {"x-amz-mp-object-size": "many"},
    ],
)
def test_headers_that_say_nothing_of_an_object_are_invalid(
    gateway: GatewayProcess, s3: Any, bucket: str, kind: str, headers: dict[str, str]
) -> None:
    """Before anything else is looked at: also of an upload that cannot be completed so."""
    upload = Upload(s3, bucket, ChecksumAlgorithm="CRC32", ChecksumType=kind)
    for number in (1, 2):
        upload.send(number, LAST, ChecksumAlgorithm="CRC32")
    answer = complete(gateway, upload, headers)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert complete(gateway, upload, {}).code == "EntityTooSmall"


def test_checksums_of_an_upload_without_an_algorithm_are_not_looked_at(
    gateway: GatewayProcess, s3: Any, bucket: str
) -> None:
    upload = Upload(s3, bucket)
    upload.send(1, LAST)
    answer = complete(gateway, upload, {"x-amz-checksum-sha1": SHA1})
    assert answer.status == 200
    assert b"Checksum" not in answer.body
    assert upload.content() == LAST


def test_a_checksum_type_may_be_named_in_any_case(
    gateway: GatewayProcess, s3: Any, bucket: str
) -> None:
    upload = upload_with(s3, bucket, "CRC32", "FULL_OBJECT")
    answer = complete(gateway, upload, {"x-amz-checksum-type": "Composite"})
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert complete(gateway, upload, {"x-amz-checksum-type": "full_object"}).status == 200
    assert upload.content() == FIRST + LAST


NUMBERS = {
    "000000000000000000001": 200,
    f"{'0' * 5000}1": 200,
    "0": 400,
    "-1": 400,
    "-0": 400,
    "0010001": 400,
    "0100001": 400,
    f"1{'0' * 5000}": 400,
}


@pytest.mark.parametrize(("written", "status"), NUMBERS.items(), ids=range(len(NUMBERS)))
def test_the_number_of_a_part_is_all_of_its_digits(
    gateway: GatewayProcess, s3: Any, bucket: str, written: str, status: int
) -> None:
    upload = Upload(s3, bucket)
    upload.send(1, FIRST)
    upload.send(10_000, LAST)
    upload.parts = [{**upload.parts[0], "PartNumber": written}]
    answer = complete(gateway, upload, {})
    assert answer.status == status
    if status == 400:
        assert (answer.code, answer.texts("ArgumentValue")) == ("InvalidArgument", [written])


LOCATIONS = {
    "a name": ("Host: localhost:81\r\n", "HTTP/1.1", "http://localhost:81"),
    "an empty host": ("Host:\r\n", "HTTP/1.1", ""),
    "a port alone": ("Host: :80\r\n", "HTTP/1.1", ""),
    "no host": ("", "HTTP/1.0", ""),
}


@pytest.mark.parametrize(("host", "version", "origin"), LOCATIONS.values(), ids=LOCATIONS)
def test_the_location_is_the_url_that_the_list_was_sent_to(
    gateway: GatewayProcess, s3: Any, bucket: str, host: str, version: str, origin: str
) -> None:
    upload = Upload(s3, bucket, "d/a <&")
    upload.send(1, LAST)
    body = list_of(upload)
    head = (
        f"POST /{bucket}/d/a%20%3c&?uploadId={upload.id} {version}\r\n{host}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with Connection(gateway) as connection:
        connection.send(head.encode() + body)
        answer = connection.read()
    assert answer.texts("Location") == [f"{origin}/{bucket}/d/a%20%3C%26"]


def test_the_object_is_at_its_location(gateway: GatewayProcess, s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    upload.send(1, LAST)
    location: str = upload.complete()["Location"]
    assert location.startswith(f"{gateway.endpoint}/{bucket}/")
    assert send(gateway, "GET", location).body == LAST


@pytest.mark.parametrize("marker", ["no-id", "0" * 32, "u-0"])
def test_uploads_are_not_listed_behind_what_is_no_id(s3: Any, bucket: str, marker: str) -> None:
    asked = {"Bucket": bucket, "KeyMarker": "a", "UploadIdMarker": marker}
    assert error_of(s3.list_multipart_uploads, **asked) == (400, "InvalidArgument")
    # Without a key it means nothing, as in S3's documentation.
    del asked["KeyMarker"]
    assert s3.list_multipart_uploads(**asked)["IsTruncated"] is False
