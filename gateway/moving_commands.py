"""What a person types to move buckets from one PFS to another: export, import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from gateway.history.moving.buckets import all_buckets
from gateway.history.moving.exporting import Exported, export_branch
from gateway.history.moving.folder import read_export, written_export
from gateway.history.moving.importing import Imported, import_branch
from gateway.history.places import HistoryRefused, whole_bucket
from gateway.json_answers import AS_JSON, say
from gateway.on_pfs import run_on_pfs
from gateway.settings import Settings
from pfs_client.failures import NO_ROOM, PfsTimeout, PfsUnavailable
from pfs_client.whole_pfs import WholePfs

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(
    epilog="""\b
Examples:
  s3gateway export master.photos /mnt/moved            what the bucket holds now
  s3gateway export master.photos --history /mnt/moved  and every commit before
  s3gateway export --all /mnt/moved                    all buckets
"""
)
@click.argument("buckets", metavar="BUCKET...", nargs=-1)
@click.argument("folder", type=_FOLDER)
@click.option("--all", "all_", is_flag=True, help="Export all buckets.")
@click.option("--history", is_flag=True, help="With every commit, instead of what is there now.")
@AS_JSON
@click.pass_obj
def export(
    settings: Settings,
    buckets: tuple[str, ...],
    folder: Path,
    all_: bool,
    history: bool,
    as_json: bool,
) -> None:
    """Copy buckets to FOLDER, from which s3gateway import brings them into another PFS.

    Gateways may run meanwhile. The export has everything whose write was answered before the
    command began. If the command was cut off, run it again: it goes on where it stopped. Run it
    again later, and it adds what has changed. FOLDER must be new or empty, or hold an export.
    """
    if bool(buckets) == all_:
        raise click.UsageError("name the buckets to export, or say --all")

    async def work(pfs: WholePfs) -> None:
        with _told_what_to_do(folder), written_export(folder) as to:
            for place in map(whole_bucket, buckets or await all_buckets(pfs)):
                done = await export_branch(pfs, place, to, history=history)
                say(as_json, _exported_as_json(done), _exported_in_words(folder, done))

    run_on_pfs(settings, work)


@click.command(
    "import",
    epilog="""\b
Examples:
  s3gateway --pfs grpc://pachd:30650 import /mnt/moved     all buckets of the export
  s3gateway import /mnt/moved master.photos                one of them
  s3gateway import /mnt/moved master.photos --as new.pics  under another name
""",
)
@click.argument("folder", type=_FOLDER)
@click.argument("buckets", metavar="[BUCKET]...", nargs=-1)
@click.option("--as", "name", metavar="BUCKET", help="Another name for the one bucket.")
@click.option(
    "--merge",
    is_flag=True,
    help="Import on top of what a bucket has: files of the same key are replaced, others stay.",
)
@AS_JSON
@click.pass_obj
def import_(
    settings: Settings,
    folder: Path,
    buckets: tuple[str, ...],
    name: str | None,
    merge: bool,
    as_json: bool,
) -> None:
    """Bring the buckets of an export into a PFS, one commit for each that was exported.

    Projects, repos and branches are created. If the command was cut off, run it again: it goes on
    where it stopped. Run it again after a newer export, and it adds what is new. Every content and
    every commit is checked. A bucket that has other commits is refused, unless you say --merge.
    """

    async def work(pfs: WholePfs) -> None:
        with _told_what_to_do(folder), read_export(folder) as source:
            chosen = _chosen(buckets, source.buckets(), folder)
            if name is not None and len(chosen) != 1:
                raise HistoryRefused("--as names one bucket: say which one to import")
            for bucket in chosen:
                place = whole_bucket(name or bucket)
                done = await import_branch(pfs, place, source, bucket, merge=merge)
                say(as_json, _imported_as_json(done), _imported_in_words(done))

    run_on_pfs(settings, work, may_create=True)


MOVING_COMMANDS = (export, import_)


@contextmanager
def _told_what_to_do(folder: Path) -> Iterator[None]:
    """Tell of a cut connection, and of a folder that is full or refused, in one line.

    Raises:
        HistoryRefused: It is what has happened.
    """
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise HistoryRefused(
                f"the disk of {folder} is full. Make room and run the command again: it goes on"
                " where it stopped"
            ) from error
        where = f"{error.filename}: " if error.filename else ""
        raise HistoryRefused(f"{where}{error.strerror or error}") from error
    except (PfsUnavailable, PfsTimeout) as error:
        raise HistoryRefused(
            f"{error}. Run the command again: it goes on where it stopped"
        ) from error


def _chosen(wanted: tuple[str, ...], found: list[str], folder: Path) -> list[str]:
    missing = sorted(set(wanted).difference(found))
    if missing:
        raise HistoryRefused(f"the export in {folder} has no bucket {missing[0]}")
    if not found:
        raise HistoryRefused(f"the export in {folder} has no buckets: run s3gateway export again")
    return list(wanted) or found


def _exported_as_json(done: Exported) -> dict[str, Any]:
    return {
        "bucket": done.bucket,
        "commits": done.complete.records,
        "new_commits": done.new_records,
        "new_changes": done.changes,
        "head": done.complete.commit or None,
        "committed": done.complete.committed or None,
    }


def _exported_in_words(folder: Path, done: Exported) -> str:
    has = f"{done.bucket}: {folder} has {_count(done.complete.records, 'commit')}"
    return f"{has}, {done.new_records} of them new, with {_count(done.changes, 'change')}"


def _imported_as_json(done: Imported) -> dict[str, Any]:
    return {
        "bucket": done.bucket,
        "source": done.source,
        "commits": done.complete.records,
        "new_commits": done.new_commits,
        "new_changes": done.changes,
        "head": done.head.id,
    }


def _imported_in_words(done: Imported) -> str:
    if not done.new_commits:
        return f"{done.bucket}: nothing to do, all of the export is there"
    made = _count(done.new_commits, "commit")
    return f"{done.bucket}: {made} made, with {_count(done.changes, 'change')}; all are checked"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
