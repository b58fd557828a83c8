"""`s3gateway keys`: what a person types to make access keys."""

from __future__ import annotations

import secrets
import string

import click

from handlers.access import BucketPattern

_ACCESS_KEY_CHARACTERS = string.ascii_uppercase + "234567"
_SECRET_CHARACTERS = string.ascii_letters + string.digits


@click.group()
def keys() -> None:
    """Make access keys for --access-keys."""


@keys.command()
@click.option(
    "--access",
    type=click.Choice(("read", "write")),
    default="write",
    show_default=True,
    help="Whether the key may only read, or also write.",
)
@click.option(
    "--bucket",
    "buckets",
    multiple=True,
    help="Which buckets: a name, or a pattern such as *.images. All of them if there is none.",
)
def new(access: str, buckets: tuple[str, ...]) -> None:
    """Make an access key and its secret, and print them as lines for the file of access keys.

    Nothing is stored. Keep the file from others: umask 077; s3gateway keys new >> keys.toml
    """
    for bucket in buckets:
        try:
            BucketPattern.read(bucket)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--bucket") from None
    listed = ", ".join(f'"{bucket}"' for bucket in buckets or ("*",))
    click.echo(
        f"[keys.{_random(20, _ACCESS_KEY_CHARACTERS)}]\n"
        f'secret = "{_random(40, _SECRET_CHARACTERS)}"\n'
        f'access = "{access}"\n'
        f"buckets = [{listed}]\n"
    )


def _random(count: int, characters: str) -> str:
    return "".join(secrets.choice(characters) for _ in range(count))
