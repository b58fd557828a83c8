from __future__ import annotations

import asyncio

import pytest

from pfs_client.failures import BranchNotFound, PfsUnavailable
from pfs_client.reading.branch_heads import BranchHeads
from pfs_client.values import Branch, BranchInfo, Commit, Repo

BRANCH = Branch(Repo("r"), "master")
OTHER = Branch(Repo("r"), "other")


class Pachd:
    """Answers when told to, and with the number of commits at the time it was asked."""

    def __init__(self) -> None:
        self.commits = 0
        self.asked: list[Branch] = []
        self.answers: list[asyncio.Future[None]] = []
        self.cancelled = 0

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        info = BranchInfo(branch, Commit(branch.repo, str(self.commits)), None)
        self.asked.append(branch)
        answer = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        try:
            await answer
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return info


async def ticks() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def ask(heads: BranchHeads, times: int, branch: Branch = BRANCH) -> list[asyncio.Task[BranchInfo]]:
    return [asyncio.create_task(heads.inspect_branch(branch)) for _ in range(times)]


async def heads_of(tasks: list[asyncio.Task[BranchInfo]]) -> set[str]:
    return {info.head.id for info in await asyncio.gather(*tasks)}


async def test_who_comes_together_shares_a_call() -> None:
    pachd = Pachd()
    tasks = ask(BranchHeads(pachd.inspect_branch), 10)
    await ticks()
    pachd.answers[0].set_result(None)
    assert await heads_of(tasks) == {"0"}
    assert len(pachd.asked) == 1


async def test_who_comes_after_a_call_was_sent_gets_a_later_one() -> None:
    pachd = Pachd()
    heads = BranchHeads(pachd.inspect_branch)
    early = ask(heads, 3)
    await ticks()
    pachd.commits = 1  # a commit that late ones must see
    late = ask(heads, 3)
    await ticks()
    late += ask(heads, 3)
    await ticks()
    assert len(pachd.asked) == 1  # they gather
    pachd.answers[0].set_result(None)
    assert await heads_of(early) == {"0"}
    await ticks()
    pachd.answers[1].set_result(None)
    assert await heads_of(late) == {"1"}
    assert len(pachd.asked) == 2
    assert not heads._next
    assert not heads._under_way


async def test_a_call_that_got_stuck_holds_nobody_up_for_long() -> None:
    pachd = Pachd()
    heads = BranchHeads(pachd.inspect_branch)
    stuck = ask(heads, 1)
    await ticks()
    late = ask(heads, 1)
    async with asyncio.timeout(5):
        while len(pachd.answers) < 2:  # noqa: ASYNC110 - it is polled, so that a failure ends it
            await asyncio.sleep(0.01)
        pachd.answers[1].set_result(None)
        await heads_of(late)
    pachd.answers[0].set_result(None)
    await heads_of(stuck)
    assert not heads._under_way


async def test_branches_do_not_wait_for_each_other() -> None:
    pachd = Pachd()
    heads = BranchHeads(pachd.inspect_branch)
    tasks = ask(heads, 1) + ask(heads, 1, OTHER)
    await ticks()
    assert pachd.asked == [BRANCH, OTHER]
    for answer in pachd.answers:
        answer.set_result(None)
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("failure", [BranchNotFound("no"), PfsUnavailable("away")])
async def test_a_failure_is_told_to_all_and_not_kept(failure: Exception) -> None:
    pachd = Pachd()
    heads = BranchHeads(pachd.inspect_branch)
    tasks = ask(heads, 3)
    await ticks()
    pachd.answers[0].set_exception(failure)
    assert await asyncio.gather(*tasks, return_exceptions=True) == [failure] * 3
    again = ask(heads, 1)
    await ticks()
    pachd.answers[1].set_result(None)
    assert await heads_of(again) == {"0"}


async def test_a_call_is_cancelled_with_the_last_who_waits() -> None:
    pachd = Pachd()
    heads = BranchHeads(pachd.inspect_branch)
    tasks = ask(heads, 2)
    await ticks()
    tasks[0].cancel()
    await ticks()
    assert pachd.cancelled == 0
    tasks[1].cancel()
    await ticks()
    assert pachd.cancelled == 1
    assert not heads._under_way


async def test_nobody_joins_a_call_that_was_given_up() -> None:
    pachd = Pachd()
    heads = BranchHeads(pachd.inspect_branch)
    first = ask(heads, 1)
    await ticks()
    waiting = ask(heads, 1)
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    late = ask(heads, 1)
    await ticks()
    pachd.answers[0].set_result(None)
    await ticks()
    pachd.answers[1].set_result(None)
    assert await heads_of(first + late) == {"0"}
    assert not heads._next
