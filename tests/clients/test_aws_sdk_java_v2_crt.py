from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, java_program, java_version

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "aws-sdk-java-v2-crt",
    "AWS SDK for Java v2, CRT",
    java_version("aws.sdk.v2"),
    java_program("aws_sdk_v2", "clients.AwsSdkV2Async", "crt"),
    folder=BUILD / "java",
    lacks=frozenset(
        {
            "move",
            "presign a GET",
            "presign a PUT",
            "sync up again, nothing is sent",
            "sync down again, nothing is fetched",
        }
    ),
    differs={
        "get a missing key": "404",
        "stat a missing key": "NoSuchKey",
        "putObject by forBlockingOutputStream": WORKS,
        "getObject by toBlockingInputStream": WORKS,
        "S3TransferManager.upload with a listener": WORKS,
        "S3TransferManager.copy": "NotImplemented",
        "uploadFile of 20 MiB in parts": "NotImplemented",
        "stream of unknown size, minimumPartSizeInBytes(64 MiB)": "NotImplemented",
    },
    page="aws-sdk-java-v2",
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_says_that_one_put_will_do(run: Run) -> None:
    assert "one PUT" in run.message("multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []
