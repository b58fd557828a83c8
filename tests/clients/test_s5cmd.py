from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, go_version, python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "s5cmd",
    "s5cmd",
    go_version("s5cmd", "github.com/peak/s5cmd/v2"),
    python_program("s5cmd"),
    folder=BUILD / "s5cmd",
    lacks=frozenset(
        {
            "ask for a bucket's location",
            "get a range",
            "presign a PUT",
            "put if none is there",
            "put if unchanged",
            "get if changed",
            "put with checksums",
            "list in pages",
            "make public",
            "tag",
            "turn versioning on",
        }
    ),
    differs={
        "get a missing key": "refused",
        "stat a missing key": "refused",
        "put a key that PFS cannot hold": "refused",
        "multipart upload": WORKS,
        "stream of unknown size": WORKS,
        "cp --part-size 5 of 20 MiB": "NotImplemented",
        "pipe --part-size 5 of 20 MiB": "refused",
        "run": WORKS,
        "du": WORKS,
        "rm of a wildcard": WORKS,
    },
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("--part-size 5120", "cp --part-size 5 of 20 MiB")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
