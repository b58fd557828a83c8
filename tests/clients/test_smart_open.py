from __future__ import annotations

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, locked_version, python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "smart-open",
    "smart_open",
    locked_version("smart-open"),
    python_program("smart_open", BUILD / "smart-open" / "bin" / "python"),
    folder=BUILD / "smart-open",
    lacks=frozenset(
        {
            *(GROUPS["Buckets"].keys() - {"use a missing bucket"}),
            *(GROUPS["Listings"].keys() - {"list all"}),
            *GROUPS["Conditions, checksums, metadata"],
            *GROUPS["Folders"],
            "upload and download a file",
            "delete",
            "delete many",
            "presign a GET",
            "presign a PUT",
            "copy",
            "move",
            "make public",
            "tag",
            "turn versioning on",
            "list versions",
        }
    ),
    differs={
        "stat a missing key": "NoSuchKey",
        "stream of unknown size": WORKS,
        "write 5 B, multipart_upload left on": "NotImplemented",
        "write and read lines of a .gz": WORKS,
        "read with range_chunk_size": WORKS,
        "an exception while writing stores nothing": WORKS,
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
