"""All settings, their defaults and what they mean. The only reader of the environment.

A field becomes an option (`max_object_bytes` is `--max-object-bytes`), an environment variable
(`S3GATEWAY_MAX_OBJECT_BYTES`) and a row of the documentation; `option` names it otherwise.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, Self, TypeAlias

from gateway.key_settings import check_pachd_keys
from gateway.setting_values import ANY, PREFIX, BadSetting, check, read, variable_of, written

__all__ = ["ANY", "BadSetting", "Settings", "process_settings", "unknown_variables"]

Synchronous: TypeAlias = Literal["full", "normal", "off"]

DEFAULT_PFS = "embedded:~/.local/share/s3gateway"

_SERVICE_LINKS = re.compile(r"S3GATEWAY_(SERVICE_(HOST|PORT)|PORT_\d+_(TCP|UDP))(_\w+)?")
"""What Kubernetes tells every pod beside a Service named s3gateway: no setting, and no mistake."""


def _setting(default: Any, help_: str, **metadata: Any) -> Any:
    is_secret = bool(metadata.get("secret"))
    return field(default=default, repr=not is_secret, metadata={"help": help_, **metadata})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one gateway is to run."""

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on. Without --access-keys everyone who reaches it can read and write"
        " everything, so think before you open it to a network.",
    )
    port: int = _setting(30655, "Port to listen on; 0 takes a free one.", minimum=0, maximum=65535)
    tls_cert: str = _setting("", "PEM file of the certificate for HTTPS, and its chain.")
    tls_key: str = _setting("", "PEM file of the private key, unless --tls-cert has it.")
    access_keys: str = _setting(
        "",
        "TOML file of access keys, read again when it changes. Requests must then be signed with"
        " one of them. `s3gateway keys new` makes one.",
    )
    pachd_keys: bool = _setting(
        False,
        "Requests must be signed with a Pachyderm token, which is both access key and secret; pachd"
        " decides what its user may do.",
    )
    presigned_tokens: bool = _setting(
        False,
        "With --pachd-keys, take presigned URLs too. Everyone who gets one has the token.",
    )
    plain_tokens: bool = _setting(
        False,
        "With --pachd-keys, serve other machines without HTTPS. Something in front, such as a proxy"
        " with HTTPS, must protect the tokens.",
    )
    region: str = _setting(
        "", "The only region that signatures may name, such as us-east-1; any if empty."
    )
    domain: tuple[str, ...] = _setting(
        (),
        "A domain for virtual-hosted buckets: with --domain s3.example the host"
        " master.images.s3.example is the bucket master.images.",
        names="host",
    )
    allowed_host: tuple[str, ...] = _setting(
        (),
        "A host name of this gateway. If one is given, or if it listens on its own machine only,"
        " it refuses all others except localhost, addresses and those of --domain. This protects"
        " against DNS rebinding; * takes any.",
        names="host",
    )
    allowed_origin: tuple[str, ...] = _setting(
        (),
        "An origin whose web pages may send requests, such as https://app.example; * allows all."
        " They can never read an answer.",
        names="origin",
    )
    layers: tuple[str, ...] = _setting(
        (),
        "What to serve beyond the default contract: copy (CopyObject), multipart (uploads in"
        " parts), versions (history), or all for all three."
        " What is switched off answers NotImplemented.",
        option="with",
    )
    upload_days: float = _setting(
        7.0,
        "With --with multipart: how many days an upload in parts may take. Older ones are removed.",
        minimum=0.01,
    )
    pfs: str = _setting(
        DEFAULT_PFS,
        "The PFS to serve: embedded:DIRECTORY on this machine, or pachd at grpc://HOST:PORT,"
        " grpcs://HOST:PORT (TLS) or unix:PATH.",
    )
    pfs_ca_file: str = _setting(
        "",
        "PEM file of the authorities to check pachd's certificate with; if empty, those that gRPC"
        " comes with.",
    )
    pfs_token: str = _setting(
        "",
        "Pachyderm token that goes with every call to pachd. Everyone who reaches the gateway"
        " acts as that user.",
        secret=True,
    )
    pfs_token_file: str = _setting("", "File that holds that token; read again when it changes.")
    pfs_call_seconds: float = _setting(
        60.0, "How long pachd may take to answer a call, or to go on with a transfer.", minimum=0.1
    )
    workers: int = _setting(1, "Processes that serve.", minimum=1, maximum=256)
    log_level: str = _setting(
        "info", "The least severe events to log.", choices=("debug", "info", "warning", "error")
    )
    log_format: str = _setting(
        "text",
        "How lines of the log look: for people, or as JSON.",
        choices=("text", "json"),
    )
    access_log: bool = _setting(True, "Log a line for each request, on standard output.")
    otlp_endpoint: str = _setting(
        "",
        "Where traces go: the URL of an OpenTelemetry collector, such as http://collector:4318, to"
        " which /v1/traces is added. Needs the extra otel. Use OTEL_ variables for the rest.",
    )
    docs: bool = _setting(True, "Serve the API's documentation at /-/docs, and a page at /-/.")
    browser: bool = _setting(
        True,
        "Let people see and change buckets in their web browser at /-/. Without it, /-/ only tells"
        " how to connect.",
    )
    admin_port: int | None = _setting(
        None,
        "Port for the gateway's own pages under /-/ (health, metrics, documentation), which then"
        " are on this port only; 0 takes a free one.",
        minimum=0,
        maximum=65535,
        kind=int,
    )
    synchronous: Synchronous = _setting(
        "full",
        "How the embedded PFS writes to its disk: full survives a power cut. In a power cut,"
        " normal may lose the last commits, and off all data.",
        choices=("full", "normal", "off"),
    )
    keep_history: float | None = _setting(
        None,
        "Drop commits of the embedded PFS that are older than so many days, while the gateway"
        " runs, but never a HEAD. Without this, all commits are kept.",
        minimum=0.001,
        kind=float,
    )
    ack: str = _setting(
        "durable",
        "When a write is answered: once pachd holds it (durable), or once its commit has finished"
        " without an error (finished). That is a quarter of a second later.",
        choices=("durable", "finished"),
    )
    max_unfinished_commits: int = _setting(
        2,
        "How many commits of a branch pachd may have to finish when the next is sent. Readers wait"
        " for all of them.",
        minimum=1,
    )
    sole_writer: bool = _setting(
        False,
        "Nobody else writes to pachd's branches, so that this process can decide conditional writes"
        " (If-Match, If-None-Match). They are refused otherwise.",
    )
    commit_per_request: bool = _setting(
        False, "Give every write a commit of its own; much slower where many clients write at once."
    )
    max_object_bytes: int = _setting(
        5 * 1024**3, "The largest object that one PUT may bring.", minimum=1
    )
    max_document_bytes: int = _setting(
        8 * 1024**2, "The largest XML document that a request may bring.", minimum=1024
    )
    write_memory_bytes: int = _setting(
        64 * 1024**2,
        "How many bytes of small objects may wait in memory for their commit.",
        minimum=1024**2,
    )
    transfer_memory_bytes: int = _setting(
        1024**3,
        "How many bytes large transfers together may need: 30 MiB a download from pachd, 6 MiB an"
        " upload. Others wait, and are then answered SlowDown.",
        minimum=1024**2,
    )
    request_memory_bytes: int = _setting(
        256 * 1024**2,
        "How many bytes the documents and answers of all requests may take; others wait.",
        minimum=1024**2,
    )
    cache_bytes: int = _setting(
        96 * 1024**2,
        "How many bytes of what was read may be kept: files, listings, contents.",
        minimum=0,
    )
    state_dir: str = _setting("", "Directory to keep histories of branches in; temporary if empty.")
    history_bytes: int = _setting(
        1024**3,
        "How large --state-dir may become; beyond it times in lists are late.",
        minimum=1024**2,
    )
    history_wait: float = _setting(
        2.0, "Seconds that an answer may wait until a history is read.", minimum=0
    )
    exact_times: bool = _setting(
        False, "Answer 503 rather than a time later than the object's own."
    )
    body_idle_seconds: float = _setting(
        30.0, "How long a request's body may make no progress.", minimum=0.1
    )
    min_bytes_per_second: int = _setting(
        1024,
        "Slowest average pace at which a client may send a body or read an answer, after the"
        " first --body-idle-seconds and --write-idle-seconds; 0 for no limit.",
        minimum=0,
    )
    head_seconds: float = _setting(
        10.0, "How long a request's head may take to arrive.", minimum=0.1
    )
    keep_alive_seconds: int = _setting(75, "How long an idle connection stays open.", minimum=1)
    write_idle_seconds: float = _setting(
        60.0, "How long a client may read nothing of its answer.", minimum=0.1
    )
    max_head_bytes: int = _setting(
        32 * 1024, "The largest request head (request line and headers).", minimum=1024
    )
    max_connections: int = _setting(
        1000,
        "Connections of one process; more are answered SlowDown. An --admin-port has some more.",
        minimum=1,
    )
    max_requests: int = _setting(
        1000,
        "Requests that one process serves at a time; more are answered SlowDown, except pages.",
        minimum=1,
    )
    shutdown_seconds: int = _setting(
        20, "How long requests under way may take to end when the gateway stops.", minimum=0
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            check(one, getattr(self, one.name))
        if not self.host:
            raise BadSetting("--host: it is empty; say 127.0.0.1, or 0.0.0.0 for all addresses")
        if self.admin_port is not None and self.admin_port == self.port != 0:
            raise BadSetting(f"--admin-port: {self.port} is the --port; the pages need another")
        if self.tls_key and not self.tls_cert:
            raise BadSetting("--tls-key: there is no --tls-cert to go with it")
        if self.sole_writer and self.workers > 1:
            raise BadSetting("--sole-writer: several --workers are several writers")
        if self.pachd_keys:
            check_pachd_keys(self)

    @property
    def has_keys(self) -> bool:
        """Whether requests must be signed."""
        return bool(self.access_keys) or self.pachd_keys

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings that environment variables give; an empty one gives nothing."""
        texts = {one: environment.get(variable_of(one)) for one in fields(cls)}
        return cls(**{one.name: read(one, text) for one, text in texts.items() if text})

    def hand_to_process(self) -> None:
        """Make these the settings of this process and of those that it starts."""
        os.environ.update(self.to_environment())
        process_settings.cache_clear()

    def to_environment(self) -> dict[str, str]:
        """The environment variables that give these settings, for worker processes."""
        values = ((one, getattr(self, one.name)) for one in fields(self))
        return {variable_of(one): written(value) for one, value in values if value is not None}


@cache
def process_settings() -> Settings:
    """The settings that this process was started with."""
    return Settings.from_environment()


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Environment variables that are named as settings are, and are none."""
    known = {variable_of(one) for one in fields(Settings)}
    ours = {name for name in environment if name.startswith(PREFIX)}
    return sorted(name for name in ours - known if not _SERVICE_LINKS.fullmatch(name))
