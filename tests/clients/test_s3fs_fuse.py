"""s3fs-fuse at its defaults, where everything is switched on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from packaging.version import Version

from tests.clients.checklist import GROUPS
from tests.clients.data_tools.sizes import COLUMNS
from tests.clients.mounts import mounts_below, unmount, why_no_mounts
from tests.clients.outcomes import ClientUnderTest, Run
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_with_all
from tests.clients.steps import WORKS

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.timeout(600),
    pytest.mark.parametrize(
        "layers", [("copy", "multipart", "versions")], ids=["all"], indirect=True
    ),
]

RECORDED = "1.90"
"""The version that the page on conformance is about. The machine brings its own."""
REMEMBERING = Version("1.96")
"""From this version on it takes what it has made for there, until it looks again."""

EXPECTED = {
    **dict.fromkeys(
        (
            *(*COLUMNS, "overwrite", "append to 5 B", "append to 200 MiB", "truncate"),
            *("write into the middle of 200 MiB", "cp -a, onto a file too"),
            *("list sizes and times", "copy a tree into folders that are there"),
            *("remove a file", "remove a folder with all in it"),
        ),
        WORKS,
    ),
    "rename a folder": "FileNotFoundError",
    "make a folder, and a file in it": "FileNotFoundError",
    "copy a tree into a new folder": "FileNotFoundError",
    "set a time and a mode": "not kept",
    "make a symbolic link": "OSError",
    "write a name that PFS cannot hold": "OSError",
}
IF_REMEMBERING = {
    "rename a folder": WORKS,
    "copy a tree into a new folder": "Error",
    "make a symbolic link": "not kept",
}
S3FS_FUSE = ClientUnderTest(
    "s3fs-fuse",
    "s3fs-fuse",
    RECORDED,
    [sys.executable, "-m", "tests.clients.data_tools.with_s3fs_fuse"],
    lacks=frozenset(step for group in GROUPS.values() for step in group),
    differs=EXPECTED,
    environment={"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "anything"},
)


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_mounted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A test that fails, or whose program was killed, may leave a mount."""
    yield
    for folder in mounts_below(tmp_path_factory.getbasetemp()):
        unmount(folder)


@pytest.fixture(scope="module")
def client() -> ClientUnderTest:
    """The one that is installed, in whatever version."""
    if shutil.which("s3fs") is None:
        pytest.skip("s3fs, as s3fs-fuse calls its command, is not installed")
    if missing := why_no_mounts():
        pytest.skip(missing)
    said = subprocess.run(["s3fs", "--version"], capture_output=True, text=True, check=True).stdout
    named = re.search(r"V(\d[\d.]*\d)", said)
    assert named is not None, said
    version = named[1]
    newer = IF_REMEMBERING if Version(version) >= REMEMBERING else {}
    return replace(S3FS_FUSE, version=version, differs={**EXPECTED, **newer})


def test_each_step_ends_as_expected(run: Run) -> None:
    assert run.unexpected() == {}


def test_its_record_is_fresh(run: Run) -> None:
    if run.client.version != RECORDED:
        pytest.skip(f"the record is of s3fs-fuse {RECORDED}; here is {run.client.version}")
    assert record_with_all(run) == []


def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised
