"""Work on threads: who is cancelled waits for what has begun, and what never began does not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from embedded_pfs.threads import Threads


@pytest.fixture
def threads() -> Iterator[Threads]:
    pool = Threads(1, "test")
    yield pool
    pool.close()


class Slow:
    """Work that has begun, and ends when it is let."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self.ended = False

    def __call__(self) -> str:
        self.begun.set()
        assert self.may_end.wait(10)
        self.ended = True
        return "opened"


async def test_who_is_cancelled_waits_for_the_thread(threads: Threads) -> None:
    slow = Slow()
    task = asyncio.create_task(threads.run(slow))
    await asyncio.to_thread(slow.begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()  # and again: impatience does not help
    await asyncio.sleep(0.05)
    assert not task.done()
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.ended


async def test_what_was_opened_for_who_is_cancelled_is_let_go(threads: Threads) -> None:
    slow, released = Slow(), list[str]()
    task = asyncio.create_task(threads.open(slow, released.append))
    await asyncio.to_thread(slow.begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0.05)
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert released == ["opened"]


async def test_what_had_not_begun_never_does(threads: Threads) -> None:
    slow, never, released = Slow(), Slow(), list[str]()
    first = asyncio.create_task(threads.run(slow))
    await asyncio.to_thread(slow.begun.wait, 10)
    second = asyncio.create_task(threads.open(never, released.append))
    await asyncio.sleep(0.05)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    slow.may_end.set()
    assert await first == "opened"
    assert not never.begun.is_set()
    assert released == []


@pytest.mark.parametrize("cancelled", [1, 2])
async def test_who_is_cancelled_as_the_call_ends_is_told_of_that_alone(cancelled: int) -> None:
    threads, slow, released = Threads(1, "test"), Slow(), list[str]()
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    task = asyncio.create_task(threads.open(slow, released.append))
    await asyncio.to_thread(slow.begun.wait, 10)
    for _ in range(cancelled - 1):
        task.cancel()
        await asyncio.sleep(0)  # it comes to wait for the thread
    slow.may_end.set()
    threads.close()  # the thread has told the event loop, which has had no time to listen
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert released == ["opened"]
    assert failed == []


async def test_a_failure_is_told(threads: Threads) -> None:
    def fails() -> None:
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        await threads.run(fails)


async def test_what_is_under_way_ends_before_the_threads_are_closed() -> None:
    threads, slow = Threads(1, "test"), Slow()
    task = asyncio.create_task(threads.run(slow))
    await asyncio.to_thread(slow.begun.wait, 10)
    closing = asyncio.create_task(asyncio.to_thread(threads.close))
    await asyncio.sleep(0.1)
    assert not closing.done()
    slow.may_end.set()
    await closing
    assert slow.ended
    assert await task == "opened"


async def test_closed_threads_take_nothing() -> None:
    threads = Threads(1, "test")
    assert await threads.run(int) == 0
    threads.close()
    with pytest.raises(RuntimeError, match="closed"):
        await threads.run(int)


async def test_no_more_threads_are_started_than_there_is_work_for() -> None:
    threads = Threads(2, "test-count")
    for _ in range(5):
        await threads.run(int)
    assert _running("test-count") == 1
    slow = [Slow() for _ in range(3)]
    tasks = [asyncio.create_task(threads.run(one)) for one in slow]
    await asyncio.to_thread(slow[1].begun.wait, 10)
    assert _running("test-count") == 2
    for one in slow:
        one.may_end.set()
    assert await asyncio.gather(*tasks) == ["opened"] * 3
    threads.close()
    assert _running("test-count") == 0


async def test_no_thread_is_started_while_others_have_nothing_to_do() -> None:
    threads = Threads(3, "test-idle")
    slow = [Slow(), Slow()]
    tasks = [asyncio.create_task(threads.run(one)) for one in slow]
    await asyncio.to_thread(slow[1].begun.wait, 10)
    for one in slow:
        one.may_end.set()
    await asyncio.gather(*tasks)
    assert _running("test-idle") == 2
    await threads.run(int)
    assert _running("test-idle") == 2
    threads.close()


async def test_what_was_given_up_makes_room_for_other_work() -> None:
    threads, slow, never = Threads(1, "test"), Slow(), Slow()
    first = asyncio.create_task(threads.run(slow))
    await asyncio.to_thread(slow.begun.wait, 10)
    given_up = asyncio.create_task(threads.run(never))
    await asyncio.sleep(0)
    given_up.cancel()
    after = asyncio.create_task(threads.run(str, "after"))
    await asyncio.sleep(0)
    slow.may_end.set()
    assert (await first, await after) == ("opened", "after")
    assert not never.begun.is_set()
    threads.close()


def test_a_process_that_ends_without_closing_them_does_not_wait_for_its_threads() -> None:
    script = (
        "import asyncio; from embedded_pfs.threads import Threads;"
        " print(asyncio.run(Threads(1, 'test').run(str, 'done')))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=20, check=True
    )
    assert ended.stdout == "done\n"


def _running(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())
