"""Sync as people do it, while another gateway writes to the same bucket: what changed is sent."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

BUCKET = "master.synced"
AWS = Path(sys.executable).with_name("aws")
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
            (folder / name).write_bytes(b"old")
        assert send(self.one, "PUT", f"/{BUCKET}").status == 200
        time.sleep(_A_SECOND)

    def gateway(self) -> GatewayProcess:
        """One more gateway, which knows nothing yet."""
        return self._stack.enter_context(GatewayProcess(self._pfs))

    def write_beside(self, key: str = "beside") -> None:
        """What somebody else writes, through the other gateway, later than anything before."""
        time.sleep(_A_SECOND)
        assert send(self.other, "PUT", f"/{BUCKET}/{key}", b"new").status == 200


@pytest.fixture(params=["embedded", "grpc"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        pfs: Path | str = tmp_path / "pfs"
        if request.param == "grpc":
            pfs = stack.enter_context(PfsProcess(tmp_path / "pfs")).address
        yield Site(stack, pfs, tmp_path / "here")


def synced(gateway: GatewayProcess, source: Path | str, target: Path | str) -> list[str]:
    """The names of what `aws s3 sync` transfers.

    Without `--exact-timestamps` it fetches nothing that has kept its size, whatever its time is.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": gateway.endpoint,
        "AWS_CONFIG_FILE": os.devnull,
    }  # fmt: skip
    command = [str(AWS), "s3", "sync", "--no-progress", "--exact-timestamps"]
    command += [str(source), str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = re.findall(r"^(?:upload|download): (\S+) to (\S+)$", done.stdout, re.MULTILINE)
    return sorted(Path(place).name for place, _ in lines)


def test_sync_sends_a_changed_file_whoever_writes_beside(site: Site) -> None:
    bucket = f"s3://{BUCKET}"
    assert synced(site.one, site.folder, bucket) == ["one", "three", "two"]
    assert synced(site.one, site.folder, bucket) == []
    site.write_beside()
    assert synced(site.one, site.folder, bucket) == []
    (site.folder / "two").write_bytes(b"new")  # as long as before
    site.write_beside("beside-again")
    assert synced(site.one, site.folder, bucket) == ["two"]
    assert synced(site.other, site.folder, bucket) == []
    assert send(site.other, "GET", f"/{BUCKET}/two").body == b"new"


def test_sync_fetches_what_was_written_and_no_more(site: Site, tmp_path: Path) -> None:
    bucket, back = f"s3://{BUCKET}", tmp_path / "back"
    synced(site.one, site.folder, bucket)
    assert synced(site.other, bucket, back) == ["one", "three", "two"]
    site.write_beside("sub/three")
    assert synced(site.one, bucket, back) == ["three"]
    assert (back / "sub" / "three").read_bytes() == b"new"
    site.write_beside("beside")
    assert synced(site.one, bucket, back) == ["beside"]
    assert synced(site.gateway(), bucket, back) == []
