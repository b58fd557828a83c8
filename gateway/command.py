"""What a person types: serve, or look after the embedded PFS's directory."""

from __future__ import annotations

import json
import resource
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import uvicorn

from gateway.backup_commands import backup, restore_backup
from gateway.banner import say_hello
from gateway.composition.choice import check_pfs, check_stored, older_schema_of
from gateway.composition.choice import compact as compact_pfs
from gateway.composition.choice import survey as survey_pfs
from gateway.composition.stored import stored_by
from gateway.contract.document import layers_named, load_contract
from gateway.contract.printable import printable
from gateway.early_signals import end_as_usual, end_quietly_if_told
from gateway.guards.key_file import read_keys
from gateway.history_commands import COMMANDS
from gateway.hosts import is_host_name, is_loopback
from gateway.http.serving import ready_to_serve
from gateway.http.tls import tls_options
from gateway.key_commands import keys
from gateway.moving_commands import MOVING_COMMANDS
from gateway.notices import notices_of
from gateway.observing.logging_setup import begin_logging, log_config
from gateway.observing.tracing import check_tracing
from gateway.one_line import OneLine, OneLineGroup, told_in_one_line
from gateway.options import Names, names_given, settings_options
from gateway.settings import BadSetting, Settings

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


@click.group(
    cls=OneLineGroup,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@settings_options
@click.version_option(package_name="pfs-s3-gateway")
@click.pass_context
def main(context: click.Context, /, **given: Any) -> None:
    """Serve the branches of a PFS as S3 buckets.

    A bucket is named branch.repo: `aws s3 mb s3://master.images` creates the repo images with its
    branch master. Every write is an atomic commit.
    """
    with told_in_one_line():
        settings = Settings(**given)
    context.obj = settings
    if context.invoked_subcommand is None:
        serve(settings)
    else:
        end_as_usual()


@main.command()
@click.option(
    "--with",
    "layers",
    type=Names(),
    multiple=True,
    callback=lambda _context, _option, given: names_given(given),
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
    with told_in_one_line():
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
@click.option("--yes", is_flag=True, help="Do not ask before history is dropped.")
@click.pass_obj
def compact(settings: Settings, keep: int, yes: bool) -> None:
    """Drop the history of the embedded PFS and free its disk space.

    It says what it is going to drop, and asks. What a branch holds now stays. Stop all gateways
    that use the directory first.
    """
    with told_in_one_line():
        _confirm_upgrade(settings, yes)
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
            " disk has no room to write it again."
        )


@main.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Read all that the embedded PFS stores against its hashes, and say what is lost.

    Gateways may run meanwhile. It changes nothing, and ends with status 1 if anything is lost. It
    refuses a directory that an older version wrote.
    """
    with told_in_one_line():
        directory, found = check_stored(settings)
    for lost in found.lost:
        click.echo(lost.in_words())
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


def _confirm_upgrade(settings: Settings, yes: bool) -> None:
    """Say, before it happens, that older versions will not be able to open the directory."""
    directory, schema = older_schema_of(settings)
    if schema is None:
        return
    click.echo(
        f"{directory}: an older version wrote it (schema {schema}). It will first be brought to the"
        " schema of this version. Older versions cannot open it afterwards; copy it with cp -a if"
        " you may want to go back."
    )
    if not yes:
        _confirm()


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise BadSetting(
            "compact changes what cannot be had back: say --yes where nobody can be asked"
        )
    click.confirm("Go on?", abort=True)


for _command in (keys, backup, restore_backup, *COMMANDS, *MOVING_COMMANDS):
    main.add_command(_command)


def serve(settings: Settings) -> None:
    """Serve until a signal comes. Whoever reads where it is can end it from then on."""
    end_quietly_if_told()
    with told_in_one_line():
        layers_named(settings.layers)
        stored = stored_by(settings)
        check_pfs(settings)
        check_tracing(settings)
        if settings.access_keys:
            read_keys(Path(settings.access_keys).expanduser())
        tls = tls_options(settings)
    begin_logging(settings)
    # Until there is something to read again; workers begin with what is set here.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _allow_descriptors(settings)
    settings, listeners = _listening(settings)
    serve_until_told = ready_to_serve(_uvicorn_config(settings, tls), listeners)
    say_hello(settings, listeners[0].getsockname(), stored, notices_of(settings))
    settings.hand_to_process()
    with told_in_one_line():
        serve_until_told()


def _uvicorn_config(settings: Settings, tls: dict[str, Any]) -> uvicorn.Config:
    return uvicorn.Config(
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


def _allow_descriptors(settings: Settings) -> None:
    """Let the process open what its connections need: many systems allow 1024 unless asked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections * _DESCRIPTORS_A_CONNECTION + _OTHER_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listening(settings: Settings) -> tuple[Settings, list[socket.socket]]:
    """Listen; gives the settings with the ports that were found."""
    listeners = [_listen(settings.host, settings.port)]
    address, port = listeners[0].getsockname()[:2]
    settings = replace(_knowing_its_address(settings, address), port=port)
    if settings.admin_port is not None:
        listeners.append(_listen(settings.host, settings.admin_port))
        settings = replace(settings, admin_port=listeners[1].getsockname()[1])
    return settings, listeners


def _knowing_its_address(settings: Settings, address: str) -> Settings:
    """The settings with the address, where only this machine reaches it by a name or as 127.1."""
    if is_loopback(settings.host) or not is_loopback(address):
        return settings
    name = settings.host.lower()
    names = (*settings.allowed_host, name) if is_host_name(name) else settings.allowed_host
    return replace(settings, host=address, allowed_host=names)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OneLine(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
    listener.set_inheritable(True)
    return listener
