"""Real clients where everything is switched on: parts, copies, moves and versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.checklist import GROUPS
from tests.clients.conformance import BEYOND
from tests.clients.outcomes import run_client
from tests.clients.record import record_with_all
from tests.clients.steps import WORKS
from tests.clients.test_copies import under_test
from tests.servers import EMBEDDED, GatewayProcess

pytestmark = [
    pytest.mark.parametrize(
        "layers", [("copy", "multipart", "versions")], ids=["all"], indirect=True
    ),
    pytest.mark.timeout(600),
]

LONG = ("minio_py", "s3fs", "s3cmd", "awscli", "rclone", "mc")
CLIENTS = (
    *("boto3", "minio_go", "obstore", "pyarrow", "s5cmd"),
    *(pytest.param(name, marks=pytest.mark.thorough) for name in LONG),
)
SWITCHED_ON = ("multipart upload", "stream of unknown size", "copy", "move")


@pytest.mark.parametrize("name", CLIENTS)
def test_what_is_switched_on_works_and_is_on_the_page(
    gateway: GatewayProcess, tmp_path: Path, name: str
) -> None:
    if EMBEDDED not in gateway.pfs:
        pytest.skip("on the embedded PFS only: the checklist is long, and says the same of both")
    run = run_client(under_test(name), gateway, tmp_path)
    ends = run.ends()
    found = {step: ends[step] for step in SWITCHED_ON if step in ends}
    assert found
    assert found == dict.fromkeys(found, WORKS), run.outcomes
    assert record_with_all(run, GROUPS[BEYOND]) == []
