"""Real clients copy and move within the gateway, where that is switched on.

Each is taken through its whole checklist, so that what else it does is seen to stay as it is.
"""

from __future__ import annotations

import filecmp
import importlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.outcomes import ClientUnderTest, run_client
from tests.clients.steps import WORKS
from tests.clients.toolchains import BUILD, OWN_BIN, why_not_there
from tests.servers import EMBEDDED, GatewayProcess

pytestmark = [
    pytest.mark.parametrize("layers", [("copy",)], ids=["copy"], indirect=True),
    pytest.mark.timeout(600),
]

LONG = [pytest.param(name, marks=pytest.mark.thorough) for name in ("minio_py", "s3fs", "awscli")]
CLIENTS = ("boto3", "minio_go", "rclone", "s5cmd", "obstore", "pyarrow", *LONG)
COPIES = ("copy", "move", "touch")
"""Steps of the checklist that copy; rclone sets the time of an object by copying it onto itself."""


GO_BY_TIME = {"sync --use-server-modtime --update"}
"""Steps that hang on how long those before them took."""


def under_test(name: str) -> ClientUnderTest:
    client: ClientUnderTest = importlib.import_module(f"tests.clients.test_{name}").CLIENT
    if missing := why_not_there(client.folder):
        pytest.skip(missing)
    return client


@pytest.fixture
def gateway_with_copies(gateway: GatewayProcess) -> GatewayProcess:
    """The checklist says the same of both PFSs, and is long; the operation's tests ask both."""
    if EMBEDDED not in gateway.pfs:
        pytest.skip("on the embedded PFS only")
    return gateway


@pytest.mark.parametrize("name", CLIENTS)
def test_copying_works_and_all_else_is_as_before(
    gateway_with_copies: GatewayProcess, tmp_path: Path, name: str
) -> None:
    client = under_test(name)
    run = run_client(client, gateway_with_copies, tmp_path)
    copying = [step for step in COPIES if step in client.expected]
    assert copying
    ends = run.ends()
    assert {step: ends[step] for step in copying} == dict.fromkeys(copying, WORKS)
    assert run.unexpected().keys() - GO_BY_TIME == set(copying)


def test_boto3_copies_with_its_transfers(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"content")
    s3.copy({"Bucket": bucket, "Key": "a"}, bucket, "b/c")
    assert s3.get_object(Bucket=bucket, Key="b/c")["Body"].read() == b"content"


@pytest.fixture
def rclone(gateway: GatewayProcess, tmp_path: Path) -> list[str | Path]:
    if missing := why_not_there(BUILD / "rclone"):
        pytest.skip(missing)
    return [BUILD / "rclone" / "rclone", "--config", tmp_path / "none", "--quiet"]


def test_rclone_moves_a_folder_within_the_gateway(
    gateway: GatewayProcess, rclone: list[str | Path], s3: Any, bucket: str, tmp_path: Path
) -> None:
    for name in ("a", "b c", "d/e"):
        s3.put_object(Bucket=bucket, Key=f"from/{name}", Body=name.encode())
    remote = (
        f":s3,provider=Other,access_key_id=any,secret_access_key=any,endpoint='{gateway.endpoint}'"
    )
    done = subprocess.run(
        [*rclone, "moveto", f"{remote}:{bucket}/from", f"{remote}:{bucket}/to"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in listed] == ["to/a", "to/b c", "to/d/e"]
    assert s3.get_object(Bucket=bucket, Key="to/b c")["Body"].read() == b"b c"


def test_aws_cli_moves_and_syncs_within_the_gateway(
    gateway: GatewayProcess, s3: Any, bucket: str, tmp_path: Path
) -> None:
    content = tmp_path / "content"
    content.write_bytes(bytes(range(256)) * 5000)
    s3.upload_file(str(content), bucket, "a b")
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    for command in (
        ["mv", f"s3://{bucket}/a b", f"s3://{other}/moved"],
        ["sync", f"s3://{other}", f"s3://{bucket}/synced"],
        ["cp", f"s3://{bucket}/synced/moved", str(tmp_path / "back")],
    ):
        done = subprocess.run(
            [OWN_BIN / "aws", "--endpoint-url", gateway.endpoint, "s3", *command, "--quiet"],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "AWS_ACCESS_KEY_ID": "any",
                "AWS_SECRET_ACCESS_KEY": "anything",
                "AWS_DEFAULT_REGION": "us-east-1",
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert "Contents" in s3.list_objects_v2(Bucket=other)
    assert filecmp.cmp(content, tmp_path / "back", shallow=False)
