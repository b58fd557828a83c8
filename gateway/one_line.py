"""What a person did wrong, told in one line: `Error: …`, or a JSON event where the log is JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import click

from gateway.contract.document import UnknownLayer
from gateway.observing.logging_setup import json_event
from gateway.settings import BadSetting
from pfs_client.failures import NO_ROOM

_LOG_FORMAT = "log_format"


class OneLine(click.ClickException):
    """A problem that the person at the terminal can solve: one line, status 2."""

    exit_code = 2

    def __init__(self, message: str, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        if given is None:
            context = click.get_current_context(silent=True)
            given = context.find_root().params if context else {}
        self._as_json = given.get(_LOG_FORMAT) == "json"

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to standard error."""
        if self._as_json:
            click.echo(json_event("ERROR", self.format_message()), file=file, err=True)
        else:
            super().show(file)


class OneLineGroup(click.Group):
    """A command that also tells in one line what it cannot read of its arguments."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the command's own arguments."""
        with no_room_in_one_line():  # for what --help says
            try:
                return super().make_context(info_name, list(args), parent, **extra)
            except click.UsageError as error:
                raise _one_line(error, self._as_far_as_read(args)) from None

    def _as_far_as_read(self, args: list[str]) -> Mapping[str, Any]:
        """What arguments give, some of which are wrong."""
        context = super().make_context(
            None, list(args), resilient_parsing=True, ignore_unknown_options=True
        )
        return context.params

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, or the command within it, whose arguments are read then."""
        with _usage_in_one_line(), no_room_in_one_line():
            return super().invoke(ctx)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """Tell the person at the terminal what a setting has wrong with it."""
    try:
        yield
    except BadSetting as error:
        raise OneLine(str(error)) from None
    except UnknownLayer as error:
        raise OneLine(f"--with: {error}") from None


@contextmanager
def _usage_in_one_line() -> Iterator[None]:
    try:
        yield
    except click.UsageError as error:
        raise _one_line(error) from None


@contextmanager
def no_room_in_one_line() -> Iterator[None]:
    """Tell the person at the terminal that a disk is full, such as that of the output."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _forget_output()
        what = error.filename or "the output or a temporary file"
        raise OneLine(f"no room to write {what}: {error.strerror}") from None


def _forget_output() -> None:
    """Python would try to write the rest of it at its end, and complain in lines of its own."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _one_line(error: click.UsageError, given: Mapping[str, Any] | None = None) -> OneLine:
    return OneLine(f"{error.format_message()} (--help lists all options)", given)
