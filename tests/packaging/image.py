"""An image without an engine: a Dockerfile's steps in a folder that is the root of what they run.

What stands for the official Python image is a Debian of the same release with its own Python of the
same version. Needs root, `unshare` and `debootstrap`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.packaging.dockerfile import Stage, Step

PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS = 30.0

_PACKAGES = "ca-certificates,python3,python3-venv"
# How this machine reaches registries, which an engine hands to what it builds as well.
_NETWORK_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs", "/etc/pip.conf")
_NETWORK_VARIABLES = ("PIP_CERT", "PIP_INDEX_URL", "http_proxy", "https_proxy", "no_proxy")


def why_not() -> str:
    """Why no image can be made here; nothing if it can."""
    if os.geteuid() != 0:
        return "only root can make an image"
    missing = [name for name in ("unshare", "nsenter", "debootstrap") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} is not installed"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], check=False).returncode:
        return "this system lets nobody unshare"
    return ""


def debian(release: str, folder: Path) -> Path:
    """A Debian with Python, made once."""
    root = folder / release
    if not root.exists():
        new = folder / f"{release}.new"
        shutil.rmtree(new, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        make = ("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", release, new)
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        (new / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        new.rename(root)
    return root


@dataclass(slots=True)
class Build:
    """Stages that are carried out one after the other.

    Args:
        context: The folder that `COPY` copies from.
        folder: Where roots are made.
        base: What every stage starts from.
    """

    context: Path
    folder: Path
    base: Path
    roots: dict[str, Path] = field(default_factory=dict)

    def run(self, stage: Stage) -> Path:
        """Carry out a stage; gives its root."""
        root = self.folder / f"root{len(self.roots)}"
        subprocess.run(["cp", "-a", self.base, root], check=True)
        self.roots[stage.name] = root
        directory = "/"
        done = Stage(stage.image, stage.name)
        for step in stage.steps:
            done.steps.append(step)
            if step.instruction == "WORKDIR":
                directory = os.path.join(directory, step.value)
                _inside(root, directory).mkdir(parents=True, exist_ok=True)
            elif step.instruction == "COPY":
                self._copy(step, root, directory)
            elif step.instruction == "RUN":
                self._execute(step, root, directory, done)
        return root

    def _copy(self, step: Step, root: Path, directory: str) -> None:
        *sources, target = step.words
        start = self.context
        if sources[0].startswith("--from="):
            start = self.roots[sources.pop(0).removeprefix("--from=")]
        to = _inside(root, os.path.join(directory, target))
        if target.endswith("/") or target == ".":
            to.mkdir(parents=True, exist_ok=True)
        for source in sources:
            found = _inside(start, source)
            if found.is_dir():
                shutil.copytree(found, to, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy(found, to)

    def _execute(self, step: Step, root: Path, directory: str, stage: Stage) -> None:
        network = {name: os.environ[name] for name in _NETWORK_VARIABLES if name in os.environ}
        environment = {**network, "PATH": PATH, "HOME": "/root", **stage.environment}
        mounts = [f"mount --bind {name} {root}{name}" for name in _present(root)]
        shell = ["sh", "-c", f"cd {directory} && {step.value}"]
        command = _namespace(root, mounts, "0:0", environment, shell)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"RUN {step.value}: {done.stdout}{done.stderr}"


def _present(root: Path) -> list[str]:
    """The files of the network that are here; where the image has none, there is room for one."""
    present = [name for name in _NETWORK_FILES if Path(name).exists()]
    for name in present:
        if not _inside(root, name).exists():
            _inside(root, name).touch()
    return present


class Container:
    """What an image runs, as its user, with process number 1 and a root that is read only.

    Args:
        root: The image's root.
        stage: Its last stage.
        volume: A folder that is its volume.
        environment: What whoever runs it adds.
        temporary: Whether it has a /tmp that can be written.
    """

    def __init__(
        self,
        root: Path,
        stage: Stage,
        volume: Path,
        environment: Mapping[str, str],
        *,
        temporary: bool = False,
    ) -> None:
        self._root, self._stage = root, stage
        user = stage.last("USER")
        self._user = user.value if user else "0:0"
        self._environment = {"PATH": PATH, **stage.environment, **environment}
        entry, arguments = stage.last("ENTRYPOINT"), stage.last("CMD")
        assert entry is not None
        assert entry.exec_form is not None, "a shell would keep signals from it"
        mount_point = stage.last("VOLUME")
        assert mount_point is not None
        to = f"{root}{mount_point.value}"
        mounts = [
            f"mount --bind {root} {root}",
            f"mount --bind {volume} {to}",
            f"mount -o remount,bind,ro {root}",
        ]
        if temporary:
            mounts.append(f"mount -t tmpfs tmpfs {root}/tmp")  # noqa: S108 - the image's
        command = entry.exec_form + (arguments.words if arguments else [])
        self._process = subprocess.Popen(
            _namespace(root, mounts, self._user, self._environment, command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Its process number on this machine; 0 while it is not in its root yet."""
        for child in self._children():
            with contextlib.suppress(FileNotFoundError):  # it has just ended
                if Path(f"/proc/{child}/root").readlink() != Path("/"):
                    return child
        return 0

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def execute(
        self, *command: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run something else in it."""
        user, _, group = self._user.partition(":")
        enter = ["nsenter", "--target", str(self.pid), "--mount", "--pid", "--root", "--wd"]
        return subprocess.run(
            [
                *enter,
                "-S",
                user,
                "-G",
                group,
                *_clean({**self._environment, **(environment or {})}),
                *command,
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    def is_healthy(self, environment: Mapping[str, str] | None = None) -> bool:
        """What the image's health check says, where it is told this."""
        check = self._stage.last("HEALTHCHECK")
        assert check is not None
        command = Step("CMD", check.value.partition("CMD")[2].strip())
        if not self.pid:
            return False
        return self.execute(*command.words, environment=environment).returncode == 0

    def stop(self) -> tuple[int, str]:
        """Send the image's signal; gives the status, and all that was said."""
        signal_ = self._stage.last("STOPSIGNAL")
        assert signal_ is not None
        assert self.pid, self.wait()
        os.kill(self.pid, signal.Signals[signal_.value])
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for its end; gives the status, and all that was said."""
        said, _ = self._process.communicate(timeout=30)
        return self._process.returncode, said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for child in self._children():
            os.kill(child, signal.SIGKILL)
        self._process.communicate()

    def _children(self) -> list[int]:
        here = self._process.pid
        children = Path(f"/proc/{here}/task/{here}/children")
        return [int(one) for one in children.read_text().split()] if self.is_running else []


def _namespace(
    root: Path, mounts: list[str], user: str, environment: dict[str, str], command: list[str]
) -> list[str]:
    """A command that sees only a root, in namespaces of its own."""
    script = " && ".join([*mounts, f"mount -t proc proc {root}/proc", 'exec "$@"'])
    chroot = ["chroot", f"--userspec={user}", "--groups=", str(root)]
    unshare = ["unshare", "--mount", "--pid", "--fork"]
    return [*unshare, "sh", "-c", script, "sh", *chroot, *_clean(environment), *command]


def _clean(environment: dict[str, str]) -> list[str]:
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]


def _inside(root: Path, path: str) -> Path:
    return root / path.lstrip("/")
