from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.outcomes import Outcome, go_program, run_steps
from tests.servers import GatewayProcess

pytestmark = [pytest.mark.xdist_group("minio_go"), pytest.mark.timeout(600)]

BEYOND = {
    "RemoveBucket that is not empty": "BucketNotEmpty",
    "PutObject 20MiB multipart": "NotImplemented",
    "PutObject of unknown size": "NotImplemented",
    "CopyObject": "NotImplemented",
    "PutObject of a key that PFS cannot hold": "InvalidFilePath",
    "GetBucketVersioning": "NotImplemented",
}


@pytest.fixture(scope="module")
def program() -> Path:
    return go_program("minio_go")


@pytest.fixture(scope="module")
def steps(program: Path, gateway: GatewayProcess) -> dict[str, Outcome]:
    return run_steps([str(program)], gateway, "master.minio-go")


def test_everything_in_the_contract_works(steps: dict[str, Outcome]) -> None:
    failed = [o for o in steps.values() if o.outcome != "ok" and o.step not in BEYOND]
    assert not failed
    assert len(steps) == 26


def test_what_is_beyond_the_contract_fails_with_a_code(steps: dict[str, Outcome]) -> None:
    assert {name: steps[name].code for name in BEYOND} == BEYOND


def test_a_multipart_upload_says_which_setting_turns_it_off(steps: dict[str, Outcome]) -> None:
    assert "DisableMultipart" in steps["PutObject 20MiB multipart"].message
