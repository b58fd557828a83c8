"""A server as slow as pachd, for whatever PFS it serves.

A gateway meets there what it meets on pachd: calls that take their time, few of which are served at
once, and commits that finish one after the other while readers wait for them. What each takes
stands in `latency_times`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import grpc

from pachd_server import texts as pachd_texts
from pachd_server.finishing import FinishingQueues
from pachd_server.latency_costs import Costs
from pachd_server.latency_times import (
    CALL_MS,
    ENTRY_MS,
    FILE_SET_READ_MS,
    FINISHING_MS,
    MODIFY_OPEN_COMMIT_MS,
    OTHER_CALL_MS,
    SEARCHED_COMMIT_MS,
    SERVED_AT_ONCE,
)
from pachd_server.naming import named_commit
from pfs_client.failures import CommitNotFinished, PfsFailure
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Branch, Commit, CommitInfo
from pfs_client.whole_pfs import WholePfs

_READ_AT: dict[str, Callable[[Any], pfs_pb2.Commit]] = {
    **dict.fromkeys(
        ("GetFile", "GetFileTAR", "InspectFile", "ListFile", "WalkFile"),
        lambda request: request.file.commit,
    ),
    **dict.fromkeys(("GlobFile", "GetFileSet"), lambda request: request.commit),
    "DiffFile": lambda request: request.new_file.commit,
    "FindCommits": lambda request: request.start,
}
"""The commit that a read is at, by the read's name."""

_SLEEP_AT_LEAST_MS = 10.0  # sleeps are exact to a millisecond, so a listing's are gathered


