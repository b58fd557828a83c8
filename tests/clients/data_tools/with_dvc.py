"""DVC, whose remote is a bucket."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.clients import steps
from tests.clients.data_tools import sizes


class Project:
    """A folder with files that DVC keeps in the remote, without git."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def dvc(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "dvc", *arguments]
        environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def forget(self, name: str) -> None:
        """Lose what this machine has of a file or a folder that was pushed."""
        shutil.rmtree(self.folder / ".dvc" / "cache", ignore_errors=True)
        path = self.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Files of each size, and what else DVC does with a remote."""
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name))
        project.dvc("init", "--no-scm")
        project.dvc("remote", "add", "-d", "pfs", f"s3://{bucket}/store")
        for setting, value in {
            "endpointurl": steps.endpoint(),
            "access_key_id": "any",
            "secret_access_key": "anything",
            "region": "us-east-1",
        }.items():
            project.dvc("remote", "modify", "pfs", setting, value)
        yield from _files(project)
        yield from _remote(project)


def _files(project: Project) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        content, file = os.urandom(size), project.folder / str(size)
        file.write_bytes(content)
        project.dvc("add", file.name)
        project.dvc("push", file.name)
        project.forget(file.name)
        project.dvc("pull", f"{file.name}.dvc")
        assert file.read_bytes() == content

    def folders() -> None:
        photos = project.folder / "photos"
        photos.mkdir()
        for number in range(20):
            (photos / f"{number}.bin").write_bytes(os.urandom(1000))
        seen = {path.name: path.read_bytes() for path in photos.iterdir()}
        project.dvc("add", "photos")
        project.dvc("push", "photos")
        project.forget("photos")
        project.dvc("pull", "photos.dvc")
        assert {path.name: path.read_bytes() for path in photos.iterdir()} == seen

    yield from sizes.each_size(whole)
    yield "push and pull a folder", folders


def _remote(project: Project) -> Iterator[sizes.Step]:
    def status() -> None:
        project.dvc("pull")  # all that was forgotten meanwhile
        said = project.dvc("status", "--cloud")
        assert "in sync" in said, said
        said = project.dvc("push")
        assert "Everything is up to date" in said, said

    def collected() -> None:
        photos = project.folder / "photos.dvc"
        listed = photos.read_text()
        photos.unlink()
        project.dvc("gc", "--workspace", "--cloud", "--force")
        said = project.dvc("status", "--cloud")
        assert "in sync" in said, said
        photos.write_text(listed)
        project.forget("photos")
        try:
            project.dvc("pull", "photos.dvc")
        except RuntimeError:
            return
        raise AssertionError("the folder is still in the remote")

    yield "status --cloud", status
    yield "gc --cloud", collected


if __name__ == "__main__":
    sizes.run(own_steps)
