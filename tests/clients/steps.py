"""What a client program prints: one JSON line a step, saying how it went.

Standard library only, as a program runs in its client's own environment.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email.utils import formatdate

WORKS = "works"


class NotOffered(Exception):
    """The client has nothing that does this: the step is left out."""


class EndsOtherwise(Exception):
    """The step does not fail, and does not do what its name says.

    Args:
        outcome: What it does instead, in a word or two.
    """

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True)
class Outcome:
    """How one step went.

    Args:
        step: Its name.
        outcome: `works`, the code that the client gives for its failure, or what it did instead.
        message: What the client shows its user about the failure.
        seconds: How long it took.
    """

    step: str
    outcome: str
    message: str = ""
    seconds: float = 0.0


def run_steps(
    steps: Iterable[tuple[str, Callable[[], object]]], code_of: Callable[[Exception], str]
) -> Iterator[Outcome]:
    """Run steps in their order.

    Args:
        steps: Names, and what to do.
        code_of: The error code that one of the client's exceptions shows.
    """
    for name, step in steps:
        begun = time.monotonic()
        outcome, message = WORKS, ""
        try:
            step()
        except NotOffered:
            continue
        except EndsOtherwise as ended:
            outcome = ended.outcome
        except AssertionError as failed:
            outcome, message = "wrong", f"{type(failed).__name__}: {failed}"
        except Exception as refused:
            outcome, message = code_of(refused), f"{type(refused).__name__}: {refused}"
        yield Outcome(name, outcome, message, round(time.monotonic() - begun, 3))


def print_outcomes(outcomes: Iterable[Outcome]) -> None:
    """Print each at once, so that what hangs can be told from what went before."""
    for outcome in outcomes:
        sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
        sys.stdout.flush()


def endpoint() -> str:
    """The gateway's URL."""
    return os.environ["ENDPOINT"]


def bucket() -> str:
    """A bucket to make, use and remove; so is any whose name begins with this one's."""
    return os.environ["BUCKET"]


def secret() -> str:
    """What the client signs with. The requests that are made here are always signed rightly."""
    return os.environ["SECRET"]


def make_bucket() -> None:
    """Make the bucket, for a client that cannot."""
    _send_signed("PUT")


@contextmanager
def bucket_of_its_own() -> Iterator[str]:
    """The bucket, for a client that cannot make it."""
    make_bucket()
    yield bucket()
    _send_signed("DELETE")


def _send_signed(method: str) -> None:
    """A request for the bucket, signed with version 2, which takes no more than this."""
    date = formatdate(usegmt=True)
    digest = hmac.digest(b"anything", f"{method}\n\n\n{date}\n/{bucket()}".encode(), "sha1")
    headers = {"Date": date, "Authorization": f"AWS any:{base64.b64encode(digest).decode()}"}
    url = f"{endpoint()}/{bucket()}"
    request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310
    urllib.request.urlopen(request).close()  # noqa: S310
