"""What a person types: serve, or look after the embedded PFS's directory."""

from __future__ import annotations

import json
import resource
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import click
import uvicorn

from gateway.composition.choice import check_pfs
from gateway.composition.choice import compact as compact_pfs
from gateway.contract.document import UnknownLayer, layers_named, load_contract
from gateway.contract.printable import printable
from gateway.guards.key_file import read_keys
from gateway.http.serving import Server, serve_with_workers
from gateway.http.tls import tls_options
from gateway.key_commands import keys
from gateway.observing.logging_setup import log_config
from gateway.observing.tracing import check_tracing
from gateway.settings import BadSetting, Settings, kind_of, option_of, variable_of

_EPILOG = """\b
Examples:
  s3gateway                                   on the embedded PFS, at http://127.0.0.1:30655
  s3gateway --pfs embedded:/data --port 9000  another directory, another port
  S3GATEWAY_PORT=9000 s3gateway               every option is also an environment variable
"""


_BACKLOG = 2048
# A socket, the file that it sends or receives, and what sending a file takes.
_DESCRIPTORS_A_CONNECTION = 3
_OTHER_DESCRIPTORS = 256
_ACTS_AS_USER = (
    "Token         sent with every call: whoever reaches this gateway acts as the token's user"
)


_KEYS_ARE_TOKENS = "Access keys   Pachyderm tokens, each both access key and secret"


class _OneLine(click.ClickException):
    """A problem that the person at the terminal can solve: one line, status 2."""

    exit_code = 2


class _Names(click.types.StringParamType):
    """Text that may come several times: as an option again, in the environment after a comma."""

    envvar_list_splitter = ","


def _names(given: tuple[str, ...]) -> tuple[str, ...]:
    """What an option's values name, which may also stand in one, with commas between."""
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for one in reversed(fields(Settings)):
        command = _option(one)(command)
    return command


