"""Settings as options of the command: each has its type, its limits and its default in `--help`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from typing import Any

import click

from gateway.setting_values import (
    is_size,
    kind_of,
    option_of,
    parsed,
    range_of,
    value_shown,
    variable_of,
)
from gateway.settings import Settings

_METAVARS = {int: "NUMBER", float: "NUMBER", str: "TEXT"}


def settings_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every setting."""
    for one in reversed(fields(Settings)):
        command = _option(one)(command)
    return command


class Names(click.types.StringParamType):
    """Text that may come several times: as an option again, in the environment after a comma."""

    envvar_list_splitter = ","


def names_given(given: tuple[str, ...]) -> tuple[str, ...]:
    """What an option's values name, which may also stand in one, with commas between."""
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


class _Value(click.ParamType[Any]):
    """A value that a setting reads, so that options and variables are written alike."""

    def __init__(self, one: Field[Any]) -> None:
        self.name = "SIZE" if is_size(one) else _METAVARS[kind_of(one)]
        self._one = one

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Read a value."""
        if not isinstance(value, str):
            return value
        try:
            return parsed(self._one, value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _option(one: Field[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    kind = kind_of(one)
    name = option_of(one)
    return click.option(
        f"{name}/--no-{name[2:]}" if kind is bool else name,
        one.name,
        type=_type_of(one),
        multiple=kind is tuple,
        callback=(lambda _context, _option, given: names_given(given)) if kind is tuple else None,
        default=value_shown(one, one.default) if is_size(one) else one.default,
        envvar=variable_of(one),
        show_envvar=True,
        show_default=one.default not in ("", ()),
        help=_help_of(one),
    )


def _type_of(one: Field[Any]) -> click.ParamType[Any] | type:
    kind = kind_of(one)
    if kind is tuple:
        return Names()
    if "choices" in one.metadata:
        return click.Choice(one.metadata["choices"])
    return kind if kind is bool else _Value(one)


def _help_of(one: Field[Any]) -> str:
    limits = range_of(one)
    return f"{one.metadata['help']} ({limits})" if limits else str(one.metadata["help"])
