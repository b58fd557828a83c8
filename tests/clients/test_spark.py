"""Spark at its defaults, through S3A, where everything is switched on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.data_tools.sizes import COLUMNS, MOVE, STREAM
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_with_all
from tests.clients.steps import WORKS
from tests.clients.toolchains import (
    BUILD,
    THOROUGH,
    data_tool_version,
    spark_with_s3a,
    why_not_there,
)

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.timeout(600),
    pytest.mark.parametrize(
        "layers", [("copy", "multipart", "versions")], ids=["all"], indirect=True
    ),
]

SPARK = THOROUGH / "spark"
S3A = ClientUnderTest(
    "spark",
    "Spark",
    data_tool_version("pyspark", "spark"),
    [SPARK / "bin" / "python", "-m", "tests.clients.data_tools.with_spark"],
    folder=SPARK,
    lacks=frozenset(step for group in GROUPS.values() for step in group),
    differs=dict.fromkeys(
        (
            *(column for column in COLUMNS if column not in (MOVE, STREAM)),
            *("write and read a partitioned table", "append", "overwrite", "write and read CSV"),
        ),
        WORKS,
    ),
)


@pytest.fixture(scope="module")
def client() -> ClientUnderTest:
    """Spark, with the jars for S3 that the clients in Java have."""
    if missing := why_not_there(SPARK) or why_not_there(BUILD / "java"):
        pytest.skip(missing)
    return replace(S3A, environment=spark_with_s3a())


def test_each_step_works_and_its_record_is_fresh(run: Run) -> None:
    assert run.unexpected() == {}
    assert record_with_all(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
