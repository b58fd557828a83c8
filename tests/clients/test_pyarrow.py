from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart, run_block
from tests.clients.record import record_run
from tests.clients.steps import WORKS
from tests.clients.toolchains import python_program
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.timeout(600)

CLIENT = ClientUnderTest(
    "pyarrow",
    "pyarrow",
    version("pyarrow"),
    python_program("pyarrow"),
    lacks=frozenset(
        {
            "sync up again, nothing is sent",
            "sync down again, nothing is fetched",
            "ask for a bucket's location",
            "upload and download a file",
            "presign a GET",
            "presign a PUT",
            "put if none is there",
            "put if unchanged",
            "get if changed",
            "put with checksums",
            "list in pages",
            "list by version 1",
            "make public",
            "tag",
            "turn versioning on",
            "list versions",
        }
    ),
    differs={
        "make it again": WORKS,
        "use a missing bucket": "NO_SUCH_BUCKET",
        "get a missing key": "FileNotFoundError",
        "put and get 20 MiB": "NotImplemented",
        "remove a bucket with objects": WORKS,
        "make another bucket": WORKS,
        "write_table and read_table of Parquet": WORKS,
        "write_dataset and dataset, partitioned": WORKS,
        "create_dir keeps nothing, delete_dir works": WORKS,
        "put 10 MiB less a byte": WORKS,
        "put 10 MiB: leaves an empty object": "NotImplemented",
        "delete_dir of a bucket with objects": WORKS,
    },
    tries=2,
)


def test_each_step_ends_as_it_should(run: Run) -> None:
    assert run.unexpected() == {}


def test_what_is_refused_begins_no_long_retry_loop(run: Run) -> None:
    assert run.refused_again() == {}


def test_a_multipart_upload_names_the_page_with_its_setting(run: Run) -> None:
    assert run.names_the_page_of("allow_delayed_open=True", "multipart upload")


def test_its_record_is_fresh(run: Run) -> None:
    assert record_run(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised


def test_a_large_file_is_written_as_its_page_says(
    client: ClientUnderTest, gateway: GatewayProcess, tmp_path: Path, new_bucket: str
) -> None:
    assert send(gateway, "PUT", f"/{new_bucket}", b"").status == 200
    run_block(client, "Large file", gateway, tmp_path, new_bucket)
    size = int(send(gateway, "HEAD", f"/{new_bucket}/large.parquet").headers["content-length"])
    assert size > 20_000_000
