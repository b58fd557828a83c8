"""What a person types to see what was, and to bring it back: log, cat, restore, branch, commit."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any

import click

from gateway.history import branching, restoring
from gateway.history.commits import branch_at, commit_at, writable_branch
from gateway.history.log import log_of
from gateway.history.places import HistoryRefused, Place, moment_of, place_of, whole_bucket
from gateway.history.texts import (
    entry_as_json,
    entry_in_lines,
    plan_as_json,
    plan_in_lines,
    shown,
)
from gateway.json_answers import AS_JSON, say
from gateway.on_pfs import run_on_pfs
from gateway.settings import Settings
from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.values import CommitInfo, File
from pfs_client.whole_pfs import WholePfs

_AT = click.option(
    "--at",
    "moment",
    required=True,
    metavar="COMMIT|TIME",
    help="A commit: 8 digits of its id or more, with ~ behind it for the commit before. Or a time:"
    " 2026-11-19 or 2026-11-19T08:30, or an age such as 90m, 3h, 7d or 2w.",
)


@click.command(
    epilog="""\b
Examples:
  s3gateway log master.images                  the last 20 commits
  s3gateway log master.images/raw/ --files     what became of the folder raw, file by file
  s3gateway log master.images/a.png --number 1 who touched a.png last
"""
)
@click.argument("place", metavar="BUCKET[/KEY]")
@click.option(
    "--number", type=click.IntRange(1), default=20, show_default=True, help="How many commits."
)
@click.option("--files", is_flag=True, help="Name every file that a commit changed.")
@AS_JSON
@click.pass_obj
def log(settings: Settings, place: str, number: int, files: bool, as_json: bool) -> None:
    """Show the commits of a bucket, the newest first: when, and what they changed.

    With a key or a folder, only the commits that changed something there. On a pachd each commit
    that is looked at takes as long as a comparison of all files: 0.2 s for 10,000.
    """

    async def work(pfs: WholePfs) -> None:
        left = number
        entries = log_of(pfs, place_of(place))
        async for entry in entries:
            if as_json:
                click.echo(json.dumps(entry_as_json(entry)))
            else:
                click.echo("\n".join(entry_in_lines(entry, with_files=files)))
            left -= 1
            if not left:
                break

    run_on_pfs(settings, work)


@click.command(
    epilog="""\b
Examples:
  s3gateway cat master.notes/list.txt --at 7d        as it was a week ago
  s3gateway cat master.notes/list.txt --at 1f0c93ab  as it was in that commit
"""
)
@click.argument("place", metavar="BUCKET/KEY")
@_AT
@click.option("--json", "as_json", is_flag=True, help="Print what it was, instead of its content.")
@click.pass_obj
def cat(settings: Settings, place: str, moment: str, as_json: bool) -> None:
    """Write a file to standard output as it was."""

    async def work(pfs: WholePfs) -> None:
        named = place_of(place)
        at = await _commit(pfs, named, moment)
        file = File(at.commit, named.path)
        try:
            info = await pfs.inspect_file(file)
        except (FileNotFound, NotAFile):
            raise HistoryRefused(f"{place} was not a file in commit {at.commit.id}") from None
        if as_json:
            size = {"size_bytes": info.size_bytes, "hash": info.hash.hex()}
            click.echo(json.dumps({"key": info.path[1:], **_commit_as_json(at), **size}))
            return
        async with await pfs.get_file(file) as pieces:
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    run_on_pfs(settings, work)


@click.command(
    epilog="""\b
Examples:
  s3gateway restore master.images/raw/ --at 3h --dry-run  what would come back
  s3gateway restore master.images/raw/ --at 3h            bring it back
  s3gateway restore master.images --at 1f0c93ab --exact   the whole bucket, and nothing else
