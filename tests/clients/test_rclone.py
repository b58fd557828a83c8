from __future__ import annotations

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, go_version, python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "rclone",
    "rclone",
    go_version("rclone", "github.com/rclone/rclone"),
    python_program("rclone"),
    folder=BUILD / "rclone",
    lacks=frozenset(
        {
            "ask for a bucket's location",
            "presign a PUT",
            "put if none is there",
            "put if unchanged",
            "get if changed",
            "put with checksums",
            "tag",
        }
    ),
    differs={
        "stat a missing key": "a directory",
        "sync up a change older than HEAD": "missed",
        "copy --ignore-times sends all": WORKS,
        "make it again": WORKS,
        "use a missing bucket": "refused",
        "get a missing key": "refused",
        "rcat of 5 B": WORKS,
        "rcat --streaming-upload-cutoff": WORKS,
        "lsd": WORKS,
        "rcat --size": WORKS,
        "cat of a missing key prints nothing": WORKS,
        "sync by time copies all again": WORKS,
        "sync --use-server-modtime --update": WORKS,
        "check --size-only, check --download": WORKS,
        "touch": "NotImplemented",
        "purge": WORKS,
    },
    tries=3,
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("--s3-upload-cutoff", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
