"""Programs of the clients' pages see versions and take deletions back, as the pages say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.clients.pages import BUCKET, blocks
from tests.clients.quick_starts import run_block
from tests.clients.test_copies import under_test
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.parametrize("layers", [("copy", "versions")], ids=["copy+versions"], indirect=True),
    pytest.mark.timeout(300),
]

CLIENTS = (
    *("minio_go", "aws_sdk_java_v2"),
    pytest.param("aws_sdk_java_v1", marks=pytest.mark.thorough),
)


@pytest.mark.parametrize("name", CLIENTS)
def test_the_program_with_versions_prints_what_its_page_says(
    gateway: GatewayProcess, tmp_path: Path, name: str
) -> None:
    client = under_test(name)
    bucket = f"{BUCKET}-versions-{client.name}-{os.getpid()}"
    printed = run_block(client, "Versions", gateway, tmp_path, bucket)
    assert printed == blocks(client.name)["Versions print"].text
