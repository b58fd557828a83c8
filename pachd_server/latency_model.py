"""A PFS as slow as pachd: the embedded one's gRPC server, with the times of `facts/pachd.md`.

    python -m pachd_server.latency_model --address 127.0.0.1:30650 --directory DIR [--scale 1.0]

Then `s3gateway --pfs grpc://127.0.0.1:30650` meets what it meets on pachd: calls that take their
time, few of which are served at once, and commits that finish one after the other while readers
wait for them. Times are medians of a quiet machine with two cores and come on top of what the
embedded PFS takes itself; bytes, and what stands below a directory, cost nothing here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc

from embedded_pfs import branches, commits
from embedded_pfs.directory import DirectoryRefused
from embedded_pfs.engine import Engine
from pachd_server import texts as pachd_texts
from pachd_server.server import serving
from pfs_client.failures import CommitNotFinished, PfsFailure
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import FILE_SETS_REPO_NAME, Branch, Commit, CommitInfo

CALL_MS = {
    # measured: "Latency, sample 2" and the answers in (c), (e) and (f)
    "InspectBranch": 3.5,
    "ListBranch": 4,
    "CreateBranch": 52,
    "InspectCommit": 3.5,
    "StartCommit": 23,
    "FinishCommit": 8,
    "InspectRepo": 2,
    "CreateRepo": 10,
    "ListRepo": 0,
    "ModifyFile": 41,
    "CreateFileSet": 7,
    "AddFileSet": 12,
    "RenewFileSet": 2,
    "GetFile": 16,
    "InspectFile": 12,
    "ListFile": 15,
    "WalkFile": 15,
    "GlobFile": 15,
    # not measured: taken to be like their neighbours
    "GetFileTAR": 16,
    "ListCommit": 3.5,
    "SubscribeCommit": 3.5,
    "DropCommit": 23,
    "DeleteBranch": 52,
    "DeleteRepo": 52,
    "CreateProject": 10,
    "DeleteProject": 10,
    "ListProject": 4,
    "ComposeFileSet": 12,
}
OTHER_CALL_MS = 2.0
ENTRY_MS = {"ListFile": 0.065, "WalkFile": 0.065, "GlobFile": 0.065, "ListRepo": 8}
"""What a call takes for each thing that it returns."""

CHANGE_MS = {"add_file": 0.1, "delete_file": 0.06, "copy_file": 6.7}
"""What ModifyFile takes for each message: 100 files 51 ms, 64 file sets 469, 1000 deletes 102."""

MODIFY_OPEN_COMMIT_MS = 17.0
FILE_SET_READ_MS = {"GetFile": 3.2, "InspectFile": 4}
FINISHING_MS = 180.0
SERVED_AT_ONCE = 2

_READS = ("GetFile", "GetFileTAR", "InspectFile", "ListFile", "WalkFile", "GlobFile")
_SLEEP_AT_LEAST_MS = 10.0  # sleeps are exact to a millisecond, so a listing's are gathered


class FinishingQueues:
    """What pachd does behind its calls: a branch's commits finish one after the other.

    Args:
        seconds: How long each takes.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._queues: dict[Branch, list[Commit]] = {}
        self._tasks: dict[Commit, asyncio.Task[None]] = {}
        self.waiting: Counter[Commit] = Counter()
        self._going = asyncio.Event()
        self._going.set()

    def add(self, branch: Branch, commit: Commit, base: Commit) -> None:
        """Put a closed commit last in its branch's queue; it also waits for its base."""
        queue = self._queues.setdefault(branch, [])
        after = [self._tasks[c] for c in (*queue[-1:], base) if c in self._tasks]
        task = asyncio.create_task(self._finish(queue, commit, after))
        queue.append(commit)
        self._tasks[commit] = task

    def is_unfinished(self, commit: Commit) -> bool:
        """Whether a commit is still on its way."""
        return commit in self._tasks

    def unfinished(self, branch: Branch) -> list[Commit]:
        """A branch's queue, the next to finish first."""
        return list(self._queues.get(branch, ()))

    async def wait(self, commit: Commit) -> None:
        """Wait until a commit has finished, if it is on its way; `waiting` says how many do."""
        if task := self._tasks.get(commit):
            self.waiting[commit] += 1
            try:
                await asyncio.wait([task])
            finally:
                self.waiting[commit] -= 1

    def hold(self) -> None:
        """Let no commit finish until `release`, for tests that look at what is unfinished."""
        self._going.clear()

    def release(self) -> None:
        """Let commits finish again."""
        self._going.set()

    async def close(self) -> None:
        """Forget all that is on its way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._queues.clear()

    async def _finish(
        self, queue: list[Commit], commit: Commit, after: list[asyncio.Task[None]]
    ) -> None:
        if after:
            await asyncio.wait(after)
        await asyncio.sleep(self._seconds)
        await self._going.wait()
        queue.remove(commit)
        del self._tasks[commit]


class PachdLatency(grpc.aio.ServerInterceptor):
    """Makes the embedded PFS's server as slow as pachd, and counts its calls.

    Which commits are on their way is read off the PFS: a commit that has been closed since the
    model began goes into its branch's queue, behind those it is based on, as soon as the call
    that closed it returns or any call names it, whichever is first. So nobody sees it finished
    too early, by whatever id or branch it was closed, and wherever its branch is now.

    Args:
        scale: What all times are multiplied with. 1 is pachd; with 0 nothing takes time, while
            order and visibility stay.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.calls: Counter[str] = Counter()
        self.queues = FinishingQueues(FINISHING_MS / 1000 * scale)
        self._scale = scale
        self._places = asyncio.Semaphore(SERVED_AT_ONCE)
        self._begun = datetime.now(UTC)
        self._seen: set[Commit] = set()
        self._attached: asyncio.Future[Engine] = asyncio.get_running_loop().create_future()

    def attach(self, engine: Engine) -> None:
        """Say whose server this is; calls wait until then."""
        self._attached.set_result(engine)

    def take_calls(self) -> Counter[str]:
        """How often each method was called since this was asked last."""
        taken, self.calls = self.calls, Counter()
        return taken

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Put the model around a method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        name = handler_call_details.method.rpartition("/")[2]
        self.calls[name] += 1
        await asyncio.shield(self._attached)
        if handler.request_streaming:
            wrap, method = grpc.stream_unary_rpc_method_handler, self._upload(name, handler)
        elif handler.response_streaming:
            wrap, method = grpc.unary_stream_rpc_method_handler, self._stream(name, handler)
        else:
            wrap, method = grpc.unary_unary_rpc_method_handler, self._unary(name, handler)
        return wrap(method, handler.request_deserializer, handler.response_serializer)

    def _unary(self, name: str, handler: Any) -> Any:
        async def call(request: Any, context: Any) -> Any:
            await self._begin(name, request, context)
            answer = await handler.unary_unary(request, context)
            if name == "FinishCommit":
                self._note_named(request.commit)
            elif name == "InspectCommit":
                await self._show(answer, request.wait)
            return answer

        return call

    def _stream(self, name: str, handler: Any) -> Any:
        entry_ms = ENTRY_MS.get(name, 0) * self._scale

        async def call(request: Any, context: Any) -> AsyncIterator[Any]:
            await self._begin(name, request, context)
            owed_ms, since = 0.0, time.monotonic()
            async with contextlib.aclosing(handler.unary_stream(request, context)) as answers:
                async for answer in answers:
                    if isinstance(answer, pfs_pb2.CommitInfo):
                        await self._show(answer, getattr(request, "state", 0))
                    yield answer
                    # Sending an entry takes us as long as pachd, which counts.
                    now = time.monotonic()
                    owed_ms += entry_ms - (now - since) * 1000
                    since = now
                    if owed_ms >= _SLEEP_AT_LEAST_MS:
                        await self._take_place(owed_ms)
                        owed_ms, since = 0.0, time.monotonic()
            await self._take_place(owed_ms)

        return call

    def _upload(self, name: str, handler: Any) -> Any:
        async def call(requests: AsyncIterator[Any], context: Any) -> Any:
            target = pfs_pb2.Commit()

            async def timed() -> AsyncGenerator[Any, None]:
                """All messages; the call's time passes behind the last, before it is applied."""
                changes: Counter[str] = Counter()
                async for request in requests:
                    changes[request.WhichOneof("body")] += 1
                    target.MergeFrom(request.set_commit)
                    yield request
                await self._serve(self._upload_ms(name, target, changes))

            async with contextlib.aclosing(timed()) as messages_in_time:
                answer = await handler.stream_unary(messages_in_time, context)
            if name == "ModifyFile":
                self._note_named(target)
            return answer

        return call

    def _upload_ms(self, name: str, target: pfs_pb2.Commit, changes: Counter[str]) -> float:
        if name != "ModifyFile":
            return CALL_MS[name]
        commit = self._named(target)
        info = None if commit is None else self._inspect(commit)
        base_ms = MODIFY_OPEN_COMMIT_MS if info is not None and info.is_open else CALL_MS[name]
        return base_ms + sum(CHANGE_MS.get(body, 0) * n for body, n in changes.items())

    async def _begin(self, name: str, request: Any, context: Any) -> None:
        """Let a call's time pass, and for a read the time until it may see what it names."""
        if name not in _READS:
            await self._serve(CALL_MS.get(name, OTHER_CALL_MS))
            return
        named = request.commit if name == "GlobFile" else request.file.commit
        if messages.commit_of(named).repo.name == FILE_SETS_REPO_NAME:
            await self._serve(FILE_SET_READ_MS.get(name, CALL_MS[name]))
            return
        await self._serve(CALL_MS[name])
        try:
            await self._await_readable(named)
        except CommitNotFinished as error:
            wording = pachd_texts.get_file if "Get" in name else pachd_texts.pick_commit
            about = pachd_texts.about_commit(messages.commit_of(named))
            await context.abort(*pachd_texts.status_of(error, about, wording))

    async def _serve(self, milliseconds: float) -> None:
        await self._take_place(milliseconds * self._scale)

    async def _take_place(self, milliseconds: float) -> None:
        """Be one of the few calls that are served, for so long."""
        if milliseconds > 0:
            async with self._places:
                await asyncio.sleep(milliseconds / 1000)

    async def _await_readable(self, named: pfs_pb2.Commit) -> None:
        """Wait for the commit that a read names, and have it read that one.

        Raises:
            CommitNotFinished: It is open, and its base has not finished.
        """
        commit = self._named(named)
        if commit is None:
            return  # the PFS says what is missing
        self._note(commit)
        await self.queues.wait(commit)
        info = self._inspect(commit)
        base = info.parent if info is not None and info.is_open else None
        if base is not None and self.queues.is_unfinished(base):
            raise CommitNotFinished(f"base commit {base} for commit {commit} unfinished", base)
        if self._named(named) != commit:  # the branch has moved on meanwhile
            named.id = commit.id

    async def _show(self, info: pfs_pb2.CommitInfo, state: int) -> None:
        """Make a commit's info say what the model says, once it is as far as is asked for."""
        commit = messages.commit_of(info.commit)
        self._note(commit)
        if state == pfs_pb2.FINISHED:
            await self.queues.wait(commit)
        if self.queues.is_unfinished(commit):
            info.ClearField("finished")
            info.ClearField("details")

    def _note_named(self, named: pfs_pb2.Commit) -> None:
        if (commit := self._named(named)) is not None:
            self._note(commit)

    def _note(self, commit: Commit) -> None:
        """Queue a commit and those it is based on, as far as they are closed and new."""
        closed: list[tuple[Commit, str, Commit]] = []
        at: Commit | None = commit
        while at is not None and at not in self._seen:
            info = self._inspect(at)
            if info is None or info.parent is None:
                break  # a branch's first commit is born finished
            if info.finished is not None:
                if info.finished <= self._begun:
                    break
                closed.append((at, info.branch, info.parent))
            at = info.parent
        for at, branch, base in reversed(closed):
            self._seen.add(at)
            self.queues.add(Branch(at.repo, branch), at, base)

    def _named(self, message: pfs_pb2.Commit) -> Commit | None:
        """The commit that a message names by its id or its branch; None if there is none."""
        commit, engine = messages.commit_of(message), self._attached.result()
        with contextlib.suppress(PfsFailure):
            return engine.look_up(branches.named_commit, commit, message.branch.name)
        return None

    def _inspect(self, commit: Commit) -> CommitInfo | None:
        with contextlib.suppress(PfsFailure):
            return self._attached.result().look_up(commits.inspect, commit)
        return None


