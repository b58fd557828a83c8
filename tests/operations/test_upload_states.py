"""Uploads in any order of requests, compared with a model of what S3 says they are."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

pytestmark = pytest.mark.parametrize("layers", [("multipart",)], ids=["multipart"], indirect=True)

LARGE = bytes(range(256)) * 4096 * 5  # the smallest that may be followed by another
SMALL = st.sampled_from((b"", b"a", b"bc"))
BODIES = st.sampled_from((LARGE, b"d")) | SMALL
LISTS = st.sampled_from(({1, 2, 3, 4}, {1, 2}, {1, 2, 3, 4}, {1}, {2, 4}))
KEYS = st.sampled_from(("a", "b", "d/c"))
NUMBERS = st.integers(1, 4)
WHICH = st.integers(0, 9)
NO_UPLOAD = (404, "NoSuchUpload")
_runs = itertools.count()


@dataclass
class Upload:
    """What an upload is to be. A part is its bytes and its ETag."""

    key: str
    id: str
    parts: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    listed: list[dict[str, Any]] | None = None
    """What it was completed with."""
    etag: str = ""
    is_aborted: bool = False

    @property
    def is_open(self) -> bool:
        return self.listed is None and not self.is_aborted

    def refusal(self, listed: list[dict[str, Any]]) -> tuple[int, str] | None:
        """Why it cannot be completed with some parts; None if it can."""
        if not listed:
            return 400, "MalformedXML"
        if self.is_aborted:
            return NO_UPLOAD
        if self.listed is not None:
            return None if listed == self.listed else NO_UPLOAD
        etags = {number: etag for number, (_, etag) in self.parts.items()}
        if any(etags.get(part["PartNumber"]) != part["ETag"] for part in listed):
            return 400, "InvalidPart"
        if any(len(self.parts[part["PartNumber"]][0]) < len(LARGE) for part in listed[:-1]):
            return 400, "EntityTooSmall"
        return None


class Uploads(RuleBasedStateMachine):
    """Requests of one client, one after the other."""

    s3: ClassVar[Any]

    @initialize()
    def begin_anew(self) -> None:
        self.bucket = f"master.states-{os.getpid()}-{next(_runs)}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.objects: dict[str, bytes] = {}
        self.uploads: list[Upload] = []
        self.create("a")
        self.part(0, 1, LARGE)
        self.part(0, 2, b"the end")

    def _upload(self, which: int) -> tuple[Upload, dict[str, str]]:
        upload = self.uploads[which % len(self.uploads)]
        return upload, {"Bucket": self.bucket, "Key": upload.key, "UploadId": upload.id}

    def _asked(self, operation: str, **parameters: Any) -> tuple[Any, tuple[int, str] | None]:
        """An answer, or how it was refused."""
        try:
            return getattr(self.s3, operation)(**parameters), None
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return None, (status, error.response["Error"]["Code"])

    @rule(key=KEYS, body=SMALL)
    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        self.objects[key] = body

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=key)
        self.objects.pop(key, None)

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        answer, refusal = self._asked("get_object", Bucket=self.bucket, Key=key)
        if key in self.objects:
            assert answer["Body"].read() == self.objects[key]
        else:
            assert refusal == (404, "NoSuchKey")

    @rule(key=KEYS)
    def create(self, key: str) -> None:
        begun = self.s3.create_multipart_upload(Bucket=self.bucket, Key=key)
        self.uploads.append(Upload(key, begun["UploadId"]))

    @precondition(lambda self: self.uploads)
    @rule(which=WHICH, number=NUMBERS, body=BODIES)
    def part(self, which: int, number: int, body: bytes) -> None:
        upload, named = self._upload(which)
        answer, refusal = self._asked("upload_part", **named, PartNumber=number, Body=body)
        assert refusal == (None if upload.is_open else NO_UPLOAD)
        if refusal is None:
            upload.parts[number] = body, answer["ETag"]

    @precondition(lambda self: self.uploads)
    @rule(which=WHICH, number=NUMBERS, source=KEYS, ranged=st.booleans())
    def copy_part(self, which: int, number: int, source: str, ranged: bool) -> None:
        upload, named = self._upload(which)
        content = self.objects.get(source)
        more = {"CopySourceRange": "bytes=1-1"} if ranged else {}
        address = f"{self.bucket}/{source}"
        answer, refusal = self._asked(
            "upload_part_copy", **named, PartNumber=number, CopySource=address, **more
        )
        if not upload.is_open:
            assert refusal == NO_UPLOAD
        elif content is None:
            assert refusal == (404, "NoSuchKey")
        elif ranged and len(content) < 2:
            assert refusal == (400, "InvalidArgument")
        else:
            assert refusal is None
            copied = content[1:2] if ranged else content
            upload.parts[number] = copied, answer["CopyPartResult"]["ETag"]

    @precondition(lambda self: self.uploads)
    @rule(which=WHICH, numbers=LISTS, stale=st.sampled_from((False, False, True)))
    def complete(self, which: int, numbers: set[int], stale: bool) -> None:
        """Mostly with parts that have come, sometimes with others' ETags."""
        upload, named = self._upload(which)
        known = sorted(numbers & set(upload.parts)) or sorted(upload.parts)
        listed = [{"PartNumber": number, "ETag": upload.parts[number][1]} for number in known]
        if stale and listed:
            listed[-1]["ETag"] = '"another"'
        self._complete(upload, named, listed)

    @precondition(lambda self: any(upload.listed for upload in self.uploads))
    @rule(which=WHICH)
    def complete_again(self, which: int) -> None:
        completed = [at for at, upload in enumerate(self.uploads) if upload.listed]
        upload, named = self._upload(completed[which % len(completed)])
        assert upload.listed is not None
        self._complete(upload, named, upload.listed)

    def _complete(
        self, upload: Upload, named: dict[str, str], listed: list[dict[str, Any]]
    ) -> None:
        expected = upload.refusal(listed)
        answer, refusal = self._asked(
            "complete_multipart_upload", **named, MultipartUpload={"Parts": listed}
        )
        assert refusal == expected
        if refusal is not None:
            return
        if upload.listed is None:  # a repeated one leaves the object as it is
            upload.listed, upload.etag = listed, answer["ETag"]
            bodies = [upload.parts[part["PartNumber"]][0] for part in listed]
            self.objects[upload.key] = b"".join(bodies)
        assert answer["ETag"] == upload.etag

    @precondition(lambda self: self.uploads)
    @rule(which=WHICH)
    def abort(self, which: int) -> None:
        upload, named = self._upload(which)
        _, refusal = self._asked("abort_multipart_upload", **named)
        assert refusal == (None if upload.is_open else NO_UPLOAD)
        upload.is_aborted = upload.is_aborted or refusal is None

    @precondition(lambda self: self.uploads)
    @rule(which=WHICH)
    def list_parts(self, which: int) -> None:
        upload, named = self._upload(which)
        answer, refusal = self._asked("list_parts", **named)
        assert refusal == (None if upload.is_open else NO_UPLOAD)
        if refusal is None:
            listed = [
                (part["PartNumber"], part["Size"], part["ETag"]) for part in answer.get("Parts", [])
            ]
            assert listed == [
                (number, len(body), etag) for number, (body, etag) in sorted(upload.parts.items())
            ]

    @rule()
    def list_uploads(self) -> None:
        self._check_uploads()

    def _check_uploads(self) -> None:
        listed = self.s3.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])
        under_way = sorted((one.key, one.id) for one in self.uploads if one.is_open)
        assert [(one["Key"], one["UploadId"]) for one in listed] == under_way

    def teardown(self) -> None:
        if not hasattr(self, "bucket"):
            return
        self._check_uploads()
        found = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        sizes = {one["Key"]: one["Size"] for one in found}
        assert sizes == {key: len(body) for key, body in self.objects.items()}
        for key in self.objects:
            self.get(key)


def explore(s3: Any, examples: int, steps: int) -> None:
    class Machine(Uploads):
        pass

    Machine.s3 = s3
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_uploads_are_what_the_model_says(s3: Any) -> None:
    explore(s3, examples=12, steps=30)


@pytest.mark.thorough
def test_uploads_are_what_the_model_says_in_long_runs(s3: Any) -> None:
    explore(s3, examples=60, steps=60)