"""
)
@click.argument("place", metavar="BUCKET[/PREFIX]")
@_AT
@click.option("--exact", is_flag=True, help="Also remove what was not there then.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@AS_JSON
@click.pass_obj
def restore(
    settings: Settings, place: str, moment: str, exact: bool, dry_run: bool, as_json: bool
) -> None:
    """Bring a bucket, a folder or a file back as it was, as one commit.

    Files that are gone or were replaced come back. New files stay, unless you say --exact.
    Nothing is lost: what is replaced or removed is in the history too. PREFIX is a key or a
    folder; raw does not mean rawer. No bytes are copied. Where a file must make room for a
    folder of its name, there are two commits. Gateways may run meanwhile.
    """

    async def work(pfs: WholePfs) -> None:
        named = place_of(place)
        branch = await writable_branch(pfs, named)
        at = await _commit(pfs, named, moment)
        plan = await restoring.plan(pfs, named, branch.head, at, exact=exact)
        head = branch.head
        if not (dry_run or plan.is_empty):
            head = await restoring.carry_out(pfs, named, plan)
        done = {"dry_run": dry_run, "head": head.id, **plan_as_json(plan)}
        lines = plan_in_lines(plan, at, head, is_dry=dry_run)
        say(as_json, {**_commit_as_json(at), **done}, "\n".join(lines))

    run_on_pfs(settings, work)


@click.command(
    epilog="""\b
Examples:
  s3gateway branch try.images --from master.images           a copy to work on
  s3gateway branch old.images --from master.images@7d        as it was a week ago
  s3gateway branch old.images --from master.images@1f0c93ab  as it was in that commit
"""
)
@click.argument("new")
@click.option(
    "--from",
    "source",
    required=True,
    metavar="BUCKET[@COMMIT]",
    help="The bucket to begin with; behind @ a commit of it, or a time as --at takes one.",
)
@AS_JSON
@click.pass_obj
def branch(settings: Settings, new: str, source: str, as_json: bool) -> None:
    """Make a bucket that begins as another one is, or was. No bytes are copied.

    Both are branches of one repo: try.images and master.images. What is written to one of them does
    not show in the other.
    """

    async def work(pfs: WholePfs) -> None:
        bucket, _, moment = source.partition("@")
        named = place_of(bucket)
        head = (await branch_at(pfs, named)).head
        if moment:
            head = (await _commit(pfs, named, moment)).commit
        await branching.new_branch(pfs, whole_bucket(new), named, head)
        say(as_json, {"bucket": new, "commit": head.id}, f"{new} begins with commit {head.id}")

    run_on_pfs(settings, work)


@click.group()
def commit() -> None:
    """Put many writes into one commit.

    Between start and finish everything that anybody writes to the bucket goes into one commit.
    Readers see it as it comes.
    """


@commit.command()
@click.argument("bucket")
@click.option("--description", default="", help="What the commit is about.")
@AS_JSON
@click.pass_obj
def start(settings: Settings, bucket: str, description: str, as_json: bool) -> None:
    """Open a commit; writes to BUCKET go into it until it is finished."""

    async def work(pfs: WholePfs) -> None:
        opened = await branching.start_commit(pfs, whole_bucket(bucket), description)
        text = f"commit {opened.id} is open; s3gateway commit finish {bucket} closes it"
        say(as_json, {"bucket": bucket, "commit": opened.id}, text)

    run_on_pfs(settings, work)


@commit.command()
@click.argument("bucket")
@AS_JSON
@click.pass_obj
def finish(settings: Settings, bucket: str, as_json: bool) -> None:
    """Close the open commit of BUCKET."""

    async def work(pfs: WholePfs) -> None:
        closed = await branching.finish_commit(pfs, whole_bucket(bucket))
        say(as_json, {"bucket": bucket, "commit": closed.id}, f"commit {closed.id} is finished")

    run_on_pfs(settings, work)


COMMANDS = (log, cat, restore, branch, commit)


async def _commit(pfs: WholePfs, place: Place, moment: str) -> CommitInfo:
    """The commit that is named, which must be one that can be read."""
    branch = await branch_at(pfs, place)
    return await commit_at(pfs, branch, moment_of(moment, datetime.now(UTC)))


def _commit_as_json(info: CommitInfo) -> dict[str, Any]:
    return {"commit": info.commit.id, "committed": shown(info)}
