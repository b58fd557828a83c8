"""Last-Modified: when a file changed, as S3 and HTTP want to be told it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self


@dataclass(frozen=True, slots=True)
class Modified:
    """When an object changed, in whole seconds; unless `is_settled`, it goes on changing."""

    time: datetime
    is_settled: bool = True

    @classmethod
    def since(cls, changed: datetime | None, now: datetime | None = None) -> Self:
        """What to say of a file that changed then, or that an open commit changes, for None."""
        time = not_later(changed, now or datetime.now(UTC))
        return cls(time.replace(microsecond=0), changed is not None)

    @property
    def validator(self) -> datetime | None:
        """The time, if a client may compare by it: what goes on changing has had it before."""
        return self.time if self.is_settled else None


def not_later(changed: datetime | None, now: datetime) -> datetime:
    """When a file changed, or now for one that goes on changing, for None.

    Never in the future: another machine's clock may be ahead, and HTTP forbids a time that is later
    than the answer's Date (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.1).
    """
    return now if changed is None or changed > now else changed