@contextlib.asynccontextmanager
async def serving_like_pachd(
    directory: Path, address: str = "127.0.0.1:0", scale: float = 1.0
) -> AsyncIterator[tuple[Engine, str, PachdLatency]]:
    """Serve a data directory for the length of the body, as slowly as pachd.

    What the disk takes is not added: pachd's times have theirs in them.

    Args:
        directory: The data directory.
        address: `HOST:PORT`, port 0 for a free one.
        scale: What all times are multiplied with.

    Yields:
        The engine, the address that is served, and the model.

    Raises:
        DirectoryRefused: The directory cannot be used.
        OSError: The address cannot be.
    """
    model = PachdLatency(scale)
    try:
        async with serving(directory, address, synchronous="off", interceptors=[model]) as (
            engine,
            bound,
        ):
            model.attach(engine)
            try:
                yield engine, bound, model
            finally:
                model.queues.release()
    finally:
        await model.queues.close()


async def _serve(address: str, directory: Path, scale: float) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with serving_like_pachd(directory, address, scale) as (_, bound, model):
        print(f"pfs_v2        grpc://{bound}\ndirectory     {directory}", file=sys.stderr)
        await stopped.wait()
    for name, count in model.calls.most_common():
        print(f"{name:16}{count:8}", file=sys.stderr)


def main() -> None:
    """Serve until interrupted, then say what was called."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--address", default="127.0.0.1:30650")
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.address, options.directory, options.scale))
    except (DirectoryRefused, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
