"""What a person types: serve, or look after the embedded PFS's directory."""

from __future__ import annotations

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

from gateway.composition.choice import check_pfs, check_stored
from gateway.composition.choice import compact as compact_pfs
from gateway.composition.choice import survey as survey_pfs
from gateway.http.serving import Server, serve_with_workers
from gateway.http.tls import tls_options
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


class _OneLine(click.ClickException):
    """A problem that the person at the terminal can solve: one line, status 2."""

    exit_code = 2


class _Names(click.types.StringParamType):
    """Text that may come several times: as an option again, in the environment after a comma."""

    envvar_list_splitter = ","


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
    "--keep",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Commits of each branch to keep besides its HEAD.",
)
@click.option("--yes", is_flag=True, help="Do not ask before history is dropped.")
@click.pass_obj
def compact(settings: Settings, keep: int, yes: bool) -> None:
    """Drop the history of the embedded PFS and give back the room it took.

    It says what it is going to drop, and asks. What a branch holds now stays. Stop all gateways
    that use the directory first.
    """
    with _told_in_one_line():
        directory, doomed = survey_pfs(settings, keep)
        click.echo(_what_goes(directory, doomed.commits, doomed.branches))
        if doomed.commits and not yes:
            _confirm()
        result = compact_pfs(settings, keep)
    click.echo(
        f"{directory}: {result.commits} commits and {result.contents} contents are gone,"
        f" {result.bytes_freed / 1e6:.1f} MB freed"
    )
    if result.unused_bytes:
        click.echo(
            f"The database keeps {result.unused_bytes / 1e6:.1f} MB for what is written next: the"
            " disk has no room to make it anew."
        )


@main.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Read all that the embedded PFS stores against its hashes, and say what is lost.

    Gateways may run meanwhile. It changes nothing, and ends with status 1 if anything is lost.
    """
    with _told_in_one_line():
        directory, found = check_stored(settings)
    for lost in found.lost:
        when = f" {lost.when}" if lost.when else ""
        click.echo(f"lost: {lost.where}:{lost.path}{when}: {lost.why}")
    for wrong in found.wrong:
        click.echo(f"wrong: {wrong}")
    click.echo(
        f"{directory}: {found.contents} contents, {found.read_bytes / 1e6:.1f} MB read;"
        + (" everything is there" if found.is_sound else f" {len(found.lost)} files are lost")
    )
    if not found.is_sound:
        sys.exit(1)


def _what_goes(directory: Path, commits: int, branches: int) -> str:
    if not commits:
        return f"{directory}: there are no commits to drop; contents that nothing needs will go."
    return (
        f"{directory}: {commits} commits will go for ever, of {branches} branches and of branches"
        " that are deleted. What the branches hold now stays."
    )


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise BadSetting("compact drops history: say --yes where nobody can be asked")
    click.confirm("Go on?", abort=True)


def serve(settings: Settings) -> None:
    """Serve until a signal comes."""
    with _told_in_one_line():
        check_pfs(settings)
        check_tracing(settings)
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
    lines = [
        f"S3 endpoint   {url}",
        f"PFS           {settings.pfs}",
        *([_ACTS_AS_USER] if settings.pfs_token or settings.pfs_token_file else []),
        *_pages(settings, url),
        f"aws cli       aws --endpoint-url {url} --no-sign-request s3 mb s3://master.images",
        f'minio-go      minio.New("{endpoint}", &minio.Options{{'
        f'Creds: credentials.NewStaticV4("any", "anything", ""){secure}}})',
        "Ctrl-C ends it.",
    ]
    click.echo("\n".join(lines), err=True)
