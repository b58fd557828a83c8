"""What the command says when it starts: where it is, where the data is, and what to paste."""

from __future__ import annotations

import logging
from typing import Any

import click

from gateway.composition.stored import Stored
from gateway.hosts import is_unspecified
from gateway.settings import Settings

log = logging.getLogger("s3gateway")

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def say_hello(
    settings: Settings, address: tuple[Any, ...], stored: Stored | None, notices: list[str]
) -> None:
    """Tell a person, or a log of JSON, that the gateway is about to serve.

    Args:
        settings: How it is to run, with the ports that were found.
        address: Where it listens, as a socket says it.
        stored: What its embedded PFS holds, if it has one.
        notices: What may be a mistake.
    """
    endpoint = _endpoint(address)
    url = f"{'https' if settings.tls_cert else 'http'}://{endpoint}"
    facts = _facts(settings, url, address, stored)
    if settings.log_format == "json":
        for line in facts:
            log.info("%s", line)
        for notice in notices:
            log.warning("%s", notice)
        return
    lines = [*facts, *_lines_to_paste(settings, url, endpoint)]
    lines += [f"Warning       {notice}" for notice in notices]
    click.echo("\n".join([*lines, "Ctrl-C ends it."]), err=True)


def _facts(
    settings: Settings, url: str, address: tuple[Any, ...], stored: Stored | None
) -> list[str]:
    everywhere = " (and every other address of this machine)" if is_unspecified(address[0]) else ""
    facts = [f"S3 endpoint   {url}{everywhere}", f"PFS           {settings.pfs}"]
    if stored is not None:
        facts.append(f"Data          {_described(stored)}")
    if settings.pfs_token or settings.pfs_token_file:
        sent = "with every call: anyone who reaches this gateway acts as the token's user"
        own = "for the gateway's own work; each request has its user's token"
        facts.append(f"Token         {own if settings.pachd_keys else 'sent ' + sent}")
    if settings.access_keys:
        facts.append(f"Access keys   {settings.access_keys}")
    if settings.pachd_keys:
        facts.append("Access keys   Pachyderm tokens, each both access key and secret")
    return facts + _pages(settings, url)


def _described(stored: Stored) -> str:
    free = f"{_shown(stored.free_bytes)} free"
    if stored.is_new:
        return f"{stored.directory} (new, empty; {free})"
    more_than = "" if stored.is_whole else "more than "
    return f"{stored.directory} ({more_than}{_shown(stored.size_bytes)}; {free})"


def _shown(size_bytes: float) -> str:
    units = iter(_UNITS)
    unit = next(units)
    while size_bytes >= 1000 and unit != _UNITS[-1]:
        size_bytes /= 1024
        unit = next(units)
    return f"{size_bytes:.3g} {unit}"


def _pages(settings: Settings, url: str) -> list[str]:
    """Where the gateway's own pages are."""
    where = url
    if settings.admin_port is not None:
        where = f"{url.rpartition(':')[0]}:{settings.admin_port}"
    pages = [("In a browser", ""), ("API docs", "docs")] if settings.docs else []
    return [f"{name:13} {where}/-/{page}" for name, page in (*pages, ("Metrics", "metrics"))]


def _lines_to_paste(settings: Settings, url: str, endpoint: str) -> list[str]:
    secure = ", Secure: true" if settings.tls_cert else ""
    unsigned = "" if settings.has_keys else " --no-sign-request"
    key, secret = ("ACCESS_KEY", "SECRET") if settings.has_keys else ("any", "anything")
    return [
        f"aws cli       aws --endpoint-url {url}{unsigned} s3 mb s3://master.images",
        f'minio-go      minio.New("{endpoint}", &minio.Options{{'
        f'Creds: credentials.NewStaticV4("{key}", "{secret}", ""){secure}}})',
    ]


def _endpoint(address: tuple[Any, ...]) -> str:
    """Where a client on this machine reaches it."""
    host = str(address[0])
    if is_unspecified(host):
        host = "::1" if host == "::" else "127.0.0.1"
    return f"[{host}]:{address[1]}" if ":" in host else f"{host}:{address[1]}"
