"""What is counted, for Prometheus. Every metric there is stands here.

With several workers each counts in files that they share, and whichever is asked answers for all
(`PROMETHEUS_MULTIPROC_DIR`, which the command sets).
"""

from __future__ import annotations

import asyncio
import os
import platform
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from typing import Literal, TypeAlias

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.request_context import Record, current_record, enter
from gateway.settings import BadSetting
from pfs_client.observer import Observer

OfSeveral: TypeAlias = Literal["livesum", "livemax", "livemin", "livemostrecent"]
"""What a gauge is of what several processes say: of those that live, or what one said last."""

MULTIPROCESS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)
_PHASE_SECONDS = 0.00005
"""A phase that took less tells nothing: counting it would take longer."""

_CALL_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
disable_created_metrics()  # type: ignore[no-untyped-call]  # when each began is of no use here

_GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)


@contextmanager
def metrics_of_several_processes() -> Iterator[None]:
    """Have the processes that are started meanwhile count together.

    Raises:
        BadSetting: There is no room for temporary files.
    """
    try:
        temporary = tempfile.TemporaryDirectory(prefix="s3gateway-metrics-")
    except OSError as error:
        raise BadSetting(f"--workers: several of them count in files in TMPDIR: {error}") from None
    with temporary as folder:
        os.environ[MULTIPROCESS_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[MULTIPROCESS_VARIABLE]


class Metrics(Observer):
    """The metrics of one process."""

    is_storage_full = False

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._build_info = self._gauge(
            "build_info",
            "1; its labels say what runs.",
            "version",
            "python",
            of_several="livemostrecent",
        )
        self._build_info.labels(version("pfs-s3-gateway"), platform.python_version()).set(1)
        self._pfs_up = self._gauge(
            "pfs_up", "Whether PFS answered when this was asked.", of_several="livemostrecent"
        )
        self._requests = self._counter("requests", "Requests answered.", "operation", "status")
        self._errors = self._counter("errors", "Errors answered.", "code")
        self._received = self._counter("received_bytes", "Bytes of request bodies, as they came.")
        self._sent = self._counter("sent_bytes", "Bytes of the answers' bodies.")
        self._requests_now = 0
        self._in_flight = self._gauge("requests_in_flight", "Requests being served.")
        self._tally: defaultdict[Counter, float] = defaultdict(float)
        self._is_one_of_several = MULTIPROCESS_VARIABLE in os.environ
        self._tasks = self._gauge(
            "tasks", "Tasks of the event loop; of each worker, when it was last asked."
        )
        self._seconds = self._histogram(
            "request_seconds", "From a request's head to its answer's end.", _REQUEST_SECONDS,
            "operation",
        )  # fmt: skip
        self._phase_seconds = self._counter(
            "request_phase_seconds", "Where the time of requests has gone.", "operation", "phase"
        )
        self._calls = self._counter("pfs_calls", "Calls to pachd.", "method", "outcome")
        self._call_seconds = self._histogram(
            "pfs_call_seconds", "How long calls to pachd take.", _CALL_SECONDS, "method"
        )
        self._group_size = self._histogram(
            "group_requests", "Requests that share a commit.", _GROUP_SIZES
        )
        self._group_seconds = self._histogram(
            "group_seconds", "How long a group of writes takes.", _CALL_SECONDS
        )
        self._count_commits()
        self._cache = self._counter("cache", "Look-ups in the cache.", "kind", "result")
        self._make_storage_gauges()
        self._count_uploads()
        self._remember_children()

    def _make_storage_gauges(self) -> None:
        self._stored = self._gauge(
            "stored_bytes", "What the embedded PFS stores takes so much.", of_several="livemax"
        )
        self._free = self._gauge(
            "free_bytes", "So much is left for the embedded PFS.", of_several="livemin"
        )
        self._full = self._gauge(
            "storage_full", "1 while the embedded PFS has no room.", of_several="livemax"
        )

    def _count_uploads(self) -> None:
        self._uploads = self._gauge(
            "uploads", "Uploads in parts that are open.", of_several="livemostrecent"
        )
        self._upload_bytes = self._gauge(
            "upload_bytes", "Bytes in parts of uploads.", of_several="livemostrecent"
        )
        self._renewed_sets = self._counter(
            "renewed_file_sets", "File sets of parts that were given more time."
        )

    def _remember_children(self) -> None:
        """Keep the children of labels: to find one takes longer than to count it."""
        self._requests_of = cache(self._requests.labels)
        self._seconds_of = cache(self._seconds.labels)
        self._phase_seconds_of = cache(self._phase_seconds.labels)
        self._calls_of = cache(self._calls.labels)
        self._call_seconds_of = cache(self._call_seconds.labels)
        self._cache_of = cache(self._cache.labels)

    def _count_commits(self) -> None:
        self._failed_commits = self._counter(
            "failed_commits", "Commits of ours that finished with an error: what they held is lost."
        )
        self._history_commits = self._counter(
            "history_commits_read", "Commits of others whose changes have been read."
        )
        self._histories = self._gauge(
            "histories_unread", "Histories of branches that are not read to their end."
        )
        self._approximate = self._counter(
            "approximate_times", "Objects told with a time that may be later than their change."
        )

    def begin(self) -> None:
        """A request has come."""
        self._requests_now += 1
        if self._is_one_of_several:
            self._in_flight.set(self._requests_now)

    def end(self, record: Record, ended: float) -> None:
        """A request has been answered, or given up, at a time of `time.perf_counter`."""
        self._requests_now -= 1
        if self._is_one_of_several:
            self._in_flight.set(self._requests_now)
        self._add(self._requests_of(record.operation, record.status))
        self._seconds_of(record.operation).observe(ended - record.begun)
        for phase, seconds in record.phases(ended):
            if seconds > _PHASE_SECONDS:
                self._phase_seconds_of(record.operation, phase).inc(seconds)
        if record.code:
            self._errors.labels(record.code).inc()
        if record.received_bytes:
            self._add(self._received, record.received_bytes)
        if record.sent_bytes:
            self._add(self._sent, record.sent_bytes)

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """A call to pachd has been answered; it also counts for the request that it is made for."""
        self._calls_of(method, outcome).inc()
        self._call_seconds_of(method).observe(seconds)
        record = current_record()
        if record is not None:
            record.pfs_calls += 1
            record.pfs_seconds += seconds

    def group_began(self, requests: Sequence[object]) -> None:
        """Calls for a group of writes are no single request's."""
        enter(None)

    def group_ended(self, requests: int, seconds: float) -> None:
        """A group of writes has been committed, or refused."""
        self._group_size.observe(requests)
        self._group_seconds.observe(seconds)

    def write_ended(self, queue_seconds: float, commit_seconds: float) -> None:
        """A request's write has been told how it went."""
        record = current_record()
        if record is not None:
            record.queue_seconds += queue_seconds
            record.commit_seconds += commit_seconds

    def commit_failed(self) -> None:
        """A commit of ours has finished with an error."""
        self._failed_commits.inc()

    def uploads_seen(self, uploads: int, size_bytes: int) -> None:
        """Somebody has looked at all uploads in parts."""
        self._uploads.set(uploads)
        self._upload_bytes.set(size_bytes)

    def file_sets_renewed(self, file_sets: int) -> None:
        """File sets of parts live longer."""
        self._renewed_sets.inc(file_sets)

    def cache_asked(self, kind: str, *, hit: bool) -> None:
        """Something was looked for in the cache."""
        self._add(self._cache_of(kind, "hit" if hit else "miss"))

    def storage_seen(self, stored_bytes: int | None, free_bytes: int, *, is_full: bool) -> None:
        """Somebody has looked at the disk of the embedded PFS."""
        if stored_bytes is not None:
            self._stored.set(stored_bytes)
        self._free.set(free_bytes)
        self._full.set(is_full)
        self.is_storage_full = is_full

    def history_commit_read(self) -> None:
        """What a commit of somebody else's changed has been read."""
        self._history_commits.inc()

    def histories_unread(self, number: int) -> None:
        """So many histories are not read to their end."""
        self._histories.set(number)

    def times_approximated(self, files: int) -> None:
        """So many files were given a time that may be later than when they changed."""
        self._approximate.inc(files)

    def gather(self, *, pfs_answers: bool) -> None:
        """Bring up to date what `exposition` tells; on the event loop.

        Args:
            pfs_answers: Whether PFS has just answered.
        """
        self._pfs_up.set(pfs_answers)
        self._tasks.set(len(asyncio.all_tasks()))
        self._in_flight.set(self._requests_now)
        for counter, amount in self._tally.items():
            counter.inc(amount)
        self._tally.clear()

    def _add(self, counter: Counter, amount: float = 1) -> None:
        # A counter takes a lock each time. Another process sees only what has been counted.
        if self._is_one_of_several:
            counter.inc(amount)
        else:
            self._tally[counter] += amount

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format, as of the last `gather`."""
        if not self._is_one_of_several:
            return generate_latest(self._registry)
        all_processes = CollectorRegistry()
        MultiProcessCollector(all_processes)  # type: ignore[no-untyped-call]
        return generate_latest(all_processes)

    def _gauge(
        self, name: str, description: str, *labels: str, of_several: OfSeveral = "livesum"
    ) -> Gauge:
        return Gauge(
            f"s3gateway_{name}",
            description,
            labels,
            registry=self._registry,
            multiprocess_mode=of_several,
        )

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"s3gateway_{name}", description, labels, registry=self._registry)

    def _histogram(
        self, name: str, description: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(
            f"s3gateway_{name}", description, labels, buckets=buckets, registry=self._registry
        )
