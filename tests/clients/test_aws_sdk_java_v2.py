from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart, run_block
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, java_program, java_version
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "aws-sdk-java-v2",
    "AWS SDK for Java v2",
    java_version("aws.sdk.v2"),
    java_program("aws_sdk_v2", "clients.AwsSdkV2"),
    folder=BUILD / "java",
    lacks=frozenset({"move", *GROUPS["Folders"]}),
    differs={
        "stat a missing key": "NoSuchKey",
        "stream of unknown size": WORKS,
        "waiter: until the bucket is there, until it is gone": WORKS,
        "putObject of an InputStream with its length": WORKS,
        "getObject as an InputStream": WORKS,
        "getObject: a few bytes, then abort": WORKS,
        "getObject of partNumber 1 is the whole object": WORKS,
        "headObject of partNumber 1": WORKS,
        "getObject of partNumber 2": "InvalidPartNumber",
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


def test_the_transfer_manager_brings_a_folder_up_and_down_as_its_page_says(
    client: ClientUnderTest, gateway: GatewayProcess, tmp_path: Path, new_bucket: str
) -> None:
    assert send(gateway, "PUT", f"/{new_bucket}", b"").status == 200
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "cat").write_bytes(bytes(20_000_000))
    run_block(client, "Transfer manager", gateway, tmp_path, new_bucket)
    assert (tmp_path / "back" / "cat").read_bytes() == bytes(20_000_000)
