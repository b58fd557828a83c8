from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, go_version, python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "mc",
    "mc",
    go_version("mc", "github.com/minio/mc"),
    python_program("mc"),
    folder=BUILD / "mc",
    lacks=frozenset(
        {
            "ask for a bucket's location",
            "presign a PUT",
            "put if none is there",
            "put if unchanged",
            "get if changed",
            "put with checksums",
            "list in pages",
            "list by version 1",
        }
    ),
    differs={
        "stat a missing key": "refused",
        "sync up a change older than HEAD": "missed",
        "sync down again, nothing is fetched": "fetched again",
        "cp --recursive sends all": WORKS,
        "get a missing key": "refused",
        "remove a bucket with objects": "refused",
        "list versions": "shows no versions",
        "put --part-size 5GiB": WORKS,
        "get": WORKS,
        "stat of a bucket": WORKS,
        "find": WORKS,
        "du": WORKS,
        "rb --force": WORKS,
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
