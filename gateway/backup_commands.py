"""What a person types to back up an embedded PFS, and to make one of a backup."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gateway.composition import choice
from gateway.json_answers import AS_JSON, say
from gateway.one_line import told_in_one_line

if TYPE_CHECKING:
    from gateway.composition.choice import BackedUp, Restored
    from gateway.settings import Settings

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(
    epilog="""\b
Examples:
  s3gateway --pfs embedded:/data backup /backup/data  make a backup, or bring it up to date
  s3gateway restore-backup /backup/data /restored     make a directory of it
"""
)
@click.argument("target", type=_FOLDER)
@AS_JSON
@click.pass_obj
def backup(settings: Settings, target: Path, as_json: bool) -> None:
    """Back up the embedded PFS to the folder TARGET. Gateways may run meanwhile.

    The backup has all objects whose writes were answered before the command began, and their
    history. TARGET must be empty, or hold an older backup of the same PFS. Then only new contents
    are copied, and the older backup stays whole until the new one is. On the disk of the PFS large
    contents are hard links, which take no room: use another disk against the loss of a disk.
    """
    with told_in_one_line():
        directory, done = choice.back_up(settings, target)
    say(as_json, _backup_as_json(target, done), _backup_in_words(directory, target, done))
    if done.brought.missing:
        sys.exit(1)


@click.command(
    "restore-backup",
    epilog="""\b
Examples:
  s3gateway restore-backup /backup/data /restored  make a directory of the backup
  s3gateway --pfs embedded:/restored               serve it
""",
)
@click.argument("backup", metavar="BACKUP", type=_FOLDER)
@click.argument("directory", metavar="NEW_DIRECTORY", type=_FOLDER)
@click.option("--with-losses", is_flag=True, help="Restore the rest although something is lost.")
@AS_JSON
def restore_backup(backup: Path, directory: Path, with_losses: bool, as_json: bool) -> None:
    """Make a directory for the embedded PFS of a backup.

    NEW_DIRECTORY must be empty or not exist. Every content is read and compared with its hash.
    Where something is lost, the command names it and ends with status 1, and nothing can be served
    from NEW_DIRECTORY unless you say --with-losses. If the command was cut off, run it again.
    """
    with told_in_one_line():
        done = choice.restore_backup(backup, directory, with_losses=with_losses)
    say(as_json, _restored_as_json(directory, done), _restored_in_words(directory, done))
    if not done.checked.is_sound:
        sys.exit(1)


def _backup_as_json(target: Path, done: BackedUp) -> dict[str, Any]:
    brought = done.brought
    return {
        "target": str(target),
        "last_commit": done.last_commit.isoformat() if done.last_commit else None,
        "tables_bytes": done.tables_bytes,
        "contents": done.contents,
        "known": brought.known,
        "linked": brought.linked,
        "copied": brought.copied,
        "copied_bytes": brought.copied_bytes,
        "missing": brought.missing,
        "removed": done.removed,
    }


def _backup_in_words(directory: Path, target: Path, done: BackedUp) -> str:
    brought = done.brought
    lines = [
        f"{target} is a backup of {directory}: {done.contents} large contents,"
        f" {brought.linked + brought.copied} of them new ({brought.linked} hard links,"
        f" {brought.copied_bytes / 1e6:.1f} MB copied), {done.removed} removed;"
        f" {done.tables_bytes / 1e6:.1f} MB of tables"
    ]
    if brought.missing:
        lines.append(
            f"{brought.missing} contents are lost in {directory}: s3gateway check names their files"
        )
    return "\n".join(lines)


def _restored_as_json(directory: Path, done: Restored) -> dict[str, Any]:
    checked = done.checked
    return {
        "directory": str(directory),
        "restored": done.is_in_place,
        "contents": checked.contents,
        "read_bytes": checked.read_bytes,
        "lost": [
            {"where": lost.where, "path": lost.path, "when": lost.when, "why": lost.why}
            for lost in checked.lost
        ],
        "wrong": checked.wrong,
    }


def _restored_in_words(directory: Path, done: Restored) -> str:
    checked = done.checked
    lines = [lost.in_words() for lost in checked.lost]
    lines += [f"wrong: {wrong}" for wrong in checked.wrong]
    read = f"{checked.contents} contents, {checked.read_bytes / 1e6:.1f} MB read"
    if checked.is_sound:
        lines.append(f"{directory}: {read}; everything is there")
    elif done.is_in_place:
        lines.append(f"{directory}: {read}; the rest is there")
    else:
        lines.append(f"{directory} cannot be served; --with-losses restores the rest")
    return "\n".join(lines)
