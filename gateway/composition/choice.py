"""Which PFS the settings name: the one on this machine, or a pachd."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_pfs.backup_restoring import Restored as Restored
from embedded_pfs.backup_restoring import restore_backup as restore_directory
from embedded_pfs.backups import BackedUp as BackedUp
from embedded_pfs.backups import back_up as back_up_directory
from embedded_pfs.checking import Checked
from embedded_pfs.checking import check as check_directory
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import Compactable, Compacted
from embedded_pfs.compaction import compact as compact_directory
from embedded_pfs.compaction import survey as survey_directory
from embedded_pfs.directory import DataDirectory, DirectoryRefused, older_schema
from embedded_pfs.upkeep import UpkeepRules
from gateway.lifecycle import Lifecycle
from gateway.settings import BadSetting, Settings
from pfs_client.company import never
from pfs_client.failures import PfsFailure
from pfs_client.history.index_file import IndexFile, StateDirectoryRefused
from pfs_client.interface import PfsClient
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.client import PachdClient
from pfs_client.pachd.token import cleaned
from pfs_client.reading.branch_heads import SharedHeads

_EMBEDDED = "embedded"
_PACHD_PORT = 30650


def open_pfs(
    settings: Settings, observer: Observer = UNOBSERVED, lifecycle: Lifecycle | None = None
) -> PfsClient:
    """The PFS that the setting names.

    Args:
        settings: They name it.
        observer: Is told of calls to it.
        lifecycle: Of the process; it says when to read the token again, and what else is served.

    Raises:
        BadSetting: It names no directory and no address, or a file of it cannot be read.
    """
    if is_embedded(settings):
        return EmbeddedPfs(
            embedded_directory(settings),
            synchronous=settings.synchronous,
            rules=UpkeepRules(keep_history_days=settings.keep_history),
            observer=observer,
            is_alone=never if lifecycle is None else lifecycle.serves_one,
        )
    pachd = PachdClient.open(pachd_settings(settings), observer)
    if lifecycle is not None:
        lifecycle.on_reload(pachd.read_token_again)
    return SharedHeads(pachd)


def check_pfs(settings: Settings) -> None:
    """See that the PFS can be opened. A pachd need not be there.

    Raises:
        BadSetting: It names no directory or address, the directory is in use or unusable, or a
            file that belongs to it cannot be read.
    """
    if not is_embedded(settings):
        pachd_settings(settings)
        open_index(settings).close()
        return
    try:
        DataDirectory(embedded_directory(settings), synchronous=settings.synchronous).close()
    except DirectoryRefused as error:
        raise BadSetting(str(error)) from None


def open_index(settings: Settings) -> IndexFile:
    """The file of what is known of histories.

    Raises:
        BadSetting: The directory cannot be used.
    """
    directory = Path(settings.state_dir).expanduser() if settings.state_dir else None
    try:
        return IndexFile(directory)
    except StateDirectoryRefused as error:
        raise BadSetting(f"--state-dir: {error}") from None


def older_schema_of(settings: Settings) -> tuple[Path, int | None]:
    """Say where the embedded PFS is, and its schema if whatever changes it brings it to the newest.

    Raises:
        BadSetting: There is no embedded PFS, or it cannot be read.
    """
    directory = embedded_directory(settings)
    with _refusals():
        return directory, older_schema(directory)


def survey(settings: Settings, keep_commits: int) -> tuple[Path, Compactable]:
    """Say where the embedded PFS is, and what of its history `compact` would drop.

    Raises:
        BadSetting: There is no embedded PFS, or somebody else uses it.
    """
    directory = embedded_directory(settings)
    with _refusals():
        return directory, survey_directory(directory, keep_commits)


def compact(settings: Settings, keep_commits: int) -> Compacted:
    """Squash the history of the embedded PFS, and say what has gone.

    Raises:
        BadSetting: There is no embedded PFS, or somebody else uses it.
    """
    with _refusals():
        return compact_directory(embedded_directory(settings), keep_commits)


def check_stored(settings: Settings) -> tuple[Path, Checked]:
    """Read all that the embedded PFS stores, and say what is lost.

    Raises:
        BadSetting: There is no embedded PFS, or somebody needs it alone.
    """
    directory = embedded_directory(settings)
    with _refusals():
        return directory, check_directory(directory)


def back_up(settings: Settings, target: Path) -> tuple[Path, BackedUp]:
    """Make a backup of the embedded PFS, and say what it has.

    Raises:
        BadSetting: There is no embedded PFS, or the target cannot be used.
    """
    directory = embedded_directory(settings)
    with _refusals():
        return directory, back_up_directory(directory, target)


def restore_backup(backup: Path, directory: Path, *, with_losses: bool) -> Restored:
    """Make a directory for an embedded PFS of a backup.

    Raises:
        BadSetting: There is no whole backup, or the directory cannot be used.
    """
    with _refusals():
        return restore_directory(backup, directory, with_losses=with_losses)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (DirectoryRefused, PfsFailure) as error:
        raise BadSetting(str(error)) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise BadSetting(f"{where}{error.strerror or error}") from None


def is_embedded(settings: Settings) -> bool:
    """Whether the PFS is in this process."""
    return settings.pfs.partition(":")[0] == _EMBEDDED


def embedded_directory(settings: Settings) -> Path:
    """The embedded PFS's directory.

    Raises:
        BadSetting: The setting names no directory.
    """
    directory = settings.pfs.partition(":")[2]
    if not is_embedded(settings) or not directory:
        raise BadSetting(f"--pfs {settings.pfs}: say embedded:DIRECTORY")
    return Path(directory).expanduser()


def pachd_settings(settings: Settings) -> PachdSettings:
    """How to reach pachd.

    Raises:
        BadSetting: The setting names no address, or a file that cannot be read.
    """
    kind, _, rest = settings.pfs.partition(":")
    if kind in ("grpc", "grpcs") and rest.startswith("//"):
        target = _with_port(rest.removeprefix("//").rstrip("/"))
    elif kind == "unix" and rest:
        target = settings.pfs
    else:
        raise BadSetting(
            f"--pfs {settings.pfs}: say embedded:DIRECTORY, grpc://HOST:PORT, grpcs://HOST:PORT or"
            " unix:PATH"
        )
    return PachdSettings(
        target,
        tls=kind == "grpcs",
        ca_file=_authorities(settings.pfs_ca_file),
        token=_token(settings.pfs_token),
        token_file=_readable("--pfs-token-file", settings.pfs_token_file),
        call_seconds=settings.pfs_call_seconds,
    )


def _with_port(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, str(_PACHD_PORT)
    if not host or not port.isdecimal():
        raise BadSetting(f"--pfs: {address} is not a HOST:PORT")
    return f"{host}:{port}"


def _readable(option: str, name: str) -> Path | None:
    if not name:
        return None
    path = Path(name).expanduser()
    try:
        path.read_bytes()
    except OSError as error:
        raise BadSetting(f"{option} {name}: {error.strerror}") from None
    return path


def _authorities(name: str) -> Path | None:
    path = _readable("--pfs-ca-file", name)
    if path is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError:
            raise BadSetting(f"--pfs-ca-file {name}: no PEM certificate is in it") from None
    return path


def _token(given: str) -> str:
    try:
        return cleaned(given)
    except ValueError as error:
        raise BadSetting(f"--pfs-token: {error}") from None
