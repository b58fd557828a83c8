from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, java_program, java_version

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "aws-sdk-java-v1",
    "AWS SDK for Java v1",
    java_version("aws.sdk.v1"),
    java_program("aws_sdk_v1", "clients.AwsSdkV1"),
    folder=BUILD / "java",
    lacks=frozenset(
        {"move", "sync up again, nothing is sent", "sync down again, nothing is fetched"}
    ),
    differs={
        "stat a missing key": "404 Not Found",
        "stream of unknown size": WORKS,
        "doesBucketExistV2": "NotImplemented",
        "headBucket": WORKS,
        "putObject of a String": WORKS,
        "doesObjectExist": WORKS,
        "TransferManager.upload of a stream with its length": WORKS,
        "getObject: a few bytes, then abort": WORKS,
        "getObject of partNumber 1": WORKS,
        "TransferManager.download, resumed": WORKS,
        "TransferManager.copy": "NotImplemented",
        "TransferManager with withDisableParallelDownloads(true)": WORKS,
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
