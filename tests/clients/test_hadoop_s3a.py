from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, java_program, java_version

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "hadoop-s3a",
    "Hadoop S3A",
    java_version("hadoop"),
    java_program("s3a", "clients.HadoopS3a"),
    folder=BUILD / "java",
    lacks=frozenset(
        {
            "sync up again, nothing is sent",
            "sync down again, nothing is fetched",
            "make a bucket",
            "make it again",
            "ask whether a bucket exists",
            "list buckets",
            "ask for a bucket's location",
            "remove a bucket with objects",
            "remove a bucket",
            "presign a GET",
            "presign a PUT",
            "get if changed",
            "make public",
            "tag",
            "turn versioning on",
            "list versions",
        }
    ),
    differs={
        "get a missing key": "FileNotFoundException",
        "stat a missing key": "FileNotFoundException",
        "stream of unknown size": WORKS,
        "copy": WORKS,
        "mkdirs keeps nothing until a file is below": WORKS,
        "exists, isFile, isDirectory": WORKS,
        "globStatus": WORKS,
        "rename of a directory": "NotImplemented",
        "delete of a directory, recursive": WORKS,
        "a bucket with _ in its name": "IllegalArgumentException",
        "append": "UnsupportedOperationException",
        "open with fs.s3a.input.stream.type classic": WORKS,
        "open with fs.s3a.input.stream.type prefetch": WORKS,
        "open with fs.s3a.input.stream.type analytics": WORKS,
        "readVectored": WORKS,
        "openFile, whole file": WORKS,
        "create of 70 MiB": WORKS,
        "create of 70 MiB, fs.s3a.multipart.size 2047M": WORKS,
        "create of 70 MiB, parts left on": "NotImplemented",
        "create of 70 MiB, parts left on: leaves": "64 MiB",
        "create with fs.s3a.fast.upload.buffer disk": WORKS,
        "create with fs.s3a.fast.upload.buffer array": "PathIOException",
        "create with fs.s3a.fast.upload.buffer bytebuffer": "PathIOException",
        "create with fs.s3a.create.performance": WORKS,
        "job with the FileOutputCommitter": "NotImplemented",
        "job with the S3A committer directory": "PathCommitException",
        "job with the S3A committer magic": "PathCommitException",
    },
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_says_that_one_put_will_do(run: Run) -> None:
    assert "one PUT" in run.message("multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
