"""Tools for tables and files, at their defaults, where everything is switched on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.data_tools.sizes import COLUMNS, MOVE, STREAM
from tests.clients.outcomes import ClientUnderTest, Run, run_client
from tests.clients.quick_starts import QuickStart
from tests.clients.record import record_with_all
from tests.clients.steps import WORKS
from tests.clients.toolchains import (
    BUILD,
    THOROUGH,
    data_tool_version,
    go_version,
)
from tests.servers import GatewayProcess, PfsProcess

ALL = ("copy", "multipart", "versions")
ALL_BUT_MOVE = [column for column in COLUMNS if column != MOVE]
CHECKLIST = frozenset(step for group in GROUPS.values() for step in group)


def tool(
    name: str,
    *own: str,
    title: str = "",
    package: str = "",
    move: str = "",
    streams: bool = True,
    environment: str = "data-tools",
) -> object:
    """One tool, whose steps all work but for a move and a stream that it has not."""
    common = [column for column in ALL_BUT_MOVE if streams or column != STREAM]
    expected = dict.fromkeys([*common, *own], WORKS)
    folder = THOROUGH / environment
    module = f"tests.clients.data_tools.with_{name.replace('-', '_')}"
    return pytest.param(
        ClientUnderTest(
            name,
            title or name,
            data_tool_version(package or name, environment),
            [folder / "bin" / "python", "-m", module],
            folder=folder,
            lacks=CHECKLIST,
            differs={**expected, **({MOVE: move} if move else {})},
        ),
        id=name,
    )


LIFE = ("append", "delete rows")
TABLES = [
    tool("deltalake", *LIFE, "compact, vacuum and checkpoint"),
    tool("lance", *LIFE, "compact", package="pylance"),
    tool(
        *("icechunk", "append", "of two commits at once one is refused", "branch and tag"),
        streams=False,
    ),
]
BROKEN_OFF = "an exception while writing leaves no object and no upload"
TENSORSTORE = tool(
    *("tensorstore", "resize", "list keys", "write if unchanged", "delete a range of keys"),
    streams=False,
)
TOOLS = [
    *TABLES,
    tool("duckdb", "write and read a partitioned table", "glob", title="DuckDB"),
    tool("polars", "scan many files with a wildcard", "write and scan CSV"),
    tool("opendal", "copy", "list", "remove_all", move="Unsupported"),
    tool("cloudpathlib", "copytree and iterdir", "rmtree", move=WORKS),
    tool("smart-open", BROKEN_OFF, title="smart_open"),
    tool(
        *("zarr", "one chunk of 20 MiB", "append", "list a group", "delete an array"),
        streams=False,
    ),
    TENSORSTORE,
    tool(
        *("mlflow", "log and list a folder", "log and load a text"),
        package="mlflow-skinny",
        environment="mlflow",
        streams=False,
    ),
]
GOCLOUD = pytest.param(
    ClientUnderTest(
        "gocloud",
        "gocloud.dev",
        go_version("gocloud", "gocloud.dev"),
        [BUILD / "gocloud" / "gocloud"],
        folder=BUILD / "gocloud",
        lacks=CHECKLIST,
        differs=dict.fromkeys(
            (
                *ALL_BUT_MOVE,
                *("copy", "list", "range", "write if none is there"),
                *("a cancelled write leaves nothing", "delete"),
            ),
            WORKS,
        ),
    ),
    id="gocloud",
)
RESTIC = pytest.param(
    ClientUnderTest(
        "restic",
        "restic",
        go_version("restic", "github.com/restic/restic"),
        [sys.executable, "-m", "tests.clients.data_tools.with_restic"],
        folder=BUILD / "restic",
        lacks=CHECKLIST,
        differs=dict.fromkeys(
            (
                *("init", *ALL_BUT_MOVE, "backup and restore a folder that changed"),
                *("forget --prune", "check --read-data"),
            ),
            WORKS,
        ),
    ),
    id="restic",
)
DVC = tool(
    *("dvc", "push and pull a folder", "status --cloud", "gc --cloud"),
    title="DVC",
    environment="dvc",
    streams=False,
)
TRANSFERS = pytest.param(
    ClientUnderTest(
        "aws-sdk-go-transfermanager",
        "AWS SDK for Go v2, transfermanager",
        go_version("transfermanager", "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"),
        [BUILD / "transfermanager" / "transfermanager"],
        folder=BUILD / "transfermanager",
        lacks=CHECKLIST,
        differs=dict.fromkeys(ALL_BUT_MOVE, WORKS),
        page="aws-sdk-go",
    ),
    id="transfermanager",
)

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]
with_all = pytest.mark.parametrize("layers", [ALL], ids=["all"], indirect=True)


@with_all
@pytest.mark.parametrize("client", [*TOOLS, GOCLOUD, RESTIC, DVC, TRANSFERS], indirect=True)
def test_each_step_works_and_its_record_is_fresh(run: Run) -> None:
    assert run.unexpected() == {}
    assert record_with_all(run) == []


@with_all
@pytest.mark.parametrize("client", [*TOOLS, GOCLOUD, RESTIC, DVC], indirect=True)
def test_the_quick_start_prints_what_its_page_says(quick_start: QuickStart) -> None:
    assert quick_start.printed == quick_start.promised


CONDITIONAL = {"gocloud": "write if none is there", "tensorstore": "write and read a little"}
"""Steps that write under a condition; what has tables does so when it appends to one."""


@pytest.mark.parametrize("client", [*TABLES, TENSORSTORE, GOCLOUD], indirect=True)
def test_on_pachd_a_condition_is_refused_without_a_sole_writer_and_says_so(
    client: ClientUnderTest, tmp_path: Path
) -> None:
    with (
        PfsProcess(tmp_path / "pfs") as pfs,
        GatewayProcess(pfs.address, layers=ALL) as gateway,
    ):
        run = run_client(client, gateway, tmp_path)
    step = CONDITIONAL.get(client.name, "append")
    assert run.ends()[step] == "NotImplemented"
    assert "--sole-writer" in run.message(step)
