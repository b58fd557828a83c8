from __future__ import annotations

from importlib.metadata import version

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import python_program

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "minio-py",
    "minio-py",
    version("minio"),
    python_program("minio_py"),
    lacks=frozenset(
        {
            "ask for a bucket's location",
            "put if none is there",
            "put if unchanged",
            "put with checksums",
            "list in pages",
            "move",
            "make public",
            *GROUPS["Folders"],
        }
    ),
    differs={
        "stat a missing key": "NoSuchKey",
        "stream of unknown size": WORKS,
    },
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("part_size", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
