"""The page at `/-/`: what this is, which buckets there are, and lines to paste."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.identity import ANYBODY, ServicesOf
from gateway.pages.page import HEADERS, asset, fixed_page, s3_authority, template
from gateway.settings import Settings
from handlers.addressing import bucket_of
from pfs_client.failures import PfsFailure
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.values import Branch

MAX_BUCKETS_SHOWN = 100
_LOOKS_AT_ONCE = 4
_SECONDS = 10.0
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_AGES = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True)
class Bucket:
    """One row: a bucket and its HEAD."""

    name: str
    head: str
    size: str
    age: str


def landing_routes(services_of: ServicesOf, settings: Settings) -> list[Route]:
    """The page and its style."""
    page = template("landing.html")
    has_keys = settings.has_keys

    async def landing(request: Request) -> Response:
        buckets, count, version = await _look(services_of(ANYBODY).pfs, shows_buckets=not has_keys)
        host = s3_authority(request, settings)
        filled = page.render(
            endpoint=f"{request.url.scheme}://{host}",
            host=host,
            is_secure=request.url.scheme == "https",
            version=version,
            buckets=buckets,
            count=count,
            has_keys=has_keys,
        )
        return Response(filled, media_type="text/html", headers=HEADERS)

    style = fixed_page("/-/landing.css", asset("landing.css").read_bytes(), "text/css")
    return [Route("/-", landing), Route("/-/", landing), style]


async def _look(pfs: PfsClient, *, shows_buckets: bool) -> tuple[list[Bucket], int, str]:
    """The first buckets, how many there are, and which PFS it is; nothing of one that is away."""
    try:
        async with asyncio.timeout(_SECONDS):
            version = await pfs.get_version()
            if not shows_buckets:
                return [], 0, version
            branches = sorted(
                (branch for repo in await pfs.list_repo() for branch in repo.branches),
                key=bucket_of,
            )
            found: dict[Branch, Bucket] = {}

            async def look_at(branch: Branch) -> None:
                found[branch] = await _bucket(pfs, branch)

            shown = branches[:MAX_BUCKETS_SHOWN]
            await for_each(shown, look_at, _LOOKS_AT_ONCE)
            return [found[branch] for branch in shown], len(branches), version
    except (TimeoutError, PfsFailure):
        return [], 0, ""


async def _bucket(pfs: PfsClient, branch: Branch) -> Bucket:
    head = (await pfs.inspect_branch(branch)).head
    info = await pfs.inspect_commit(head)
    age = datetime.now(UTC) - (info.finished or info.started)
    return Bucket(bucket_of(branch), head.id, _size(info.size_bytes), _age(age.total_seconds()))


def _size(size_bytes: float) -> str:
    for unit in _UNITS[:-1]:
        if size_bytes < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} {_UNITS[-1]}"


def _age(seconds: float) -> str:
    for length, name in _AGES:
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"
