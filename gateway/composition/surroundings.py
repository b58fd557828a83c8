"""What a PFS needs around it: how it is read, and how writes go to it.

The embedded PFS decides conditions and collisions in its own transactions and is read directly.
pachd is a round trip away and decides nothing: heads and reads are shared, ranges come in blocks,
and groups are looked at before they are sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from embedded_pfs.blobs import INLINE_MAX_BYTES
from gateway.composition.choice import open_index
from gateway.settings import Settings
from pfs_client.group_commit.committer import Committer, EmbeddedCommitter
from pfs_client.group_commit.pachd_committer import PachdCommitter
from pfs_client.history.change_times import ChangeTimes, KnownTimes
from pfs_client.history.indexed_times import IndexedTimes
from pfs_client.interface import PfsClient
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import Observer
from pfs_client.reading.commit_cache import CommitCache, direct_reads, remote_reads
from pfs_client.repo_removal import FEW_COMMITS
from pfs_client.values import SMALL_FILE_BYTES


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a PFS needs around it: how it is read, how groups go to it, and which bodies with them.

    `times` says when files changed.

    Bodies up to `inline_bytes` go with their group, larger ones into a file set first. A repo with
    more than `few_commits` must not be deleted at once. `finds_at_once` says whether PFS
    knows which commit last changed a file, without a search.
    """

    reads: CommitCache
    times: ChangeTimes
    committer: Committer
    inline_bytes: int
    few_commits: int | None
    finds_at_once: bool = False


def around_embedded(
    pfs: PfsClient, settings: Settings, observer: Observer, transfers: Transfers
) -> Surroundings:
    """Around the embedded PFS."""
    reads = direct_reads(pfs, settings.cache_bytes, INLINE_MAX_BYTES, observer, transfers)
    committer = EmbeddedCommitter(pfs)
    return Surroundings(reads, KnownTimes(), committer, INLINE_MAX_BYTES, None, finds_at_once=True)


def around_pachd(
    pfs: PfsClient, settings: Settings, observer: Observer, transfers: Transfers
) -> Surroundings:
    """Around a pachd."""
    times = IndexedTimes(
        pfs,
        open_index(settings),
        max_bytes=settings.history_bytes,
        wait_seconds=settings.history_wait,
        exact=settings.exact_times,
        observer=observer,
    )
    committer = PachdCommitter(
        pfs,
        sole_writer=settings.sole_writer,
        max_unfinished=settings.max_unfinished_commits,
        ack_finished=settings.ack == "finished",
        observer=observer,
        own_commits=times.own,
    )
    reads = remote_reads(pfs, settings.cache_bytes, observer, transfers)
    return Surroundings(reads, times, committer, SMALL_FILE_BYTES, FEW_COMMITS)
