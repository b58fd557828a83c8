"""What may be a mistake in the settings: told at the start, and the gateway starts all the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields

from gateway.contract.document import layers_named
from gateway.hosts import is_loopback
from gateway.key_settings import acts_for_itself
from gateway.setting_values import option_of
from gateway.settings import Settings, unknown_variables

_PACHD_ONLY = (
    "pfs_token",
    "pfs_token_file",
    "ack",
    "max_unfinished_commits",
    "sole_writer",
    "state_dir",
    "history_bytes",
    "history_wait",
    "exact_times",
)
_TLS_TO_PACHD_ONLY = ("pfs_ca_file",)
_EMBEDDED_ONLY = ("synchronous", "keep_history")
_OPTIONS = {one.name: option_of(one) for one in fields(Settings)}


def notices_of(settings: Settings, environment: Mapping[str, str] = os.environ) -> list[str]:
    """What to tell, a line each."""
    unknown = (
        f"{name} is not a setting, and has no effect" for name in unknown_variables(environment)
    )
    return [*unknown, *_dangers(settings), *_left_undone(settings), *_without_effect(settings)]


def _dangers(settings: Settings) -> Iterator[str]:
    if not is_loopback(settings.host) and not settings.has_keys:
        yield (
            f"anyone who reaches {settings.host} port {settings.port} can read and write"
            " everything: this gateway has no users and checks no keys"
        )
    if (settings.pfs_token or settings.pfs_token_file) and _is_in_the_clear(settings.pfs):
        yield (
            f"the token goes to {settings.pfs} unencrypted, and anyone who sees it can use it:"
            " say grpcs://"
        )
    if settings.pachd_keys and _is_in_the_clear(settings.pfs):
        yield (
            f"the users' tokens go to {settings.pfs} unencrypted, and anyone who sees one can use"
            " it: say grpcs://"
        )


def _left_undone(settings: Settings) -> Iterator[str]:
    if acts_for_itself(settings):
        return
    yield (
        "the gateway has no token of its own, so after a restart nobody goes on with deletions"
        " of long histories: give one with --pfs-token-file"
    )
    if "multipart" in layers_named(settings.layers):
        yield (
            "parts of uploads are kept only for users who have sent a request since the start."
            " Others' are lost after half an hour, unless --pfs-token-file names a user of the"
            " gateway's own who may read their repos"
        )


def _is_in_the_clear(pfs: str) -> bool:
    """Whether calls leave this machine without TLS."""
    scheme, _, address = pfs.partition("://")
    host = address if address.endswith("]") else address.rpartition(":")[0] or address
    return scheme == "grpc" and not is_loopback(host)


def _without_effect(settings: Settings) -> Iterator[str]:
    kind = settings.pfs.partition(":")[0]
    if kind == "embedded":
        yield from _given(settings, _PACHD_ONLY, "it is for pachd, and --pfs is embedded")
    else:
        yield from _given(settings, _EMBEDDED_ONLY, "it is for an embedded PFS")
    if kind != "grpcs":
        yield from _given(settings, _TLS_TO_PACHD_ONLY, "it is for --pfs grpcs://")
    if settings.pfs_token_file:
        yield from _given(settings, ("pfs_token",), "--pfs-token-file is given")
    yield from _of_keys_without_effect(settings)
    if "multipart" not in layers_named(settings.layers):
        yield from _given(settings, ("upload_days",), "it is for --with multipart")
    if settings.max_requests > settings.max_connections:
        why = f"each takes a connection, and --max-connections is {settings.max_connections}"
        yield from _given(settings, ("max_requests",), why)


def _of_keys_without_effect(settings: Settings) -> Iterator[str]:
    if not settings.pachd_keys:
        yield from _given(settings, ("presigned_tokens", "plain_tokens"), "it is for --pachd-keys")
    elif settings.tls_cert:
        yield from _given(settings, ("plain_tokens",), "--tls-cert is given")
    elif is_loopback(settings.host):
        yield from _given(settings, ("plain_tokens",), f"only this machine reaches {settings.host}")
    if settings.has_keys:
        yield from _given(
            settings, ("allowed_origin",), "requests must be signed, which no page can"
        )
    else:
        yield from _given(settings, ("region",), "no signature is checked without keys")


def _given(settings: Settings, names: tuple[str, ...], why: str) -> Iterator[str]:
    defaults = {one.name: one.default for one in fields(Settings)}
    for name in names:
        if getattr(settings, name) != defaults[name]:
            yield f"{_OPTIONS[name]} has no effect: {why}"
