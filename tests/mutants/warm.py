"""Run tests in forks of a process that has imported all that does not need the mutant.

    python -m tests.mutants.warm FOLDER MODULE FILES    # it listens at FOLDER/socket

Imports would take most of the time otherwise: a mutant is killed within a second, as a rule. For
the same reason the first of the files is run before the others are collected.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import select
import signal
import socket
import subprocess
import sys

import pytest

_OPTIONS = [
    *("-q", "-x", "-p", "no:cacheprovider", "-n", "0"),
    *("-k", "not grpc"),  # the contract's tests run on both PFS: one of them is enough
    *("--timeout", "20"),  # no test takes a fifth of it
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of plugins that were imported before
]

_LARGEST_FILE = 2**30
"""A mutant that never ends may not fill the disk."""

_TELL_IMPORTED = """\
import sys, pytest
pytest.main(["--collect-only", "-qq", *sys.argv[1:]])
print("imported", *(name for name in sys.modules if getattr(sys.modules[name], "__file__", None)))
"""


def main() -> None:
    """Import, and then run the tests for each client that connects."""
    folder, module, *files = sys.argv[1:]
    options = [*_OPTIONS, "--basetemp", f"{folder}/tests"]
    _import_without(module, [*options, *files])
    gc.freeze()  # so that no fork's collections copy it
    sys.dont_write_bytecode = True  # of a mutant: the next one may have its size and its second
    stages = [[*options, *some] for some in (files[:1], files[1:]) if some]
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{folder}/socket")
        listening.listen()
        while True:
            client, _ = listening.accept()
            with client, contextlib.suppress(ConnectionError):
                client.send(bytes([any(_fail(arguments, client) for arguments in stages)]))


def _import_without(module: str, arguments: list[str]) -> None:
    """Import what the tests import, but for what imports the module, and what pytest rewrites."""
    writing = {key: os.environ[key] for key in os.environ if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _TELL_IMPORTED, *arguments]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=writing).stdout
    sys.modules[module] = None  # type: ignore[assignment] # an ImportError for who needs it
    for name in told.rpartition("imported ")[2].split():
        if not name.rpartition(".")[2].startswith(("test_", "conftest", "__main__")):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    del sys.modules[module]


def _fail(arguments: list[str], client: socket.socket) -> bool:
    """Whether the tests fail, or the client goes first: it has waited for long enough."""
    tests = os.fork()
    if not tests:
        _run(arguments)
    ended = os.pidfd_open(tests)
    select.select([ended, client.fileno()], [], [])
    os.close(ended)
    os.killpg(tests, signal.SIGKILL)
    _, status = os.waitpid(tests, 0)
    return status != 0


def _run(arguments: list[str]) -> None:
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
        os._exit(pytest.main(arguments))
    finally:
        os._exit(1)  # never back into the server


if __name__ == "__main__":
    main()