class PachdLatency(grpc.aio.ServerInterceptor):
    """Makes a server as slow as pachd, and counts its calls.

    Which commits are on their way is read off the PFS: a commit that has been closed since the
    model began goes into its branch's queue, behind those it is based on, as soon as the call
    that closed it returns or any call names it, whichever is first. So nobody sees it finished
    too early, by whatever id or branch it was closed, and wherever its branch is now.

    Args:
        pfs: What is served.
        scale: What all times are multiplied with. 1 is pachd; with 0 nothing takes time, while
            order and visibility stay.
    """

    def __init__(self, pfs: WholePfs, scale: float = 1.0) -> None:
        self._pfs = pfs
        self.calls: Counter[str] = Counter()
        self.queues = FinishingQueues(FINISHING_MS / 1000 * scale)
        self._scale = scale
        self._costs = Costs(pfs)
        self._places = asyncio.Semaphore(SERVED_AT_ONCE)
        self._begun = datetime.now(UTC)
        self._seen: set[Commit] = set()

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
            await self._serve(await self._costs.after(name, request, answer))
            if name == "FinishCommit":
                await self._note_named(request.commit)
            elif name == "InspectCommit":
                await self._show(answer, request.wait)
            return answer

        return call

    def _stream(self, name: str, handler: Any) -> Any:
        entry_ms = ENTRY_MS.get(name, 0) * self._scale

        async def call(request: Any, context: Any) -> AsyncIterator[Any]:
            await self._begin(name, request, context)
            owed_ms, since = 0.0, time.monotonic()
            answers_ = handler.unary_stream(request, context)
            if name == "FindCommits":
                answers_ = self._searching(request, answers_)
            async with contextlib.aclosing(answers_) as answers:
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

    async def _searching(
        self, request: pfs_pb2.FindCommitsRequest, answers: AsyncGenerator[Any, None]
    ) -> AsyncGenerator[Any, None]:
        """What a search finds, each once the commits before it have been passed."""
        passed = found = 0
        async with contextlib.aclosing(answers):
            async for answer in answers:
                await self._serve(SEARCHED_COMMIT_MS * (answer.commits_searched - passed))
                passed, found = answer.commits_searched, found + 1
                yield answer
        if found < request.limit or not request.limit:
            left = await self._costs.history_of(request) - passed
            await self._serve(SEARCHED_COMMIT_MS * left)

    def _upload(self, name: str, handler: Any) -> Any:
        async def call(requests: AsyncIterator[Any], context: Any) -> Any:
            target = pfs_pb2.Commit()

            async def timed() -> AsyncGenerator[Any, None]:
                """All messages; the call's time passes behind the last, before it is applied."""
                changes_ms = 0.0
                async for request in requests:
                    changes_ms += self._costs.of_change(name, request)
                    target.MergeFrom(request.set_commit)
                    yield request
                await self._serve(changes_ms + await self._upload_ms(name, target))

            async with contextlib.aclosing(timed()) as messages_in_time:
                answer = await handler.stream_unary(messages_in_time, context)
            if name == "ModifyFile":
                await self._note_named(target)
            return answer

        return call

    async def _upload_ms(self, name: str, target: pfs_pb2.Commit) -> float:
        if name != "ModifyFile":
            return CALL_MS[name]
        commit = await self._named(target)
        info = None if commit is None else await self._inspect(commit)
        return MODIFY_OPEN_COMMIT_MS if info is not None and info.is_open else CALL_MS[name]

    async def _begin(self, name: str, request: Any, context: Any) -> None:
        """Let a call's time pass, and for a read the time until it may see what it names."""
        more_ms = await self._costs.before(name, request)
        named = _READ_AT[name](request) if name in _READ_AT else None
        if named is None:
            await self._serve(CALL_MS.get(name, OTHER_CALL_MS) + more_ms)
            await self._check_squashed(name, request, context)
            return
        if messages.commit_of(named).is_file_set:
            await self._serve(FILE_SET_READ_MS.get(name, CALL_MS[name]) + more_ms)
            return
        await self._serve(CALL_MS[name] + more_ms)
        try:
            await self._await_readable(named)
        except CommitNotFinished as error:
            wording = pachd_texts.get_file if "Get" in name else pachd_texts.pick_commit
            about = pachd_texts.about_commit(messages.commit_of(named))
            await context.abort(*pachd_texts.status_of(error, about, wording))

    async def _check_squashed(self, name: str, request: Any, context: Any) -> None:
        """Refuse to squash a commit that is still on its way."""
        if name != "SquashCommit":
            return
        commit = messages.commit_of(request.commit)
        await self._note(commit)
        if self.queues.is_unfinished(commit):
            await context.abort(grpc.StatusCode.UNKNOWN, f"commit {commit} not finished")

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
        commit = await self._named(named)
        if commit is None:
            return  # the PFS says what is missing
        await self._note(commit)
        await self.queues.wait(commit)
        info = await self._inspect(commit)
        base = info.parent if info is not None and info.is_open else None
        if base is not None and self.queues.is_unfinished(base):
            raise CommitNotFinished(f"{base} has not finished", base, commit)
        if await self._named(named) != commit:  # the branch has moved on meanwhile
            named.id = commit.id

    async def _show(self, info: pfs_pb2.CommitInfo, state: int) -> None:
        """Make a commit's info say what the model says, once it is as far as is asked for."""
        commit = messages.commit_of(info.commit)
        await self._note(commit)
        if state == pfs_pb2.FINISHED:
            await self.queues.wait(commit)
        if self.queues.is_unfinished(commit):
            info.ClearField("finished")
            info.ClearField("details")

    async def _note_named(self, named: pfs_pb2.Commit) -> None:
        if (commit := await self._named(named)) is not None:
            await self._note(commit)

    async def _note(self, commit: Commit) -> None:
        """Queue a commit and those it is based on, as far as they are closed and new."""
        closed: list[tuple[Commit, str, Commit]] = []
        at: Commit | None = commit
        while at is not None and at not in self._seen:
            info = await self._inspect(at)
            if info is None or info.parent is None:
                break  # a branch's first commit is born finished
            if info.finished is not None:
                if info.finished <= self._begun:
                    break
                closed.append((at, info.branch, info.parent))
            at = info.parent
        for at, branch, base in reversed(closed):
            if at not in self._seen:  # another call may have come by meanwhile
                self._seen.add(at)
                self.queues.add(Branch(at.repo, branch), at, base)

    async def _named(self, message: pfs_pb2.Commit) -> Commit | None:
        """The commit that a message names by its id or its branch; None if there is none."""
        with contextlib.suppress(PfsFailure):
            return await named_commit(self._pfs, message)
        return None

    async def _inspect(self, commit: Commit) -> CommitInfo | None:
        with contextlib.suppress(PfsFailure):
            return await self._pfs.inspect_commit(commit)
        return None
