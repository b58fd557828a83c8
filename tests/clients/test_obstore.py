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
    "obstore",
    "obstore",
    version("obstore"),
    python_program("obstore"),
    lacks=frozenset(
        {
            "make a bucket",
            "make it again",
            "ask whether a bucket exists",
            "list buckets",
            "ask for a bucket's location",
            "remove a bucket",
            "remove a bucket with objects",
            "list in pages",
            "list by version 1",
            "make public",
            "tag",
            "turn versioning on",
            "list versions",
            *GROUPS["Folders"],
        }
    ),
    differs={
        "stat a missing key": "FileNotFoundError",
        "put 5 MiB": WORKS,
        "put 5 MiB and a byte": "NotImplemented",
        "open_writer, 9 MiB": WORKS,
        "open_writer, 20 MiB": "NotImplemented",
        "open_writer with buffer_size, 20 MiB": WORKS,
        "delete what is left": WORKS,
    },
    tries=11,
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("use_multipart=False", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
