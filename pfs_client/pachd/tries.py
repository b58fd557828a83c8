"""How long a read is tried, and when another try makes sense: once pachd is back, or has finished.

The deadline is one for all tries and all that lies between them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from pfs_client.failures import CommitNotFinished, PfsFailure, PfsTimeout, PfsUnavailable
from pfs_client.values import Commit

_TRIES = 4
_FIRST_BACKOFF_SECONDS = 0.05

WaitFinished: TypeAlias = Callable[[Commit], Awaitable[object]]


class Tries:
    """The tries of one read.

    Args:
        seconds: How long all of it may take.
        wait_finished: Waits for a commit that has to finish first.
    """

    def __init__(self, seconds: float, wait_finished: WaitFinished) -> None:
        self._end = time.monotonic() + seconds
        self._wait_finished = wait_finished
        self._tries = 0

    def seconds_left(self) -> float:
        """How long the next try may take.

        Raises:
            PfsTimeout: There is no time left for one.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise PfsTimeout("pachd did not answer in time")
        return left

    async def pause(self, failure: PfsFailure) -> None:
        """Wait after a try that failed, until the next.

        Raises:
            PfsFailure: The one given, if another try would not help.
            PfsTimeout: What has to finish first does not, in time.
        """
        self._tries += 1
        if isinstance(failure, CommitNotFinished) and failure.commit is not None:
            await self._wait(failure.commit)
            if self._tries == 1:
                return  # that it has finished should be all that was missing
        elif not isinstance(failure, PfsUnavailable) or self._tries >= _TRIES:
            raise failure
        factor = 1 << min(self._tries, _TRIES)
        await asyncio.sleep(_FIRST_BACKOFF_SECONDS * factor * random.uniform(0.5, 1))  # noqa: S311 - no secret

    async def _wait(self, commit: Commit) -> None:
        try:
            async with asyncio.timeout(self._end - time.monotonic()):
                await self._wait_finished(commit)
        except TimeoutError:
            raise PfsTimeout("a commit that is read did not finish in time") from None
