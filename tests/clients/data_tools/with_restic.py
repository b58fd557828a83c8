"""restic, whose repository is a bucket that it makes itself."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.clients import steps
from tests.clients.data_tools import sizes


class Repository:
    """A repository, and a folder on this machine to keep in it."""

    def __init__(self, bucket: str, folder: Path) -> None:
        self.folder = folder
        self._settings = {
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "anything",
            "RESTIC_PASSWORD": "a password",
            "RESTIC_REPOSITORY": f"s3:{steps.endpoint()}/{bucket}",
        }

    def restic(self, *arguments: str, content: bytes = b"") -> bytes:
        done = subprocess.run(
            ["restic", *arguments],
            cwd=self.folder,
            env={**os.environ, **self._settings},
            input=content,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr).decode())
        return done.stdout

    def restored(self) -> Path:
        """What the last snapshot holds, in a folder of its own."""
        back = self.folder / "back"
        shutil.rmtree(back, ignore_errors=True)
        self.restic("restore", "latest", "--target", str(back), "--verify")
        return back

    def snapshots(self) -> int:
        return len(json.loads(self.restic("snapshots", "--json")))


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Files of each size, and the life of a repository."""
    with tempfile.TemporaryDirectory() as name:
        repository = Repository(bucket, Path(name))
        yield "init", lambda: repository.restic("init")
        yield from _files(repository)
        yield from _life(repository)


def _files(repository: Repository) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        content = os.urandom(size)
        (repository.folder / "file").write_bytes(content)
        repository.restic("backup", "file")
        assert _digest((repository.restored() / "file").read_bytes()) == _digest(content)

    def stream() -> None:
        content = os.urandom(20 * sizes.MIB + 1)
        repository.restic("backup", "--stdin", "--stdin-filename", "stream", content=content)
        assert _digest(repository.restic("dump", "latest", "stream")) == _digest(content)

    yield from sizes.each_size(whole)
    yield sizes.STREAM, stream


def _life(repository: Repository) -> Iterator[sizes.Step]:
    photos = repository.folder / "photos"

    def again() -> None:
        photos.mkdir()
        for number in range(20):
            (photos / f"{number}.bin").write_bytes(os.urandom(1000))
        repository.restic("backup", "photos")
        (photos / "0.bin").unlink()
        (photos / "1.bin").write_bytes(b"changed")
        repository.restic("backup", "photos")
        assert _contents(repository.restored() / "photos") == _contents(photos)

    def forgotten() -> None:
        before = repository.snapshots()
        repository.restic("forget", "--group-by", "", "--keep-last", "1", "--prune")
        assert before > repository.snapshots() == 1
        assert _contents(repository.restored() / "photos") == _contents(photos)

    yield "backup and restore a folder that changed", again
    yield "forget --prune", forgotten
    yield "check --read-data", lambda: repository.restic("check", "--read-data")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


if __name__ == "__main__":
    # Without a bucket: it makes one.
    steps.print_outcomes(steps.run_steps(own_steps(steps.bucket()), sizes.code_of))
