from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, locked_version, python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "s3fs",
    "s3fs",
    locked_version("s3fs"),
    python_program("s3fs", BUILD / "s3fs" / "bin" / "python"),
    folder=BUILD / "s3fs",
    lacks=frozenset(
        {
            "sync up again, nothing is sent",
            "sync down again, nothing is fetched",
            "ask for a bucket's location",
            "put if unchanged",
            "get if changed",
            "list in pages",
            "list by version 1",
        }
    ),
    differs={
        "stat a missing key": "FileNotFoundError",
        "make it again": "FileExistsError",
        "get a missing key": "FileNotFoundError",
        "stream of unknown size": WORKS,
        "rm(bucket/prefix, recursive=True)": WORKS,
        "open(…, 'ab')": WORKS,
        "open(…, 'ab') of 6 MiB": "NotImplemented",
        "open(…, 'wb', block_size=64 MiB) with 60 MiB": WORKS,
        "rm(bucket, recursive=True)": "NotImplemented",
    },
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("block_size", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
