from __future__ import annotations

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, java_program, java_version

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "minio-java",
    "minio-java",
    java_version("minio"),
    java_program("minio", "clients.MinioJava"),
    folder=BUILD / "java",
    lacks=frozenset({"ask for a bucket's location", "move", *GROUPS["Folders"]}),
    differs={
        "stat a missing key": "NoSuchKey",
        "putObject of 20 MiB, part size -1": "NotImplemented",
        "putObject of unknown size, in parts of 64 MiB": WORKS,
        "putObject of bytes": WORKS,
        "putObject with SHA256 as checksum": "IllegalArgumentException",
        "MinioAsyncClient": WORKS,
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
