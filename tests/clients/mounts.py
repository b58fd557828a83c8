"""Buckets that s3fs-fuse mounts as folders of this machine, and their end."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients import steps

MOUNT_SECONDS = 30
_DEVICE = Path("/dev/fuse")
_UNMOUNT = "fusermount3"


def why_no_mounts() -> str:
    """Why no file system can be mounted here, or nothing."""
    if shutil.which(_UNMOUNT) is None:
        return f"{_UNMOUNT} is not installed"
    return "" if os.access(_DEVICE, os.R_OK | os.W_OK) else f"{_DEVICE} cannot be used here"


def mounts_below(folder: Path) -> list[Path]:
    """Where something is mounted in a folder, also if it answers no more."""
    places = (line.split()[1] for line in Path("/proc/mounts").read_text().splitlines())
    paths = (Path(place.replace(r"\040", " ")) for place in places)
    return [path for path in paths if path.is_relative_to(folder)]


def is_mounted(folder: Path) -> bool:
    """Whether something is mounted at this very place."""
    return folder in mounts_below(folder)


def unmount(folder: Path) -> None:
    """End a mount; raises if that cannot be."""
    subprocess.run([_UNMOUNT, "-u", str(folder)], check=True, capture_output=True)


class Mount:
    """A bucket as a folder of this machine."""

    def __init__(self, bucket: str, folder: Path) -> None:
        self.folder = folder
        self.top = folder / "mount"
        self.top.mkdir()
        self._log = folder / "s3fs.log"
        self._command = [
            *("s3fs", bucket, str(self.top), "-f"),
            *("-o", f"url={steps.endpoint()}", "-o", "use_path_request_style"),
        ]
        self._running: subprocess.Popen[bytes] | None = None

    def mount(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._command, stdout=log, stderr=log)
        end = time.monotonic() + MOUNT_SECONDS
        while not is_mounted(self.top):
            if self._running.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self._log.read_text(errors="replace"))
            time.sleep(0.02)

    def unmount(self) -> None:
        running, self._running = self._running, None
        if is_mounted(self.top):
            unmount(self.top)  # which ends s3fs, too
        elif running is not None:
            running.terminate()
        if running is not None:
            running.wait(MOUNT_SECONDS)

    def again(self) -> None:
        """Forget all that the file system and this machine's kernel know of the bucket."""
        self.unmount()
        self.mount()

    def write(self, name: str, content: bytes) -> None:
        (self.top / name).write_bytes(content)

    def expect(self, name: str, content: bytes) -> None:
        """Compare a file with what the gateway has of it."""
        self.again()
        path = self.top / name
        assert path.stat().st_size == len(content), path.stat()
        assert digest(path.read_bytes()) == digest(content)

    def names(self) -> list[str]:
        """All files, by their paths."""
        self.again()
        found = (path for path in self.top.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.top).as_posix() for path in found)


@contextmanager
def mounted(bucket: str) -> Iterator[Mount]:
    """A mount that ends in any case."""
    with tempfile.TemporaryDirectory(dir=os.environ["HOME"]) as name:
        mount = Mount(bucket, Path(name))
        try:
            mount.mount()
            yield mount
        finally:
            mount.unmount()


def digest(content: bytes) -> str:
    """What a large content is compared by, so that a difference is not printed."""
    return hashlib.sha256(content).hexdigest()
