"""Sync as people do it, while another gateway writes to the same bucket: what changed is sent."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.toolchains import BUILD, OWN_BIN, why_not_there
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

BUCKET = "master.synced"
NAMES = ("one", "two", "sub/three")
_A_SECOND = 1.1  # Last-Modified has whole seconds


class Site:
    """Two gateways on one PFS, and a folder."""

    def __init__(self, stack: ExitStack, pfs: Path | str, folder: Path) -> None:
        self._stack = stack
        self._pfs = pfs
        self.folder = folder
        self.one, self.other = self.gateway(), self.gateway()
        for name in NAMES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(name[:3].encode())  # s3cmd fetches equal ones once
        assert send(self.one, "PUT", f"/{BUCKET}").status == 200
        time.sleep(_A_SECOND)

    def gateway(self) -> GatewayProcess:
        """One more gateway, which knows nothing yet."""
        return self._stack.enter_context(GatewayProcess(self._pfs))

    def write_beside(self, key: str = "beside", content: bytes = b"new") -> None:
        """What somebody else writes, through the other gateway, later than anything before."""
        time.sleep(_A_SECOND)
        assert send(self.other, "PUT", f"/{BUCKET}/{key}", content).status == 200


@pytest.fixture(params=["embedded", "grpc"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        pfs: Path | str = tmp_path / "pfs"
        if request.param == "grpc":
            pfs = stack.enter_context(PfsProcess(tmp_path / "pfs")).address
        yield Site(stack, pfs, tmp_path / "here")


class Sync:
    """One tool's sync, and what it says that it transfers.

    Args:
        command: What the folders are added to.
        transferred: Finds where each file went from, in what the command prints.
        content: What stands behind a source for all that is below it.
        remote: What the tool calls the gateway.
        sees_same_size: Whether it sees that a file has changed which has kept its size.
    """

    def __init__(
        self,
        command: list[str | Path],
        transferred: str,
        *,
        content: str = "",
        remote: str = "s3://",
        sees_same_size: bool = True,
    ) -> None:
        self._command = command
        self._transferred = transferred
        self._content = content
        self._bucket = f"{remote}{BUCKET}/"
        self.new = b"new" if sees_same_size else b"newer"

    def up(self, gateway: GatewayProcess, folder: Path) -> list[str]:
        """The names of the files that a sync of a folder sends."""
        return self._run(gateway, f"{folder}/", self._bucket)

    def down(self, gateway: GatewayProcess, folder: Path) -> list[str]:
        """The names of the files that a sync to a folder fetches."""
        return self._run(gateway, self._bucket + self._content, f"{folder}/")

    def _run(self, gateway: GatewayProcess, *folders: str) -> list[str]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "anything",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": gateway.endpoint, "S3_ENDPOINT_URL": gateway.endpoint,
            "AWS_CONFIG_FILE": os.devnull, "RCLONE_CONFIG": os.devnull,
            "RCLONE_CONFIG_PFS_TYPE": "s3", "RCLONE_CONFIG_PFS_PROVIDER": "Other",
            "RCLONE_CONFIG_PFS_ENDPOINT": gateway.endpoint, "RCLONE_CONFIG_PFS_ENV_AUTH": "true",
            "MC_HOST_pfs": f"http://any:anything@{gateway.host}:{gateway.port}",
        }  # fmt: skip
        host = f"{gateway.host}:{gateway.port}"
        command = [str(part).replace("HOST", host) for part in self._command]
        done = subprocess.run(
            [*command, *folders],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = re.findall(self._transferred, done.stdout + done.stderr, re.MULTILINE)
        return sorted(Path(place).name for place in found)


SYNCS = {
    # Without `--exact-timestamps` it fetches nothing that has kept its size, whatever its time is.
    "aws": Sync(
        [OWN_BIN / "aws", "s3", "sync", "--no-progress", "--exact-timestamps"],
        r"^(?:upload|download): (\S+) to \S+$",
    ),
    "s5cmd": Sync([BUILD / "s5cmd" / "s5cmd", "sync"], r"^cp (\S+) \S+$", content="*"),
    # `rclone sync` would remove what was written beside.
    "rclone": Sync(
        [BUILD / "rclone" / "rclone", "copy", "-v", "--use-server-modtime", "--update"],
        r"INFO  : (\S+): Copied ",
        remote="pfs:",
    ),
    "mc": Sync(
        [BUILD / "mc" / "mc", "--json", "mirror", "--overwrite"],
        r'"source": ?"([^"]+)"',
        remote="pfs/",
    ),
    # It compares MD5s with ETags, which are none here, and so goes by size alone.
    "s3cmd": Sync(
        [
            BUILD / "s3cmd" / "bin" / "s3cmd",
            "sync",
            f"--config={os.devnull}",
            "--host=HOST",
            "--host-bucket=HOST",
            "--no-ssl",
            "--access_key=any",
            "--secret_key=anything",
        ],
        r"^(?:upload|download): '([^']+)' ->",
        sees_same_size=False,
    ),
}


@pytest.fixture(params=SYNCS)
def sync(request: pytest.FixtureRequest) -> Sync:
    if request.param != "aws" and (missing := why_not_there(BUILD / request.param)):
        pytest.skip(missing)
    return SYNCS[request.param]


def test_sync_sends_a_changed_file_whoever_writes_beside(site: Site, sync: Sync) -> None:
    assert sync.up(site.one, site.folder) == ["one", "three", "two"]
    assert sync.up(site.one, site.folder) == []
    site.write_beside()
    assert sync.up(site.one, site.folder) == []
    (site.folder / "two").write_bytes(sync.new)
    site.write_beside("beside-again")
    assert sync.up(site.one, site.folder) == ["two"]
    assert sync.up(site.other, site.folder) == []
    assert send(site.other, "GET", f"/{BUCKET}/two").body == sync.new


def test_sync_fetches_what_was_written_and_no_more(site: Site, sync: Sync, tmp_path: Path) -> None:
    back = tmp_path / "back"
    sync.up(site.one, site.folder)
    assert sync.down(site.other, back) == ["one", "three", "two"]
    site.write_beside("sub/three", sync.new)
    assert sync.down(site.one, back) == ["three"]
    assert (back / "sub" / "three").read_bytes() == sync.new
    site.write_beside("beside")
    assert sync.down(site.one, back) == ["beside"]
    assert sync.down(site.gateway(), back) == []
