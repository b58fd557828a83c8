"""What begins at once, and is a task only if it has to wait."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from pfs_client.group_commit.first_step import begin

whose: ContextVar[str] = ContextVar("whose", default="nobody's")


async def test_what_need_not_wait_has_ended_and_is_no_task() -> None:
    seen: list[object] = []

    async def work() -> None:
        seen.append(asyncio.current_task())

    assert begin(work()) is None
    assert seen == [asyncio.current_task()]


async def test_what_waits_goes_on_as_a_task_of_its_own() -> None:
    waits = asyncio.get_running_loop().create_future()
    seen: list[object] = []

    async def work() -> None:
        seen.append(await waits)
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await asyncio.sleep(0.001)
        seen.append(asyncio.current_task())

    task = begin(work())
    assert task is not None
    assert not task.done()
    waits.set_result("answer")
    await task
    assert seen == ["answer", task]


async def test_what_it_waits_for_may_come_before_the_task_begins() -> None:
    waits = asyncio.get_running_loop().create_future()

    async def work() -> None:
        assert await waits == 1

    task = begin(work())
    waits.set_result(1)
    assert task is not None
    await task


async def test_a_turn_of_the_loop_is_waited_for_too() -> None:
    seen: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append("later")

    task = begin(work())
    seen.append("now")
    assert task is not None
    await task
    assert seen == ["now", "later"]


async def test_what_it_sets_is_its_own_before_and_after_it_waits() -> None:
    seen: list[str] = []

    async def work() -> None:
        whose.set("its own")
        await asyncio.sleep(0)
        seen.append(whose.get())

    task = begin(work())
    assert whose.get() == "nobody's"
    assert task is not None
    await task
    assert seen == ["its own"]


async def test_a_failure_comes_at_once_or_with_the_task() -> None:
    async def fails(turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        raise ValueError(f"after {turns}")

    with pytest.raises(ValueError, match="after 0"):
        begin(fails(0))
    for turns in (1, 3):
        task = begin(fails(turns))
        assert task is not None
        with pytest.raises(ValueError, match=f"after {turns}"):
            await task


@pytest.mark.parametrize("turns", range(4))
async def test_a_cancellation_reaches_what_it_waits_for(turns: int) -> None:
    waits = asyncio.get_running_loop().create_future()
    seen: list[str] = []

    async def work() -> None:
        try:
            await waits
        except asyncio.CancelledError:
            seen.append("cancelled")
        await asyncio.sleep(0)
        seen.append("tidied up")

    task = begin(work())
    assert task is not None
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert seen == ["cancelled", "tidied up"]


async def test_who_begins_it_may_be_cancelled() -> None:
    waits = asyncio.get_running_loop().create_future()
    tasks: list[asyncio.Task[None] | None] = []
    seen: list[str] = []

    async def work() -> None:
        await waits
        seen.append("ended")

    async def caller() -> None:
        tasks.append(begin(work()))
        await asyncio.sleep(60)

    calling = asyncio.create_task(caller())
    await asyncio.sleep(0)
    calling.cancel()
    await asyncio.wait([calling])
    waits.set_result(None)
    (task,) = tasks
    assert task is not None
    await task
    assert seen == ["ended"]