def _option(one: Field[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    kind: Any = kind_of(one)
    name = option_of(one)
    if "choices" in one.metadata:
        kind = click.Choice(one.metadata["choices"])
    return click.option(
        f"{name}/--no-{name[2:]}" if kind is bool else name,
        one.name,
        type=_Names() if kind is tuple else kind,
        multiple=kind is tuple,
        callback=(lambda _context, _option, names: _names(names)) if kind is tuple else None,
        default=one.default,
        envvar=variable_of(one),
        show_envvar=True,
        show_default=one.default not in ("", ()),
        help=one.metadata["help"],
    )


@click.group(invoke_without_command=True, epilog=_EPILOG)
@_options
@click.version_option(package_name="pfs-s3-gateway")
@click.pass_context
def main(context: click.Context, /, **given: Any) -> None:
    """Serve the branches of a PFS as S3 buckets.

    A bucket is named branch.repo: `aws s3 mb s3://master.images` creates the repo images with its
    branch master. Every write is an atomic commit.
    """
    with _told_in_one_line():
        settings = Settings(**given)
    context.obj = settings
    if context.invoked_subcommand is None:
        serve(settings)


@main.command()
@click.option(
    "--with",
    "layers",
    type=_Names(),
    multiple=True,
    callback=lambda _context, _option, given: _names(given),
    help="Layers to put upon the default contract, keys among them; by default those that the"
    " gateway would serve.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("yaml", "json", "html")),
    default="yaml",
    show_default=True,
    help="How to write it; html is one page to read and to print.",
)
@click.pass_obj
def contract(settings: Settings, layers: tuple[str, ...], form: str) -> None:
    """Print the contract that is served: an OpenAPI document."""
    with _told_in_one_line():
        printed = load_contract(layers or layers_named(settings.layers, has_keys=settings.has_keys))
    match form:
        case "yaml":
            text = printed.text
        case "json":
            text = json.dumps(printed.document(), indent=2, ensure_ascii=False) + "\n"
        case _:
            text = printable(printed.document())
    click.echo(text, nl=False)


@main.command()
@click.option(
    "--keep",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Commits of each branch to keep besides its HEAD.",
)
@click.pass_obj
def compact(settings: Settings, keep: int) -> None:
    """Squash the history of the embedded PFS and give back the room it took.

    Only HEAD can be reached through S3, so nothing that S3 shows is lost. Stop all gateways that
    use the directory first.
    """
    with _told_in_one_line():
        directory, result = compact_pfs(settings, keep)
    click.echo(
        f"{directory}: {result.commits} commits and {result.contents} contents are gone,"
        f" {result.bytes_freed / 1e6:.1f} MB freed"
    )


main.add_command(keys)


def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    with _told_in_one_line():
        layers_named(settings.layers)
        check_pfs(settings)
        check_tracing(settings)
        if settings.access_keys:
            read_keys(Path(settings.access_keys).expanduser())
        tls = tls_options(settings)
    _allow_descriptors(settings)
    listeners = [_listen(settings.host, settings.port)]
    if settings.admin_port is not None:
        listeners.append(_listen(settings.host, settings.admin_port))
        settings = replace(
            settings,
            port=listeners[0].getsockname()[1],
            admin_port=listeners[1].getsockname()[1],
        )
    _say_hello(settings, listeners[0].getsockname())
    settings.hand_to_process()
    config = uvicorn.Config(
        "gateway.app:create_app",
        factory=True,
        workers=settings.workers,
        http="gateway.http.protocol:S3Protocol",
        ws="none",
        loop="uvloop",
        lifespan="on",
        log_config=log_config(settings),
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        headers=[("server", "s3gateway")],
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        backlog=_BACKLOG,
        **tls,
    )
    with suppress(KeyboardInterrupt):
        if settings.workers > 1:
            with _told_in_one_line():
                serve_with_workers(config, listeners)
        else:
            server = Server(config)
            server.run(sockets=listeners)
            if not server.started:
                sys.exit(1)


def _allow_descriptors(settings: Settings) -> None:
    """Let the process open what its connections need: many systems allow 1024 unless asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections * _DESCRIPTORS_A_CONNECTION + _OTHER_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """Tell the person at the terminal what a setting has wrong with it."""
    try:
        yield
    except BadSetting as error:
        raise _OneLine(str(error)) from None
    except UnknownLayer as error:
        raise _OneLine(f"--with: {error}") from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _OneLine(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
    listener.set_inheritable(True)
    return listener


def _pages(settings: Settings, url: str) -> list[str]:
    """Where the gateway's own pages are."""
    where = url
    if settings.admin_port is not None:
        where = f"{url.rpartition(':')[0]}:{settings.admin_port}"
    docs = [f"API docs      {where}/-/docs"] if settings.docs else []
    return [*docs, f"Metrics       {where}/-/metrics"]


def _say_hello(settings: Settings, address: tuple[Any, ...]) -> None:
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    shown = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104 - compared only
    endpoint = f"{shown}:{address[1]}"
    url = f"{'https' if settings.tls_cert else 'http'}://{endpoint}"
    secure = ", Secure: true" if settings.tls_cert else ""
    unsigned = "" if settings.has_keys else " --no-sign-request"
    pair = '"ACCESS_KEY", "SECRET", ""' if settings.has_keys else '"any", "anything", ""'
    lines = [
        f"S3 endpoint   {url}",
        f"PFS           {settings.pfs}",
        *([_ACTS_AS_USER] if settings.pfs_token or settings.pfs_token_file else []),
        *_pages(settings, url),
        *([f"Access keys   {settings.access_keys}"] if settings.access_keys else []),
        *([_KEYS_ARE_TOKENS] if settings.pachd_keys else []),
        f"aws cli       aws --endpoint-url {url}{unsigned} s3 mb s3://master.images",
        f'minio-go      minio.New("{endpoint}", &minio.Options{{'
        f"Creds: credentials.NewStaticV4({pair}){secure}}})",
        "Ctrl-C ends it.",
    ]
    click.echo("\n".join(lines), err=True)
