"""Functions that are killed at one of their steps, as by `kill -9`, in processes of their own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Collection
from multiprocessing.context import ForkServerContext


def processes(module: str) -> ForkServerContext:
    """Processes that begin in one which has no threads, and has read a module already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    return context


def die() -> None:
    """End as by `kill -9`."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_before(step: int, events: Collection[str]) -> None:
    """Have this process die before so many audit events of these names."""
    left = step

    def count(event: str, _args: object) -> None:
        nonlocal left
        if event in events:
            left -= 1
            if left < 0:
                die()

    sys.addaudithook(count)


def is_killed(context: ForkServerContext, function: Callable[..., object], *args: object) -> bool:
    """Run a function in a process, and say whether that was killed or came to its end."""
    process = context.Process(target=function, args=args)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0
