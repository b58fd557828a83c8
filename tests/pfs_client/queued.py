"""Requests that write to one branch, whose groups are noted and committed nowhere."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from pfs_client.company import IsAlone, never
from pfs_client.group_commit.branch_queue import BranchQueue
from pfs_client.group_commit.committer import Committer
from pfs_client.group_commit.members import Member, Write
from pfs_client.observer import Observer
from pfs_client.values import Branch, Commit, Repo

BRANCH = Branch(Repo("r"), "master")
COMMIT = Commit(BRANCH.repo, "1" * 32)

Task: TypeAlias = asyncio.Task[Commit | None]
Answer: TypeAlias = Callable[[Sequence[Member]], Sequence[Member]]


def all_succeed(group: Sequence[Member]) -> Sequence[Member]:
    for member in group:
        member.succeed(COMMIT)
    return []


class Noted(Committer):
    """Notes the groups that come. Each is written, but for what a test has in store for it."""

    takes_conditions = True

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.answers: deque[Answer] = deque()
        self.refusals: deque[Exception] = deque()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        assert branch == BRANCH
        self.groups.append([write.path for member in group for write in member.writes])
        await self.goes_on.wait()
        return self.answers.popleft()(group) if self.answers else all_succeed(group)

    async def commit_record(self, branch: Branch, write: Write) -> None:
        raise AssertionError("nobody asks for it here")

    async def may_begin(self, branch: Branch) -> None:
        assert branch == BRANCH
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.popleft()

    async def drain(self) -> None:
        raise AssertionError("nobody asks for it here")


class Told(Observer):
    """What a queue tells of groups and writes."""

    def __init__(self) -> None:
        self.groups: list[tuple[int, float]] = []
        self.writes: list[tuple[float, float]] = []
        self.begun: list[Sequence[object]] = []

    def current_request(self) -> object:
        task = asyncio.current_task()
        return task and task.get_name()

    def group_began(self, requests: Sequence[object]) -> None:
        self.begun.append(requests)

    def group_ended(self, requests: int, seconds: float) -> None:
        self.groups.append((requests, seconds))

    def write_ended(self, queue_seconds: float, commit_seconds: float) -> None:
        self.writes.append((queue_seconds, commit_seconds))


class Writing:
    """Requests that write to one branch."""

    is_alone: ClassVar[IsAlone] = staticmethod(never)

    def __init__(
        self, max_writes: int = 1000, paths_once: bool = False, wait_seconds: float = 1000
    ) -> None:
        self.committer = Noted()
        self.told = Told()
        self.turn = asyncio.Lock()
        self.queue = BranchQueue(
            BRANCH,
            self.committer,
            max_writes,
            paths_once,
            wait_seconds,
            self.turn,
            self.told,
            Writing.is_alone,
        )

    @property
    def groups(self) -> list[list[str]]:
        return self.committer.groups

    def put(self, *paths: str, content: bytes = b"") -> Task:
        """One request's writes."""
        writes = [Write(path, content=content) for path in paths]
        return asyncio.create_task(self.queue.join(writes), name=" ".join(paths))

    async def together(self, *requests: Sequence[str]) -> list[list[str]]:
        """The groups of requests that all came before the first of them could go."""
        async with self.turn:
            tasks = [self.put(*paths) for paths in requests]
            await pause()
        assert await asyncio.gather(*tasks) == [COMMIT] * len(tasks)
        return self.groups


async def pause() -> None:
    """Let everybody come as far as they can without being let go on."""
    for _ in range(10):
        await asyncio.sleep(0)
