"""Who fails again and again is answered ever more slowly, by address.

Whoever signs rightly never waits: somebody else behind the same proxy must not lock them out. So
their signature is always verified, which costs no more than reading their request. Only who comes
with a token that PFS has to be asked about may be refused before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass

from s3_wire.errors import SlowDown

log = logging.getLogger("s3gateway")

FREE_FAILURES = 10
STEP_SECONDS = 0.1
MAX_SECONDS = 2.0
MAX_HELD = 50
"""With so many answers held, no more unknown tokens of an address are looked up."""

FORGET_SECONDS = 60.0

_MAX_ADDRESSES = 10_000


@dataclass(slots=True)
class _Failures:
    """Of one address: how many, when the last one came, and how many answers are held now."""

    count: int = 0
    last: float = 0.0
    held: int = 0


class FailedSignatures:
    """Failures by address. Those of the longest ago are forgotten when there are too many."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, _Failures] = OrderedDict()

    def check_unknown(self, address: str) -> None:
        """See that PFS may be asked about a token that is not known here.

        Raises:
            SlowDown: Too many failures of this address are not answered yet.
        """
        failures = self._by_address.get(address)
        if failures is not None and failures.held >= MAX_HELD:
            raise SlowDown(retry_after_seconds=1)

    async def hold(self, address: str) -> None:
        """Count a failure, and hold its answer back for a time that grows."""
        failures = self._failures_of(address)
        failures.count += 1
        seconds = min((failures.count - FREE_FAILURES) * STEP_SECONDS, MAX_SECONDS)
        if seconds <= 0:
            return
        if failures.count == FREE_FAILURES + 1:
            log.warning("%s signs wrongly again and again: its answers are held back", address)
        failures.held += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            failures.held -= 1

    def _failures_of(self, address: str) -> _Failures:
        now = time.monotonic()
        failures = self._by_address.setdefault(address, _Failures())
        self._by_address.move_to_end(address)
        if now - failures.last > FORGET_SECONDS:
            failures.count = 0
        failures.last = now
        if len(self._by_address) > _MAX_ADDRESSES:
            self._by_address.popitem(last=False)
        return failures
