"""Real clients see versions and take deletions back, where versions are switched on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.clients.toolchains import BUILD, OWN_BIN
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.parametrize("layers", [("versions",)], ids=["versions"], indirect=True),
    pytest.mark.timeout(300),
]


class Programs:
    """Command line clients that are set up for a gateway.

    Args:
        gateway: The gateway.
        home: Where they keep their settings.
    """

    def __init__(self, gateway: GatewayProcess, home: Path) -> None:
        host = gateway.endpoint.removeprefix("http://")
        self._environment = {
            "PATH": f"{OWN_BIN}:{BUILD}/mc:{BUILD}/rclone:{os.environ['PATH']}",
            "HOME": str(home),
            "MC_HOST_pfs": f"http://any:anything@{host}",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": gateway.endpoint,
            "RCLONE_CONFIG_PFS_TYPE": "s3",
            "RCLONE_CONFIG_PFS_PROVIDER": "Other",
            "RCLONE_CONFIG_PFS_ENDPOINT": gateway.endpoint,
            "RCLONE_CONFIG_PFS_ACCESS_KEY_ID": "any",
            "RCLONE_CONFIG_PFS_SECRET_ACCESS_KEY": "anything",
        }

    def run(self, *command: str) -> str:
        """Run a program that must succeed; gives what it prints."""
        found = shutil.which(command[0], path=self._environment["PATH"])
        if found is None:
            pytest.skip(f"{command[0]} is not built")
        done = subprocess.run(
            [found, *command[1:]],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def programs(gateway: GatewayProcess, tmp_path: Path) -> Programs:
    return Programs(gateway, tmp_path)


@pytest.fixture
def history(s3: Any, bucket: str) -> str:
    """A bucket: `d/a` stored twice and deleted, `d/b` stored."""
    for key, body in (("d/a", b"one"), ("d/b", b"b"), ("d/a", b"second")):
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    s3.delete_object(Bucket=bucket, Key="d/a")
    return bucket


def test_mc_lists_versions_and_undoes_a_deletion(programs: Programs, history: str) -> None:
    listed = programs.run("mc", "ls", "--versions", "--recursive", f"pfs/{history}")
    assert [line.split()[-2:] for line in listed.splitlines()] == [
        ["DEL", "d/a"], ["PUT", "d/a"], ["PUT", "d/a"], ["PUT", "d/b"],
    ]  # fmt: skip
    assert "enabled" in programs.run("mc", "version", "info", f"pfs/{history}")
    programs.run("mc", "undo", f"pfs/{history}/d/a")
    assert programs.run("mc", "cat", f"pfs/{history}/d/a") == "second"


def test_rclone_shows_old_versions(programs: Programs, history: str) -> None:
    listed = programs.run("rclone", "lsf", "-R", "--files-only", "--s3-versions", f"pfs:{history}")
    names = listed.split()
    assert len(names) == 3
    assert sum(name.startswith("d/a-v") for name in names) == 2
    contents = {programs.run("rclone", "cat", "--s3-versions", f"pfs:{history}/{n}") for n in names}
    assert contents == {"one", "second", "b"}


def test_rclone_shows_a_bucket_as_it_was(programs: Programs, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"one")
    (first,) = s3.list_object_versions(Bucket=bucket)["Versions"]
    time.sleep(1.1)  # so that the versions differ in seconds, whatever their times are rounded to
    s3.put_object(Bucket=bucket, Key="a", Body=b"second")
    s3.put_object(Bucket=bucket, Key="b", Body=b"b")
    then = ("--s3-version-at", first["LastModified"].isoformat().replace("+00:00", "Z"))
    (name,) = programs.run("rclone", "lsf", *then, f"pfs:{bucket}").split()
    assert programs.run("rclone", "cat", *then, f"pfs:{bucket}/{name}") == "one"


def test_the_aws_cli_reads_versions_and_takes_a_deletion_back(
    programs: Programs, history: str, tmp_path: Path
) -> None:
    def s3api(command: str, *more: str) -> Any:
        return json.loads(
            programs.run("aws", "s3api", command, "--output", "json", "--bucket", history, *more)
        )

    listed = s3api("list-object-versions", "--prefix", "d/a")
    assert [one["Size"] for one in listed["Versions"]] == [6, 3]
    (marker,) = listed["DeleteMarkers"]
    assert marker["IsLatest"]
    old = listed["Versions"][1]["VersionId"]
    got = s3api("get-object", "--key", "d/a", "--version-id", old, str(tmp_path / "old"))
    assert (got["VersionId"], (tmp_path / "old").read_bytes()) == (old, b"one")
    gone = s3api("delete-object", "--key", "d/a", "--version-id", marker["VersionId"])
    assert gone == {"DeleteMarker": True, "VersionId": marker["VersionId"]}
    programs.run("aws", "s3", "cp", f"s3://{history}/d/a", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == b"second"
