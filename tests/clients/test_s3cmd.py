from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, locked_version, python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "s3cmd",
    "s3cmd",
    locked_version("s3cmd"),
    python_program("s3cmd"),
    folder=BUILD / "s3cmd",
    lacks=frozenset(
        {
            "get a range",
            "presign a PUT",
            "put if none is there",
            "put if unchanged",
            "get if changed",
            "put with checksums",
            "list in pages",
            "list by version 1",
            "list versions",
        }
    ),
    differs={
        "stat a missing key": "NoSuchKey",
        "sync up a change older than HEAD": "missed",
        "put --recursive sends all": WORKS,
        "la": WORKS,
        "du": WORKS,
        "rb --recursive": WORKS,
        "get a missing key": "refused",
    },
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("--disable-multipart", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
