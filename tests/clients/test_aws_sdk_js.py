from __future__ import annotations

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, node_version

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "aws-sdk-js",
    "AWS SDK for JavaScript v3",
    node_version("@aws-sdk/client-s3"),
    ["node", BUILD / "node" / "aws_sdk_js.mjs"],
    folder=BUILD / "node",
    lacks=frozenset({"move", *GROUPS["Folders"]}),
    differs={
        "stream of unknown size": WORKS,
    },
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("partSize", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
