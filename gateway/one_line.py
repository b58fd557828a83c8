"""What a person did wrong, told in one line: `Error: …`, or a JSON event where the log is JSON."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from gateway.contract.document import UnknownLayer
from gateway.observing.logging_setup import json_event
from gateway.settings import BadSetting

_LOG_FORMAT = "log_format"


class OneLine(click.ClickException):
    """A problem that the person at the terminal can solve: one line, status 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(message)
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

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Read the command's own arguments."""
        with _usage_in_one_line():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, or the command within it, whose arguments are read then."""
        with _usage_in_one_line():
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
        raise OneLine(f"{error.format_message()} (--help lists all options)") from None
