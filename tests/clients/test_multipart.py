"""Real clients upload in parts, at their defaults, where that is switched on."""

from __future__ import annotations

import filecmp
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.clients.toolchains import BUILD, OWN_BIN, why_not_there
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.parametrize("layers", [("copy", "multipart")], ids=["all"], indirect=True),
    pytest.mark.timeout(600),
]

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "any",
    "AWS_SECRET_ACCESS_KEY": "anything",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(20 * 1024 * 1024 + 1))
    return file


def run(command: Sequence[object], folder: Path, environment: Mapping[str, str] = {}) -> None:
    done = subprocess.run(
        [str(word) for word in command],
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_aws_cli_uploads_a_large_file_and_a_stream(
    gateway: GatewayProcess, s3: Any, bucket: str, large_file: Path, tmp_path: Path
) -> None:
    aws: list[str | Path] = [OWN_BIN / "aws", "--endpoint-url", gateway.endpoint, "s3"]
    run([*aws, "cp", large_file, f"s3://{bucket}/large", "--quiet"], tmp_path, CREDENTIALS)
    run(
        [*aws, "mv", f"s3://{bucket}/large", f"s3://{bucket}/moved", "--quiet"],
        tmp_path,
        CREDENTIALS,
    )
    run([*aws, "cp", f"s3://{bucket}/moved", tmp_path / "back", "--quiet"], tmp_path, CREDENTIALS)
    assert filecmp.cmp(large_file, tmp_path / "back", shallow=False)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["moved"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_rclone_copies_a_large_file_and_checks_it(
    gateway: GatewayProcess, s3: Any, bucket: str, large_file: Path, tmp_path: Path
) -> None:
    if missing := why_not_there(BUILD / "rclone"):
        pytest.skip(missing)
    rclone: list[str | Path] = [
        BUILD / "rclone" / "rclone",
        "--config",
        tmp_path / "none",
        "--quiet",
    ]
    remote = (
        f":s3,provider=Other,access_key_id=any,secret_access_key=any,endpoint='{gateway.endpoint}'"
    )
    cutoff = ["--s3-upload-cutoff", "8M"]  # else only what has more than 200 MiB goes in parts
    run([*rclone, "copyto", large_file, f"{remote}:{bucket}/large", *cutoff], tmp_path)
    run([*rclone, "moveto", f"{remote}:{bucket}/large", f"{remote}:{bucket}/moved"], tmp_path)
    run([*rclone, "copyto", f"{remote}:{bucket}/moved", tmp_path / "back"], tmp_path)
    assert filecmp.cmp(large_file, tmp_path / "back", shallow=False)


def test_s5cmd_uploads_a_large_file_in_parts_and_moves_it(
    gateway: GatewayProcess, s3: Any, bucket: str, large_file: Path, tmp_path: Path
) -> None:
    if missing := why_not_there(BUILD / "s5cmd"):
        pytest.skip(missing)
    s5cmd: list[str | Path] = [BUILD / "s5cmd" / "s5cmd", "--endpoint-url", gateway.endpoint]
    parts = ["--part-size", "5"]  # else only what has more than 50 MiB goes in parts
    run([*s5cmd, "cp", *parts, large_file, f"s3://{bucket}/large"], tmp_path, CREDENTIALS)
    run([*s5cmd, "cp", f"s3://{bucket}/large", f"s3://{bucket}/copied"], tmp_path, CREDENTIALS)
    run([*s5cmd, "mv", f"s3://{bucket}/large", f"s3://{bucket}/a/moved"], tmp_path, CREDENTIALS)
    run([*s5cmd, "cp", f"s3://{bucket}/a/moved", tmp_path / "back"], tmp_path, CREDENTIALS)
    assert filecmp.cmp(large_file, tmp_path / "back", shallow=False)
    listed = [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == ["a/moved", "copied"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_s5cmd_moves_a_folder_and_removes_it(
    gateway: GatewayProcess, s3: Any, bucket: str, tmp_path: Path
) -> None:
    if missing := why_not_there(BUILD / "s5cmd"):
        pytest.skip(missing)
    for name in ("a", "b c", "d/e"):
        s3.put_object(Bucket=bucket, Key=f"from/{name}", Body=name.encode())
    s5cmd: list[str | Path] = [BUILD / "s5cmd" / "s5cmd", "--endpoint-url", gateway.endpoint]
    run([*s5cmd, "mv", f"s3://{bucket}/from/*", f"s3://{bucket}/to/"], tmp_path, CREDENTIALS)
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in listed] == ["to/a", "to/b c", "to/d/e"]
    assert s3.get_object(Bucket=bucket, Key="to/b c")["Body"].read() == b"b c"
    run([*s5cmd, "rm", f"s3://{bucket}/to/*"], tmp_path, CREDENTIALS)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
