"""`docs/settings.md`, written from the settings themselves."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

from gateway.setting_values import kind_of, option_of, variable_of
from gateway.settings import Settings
from tests.markdown import DOCS

PAGE = DOCS / "settings.md"

GROUPS = {
    "Where it listens": ["host", "port", "admin_port", "workers", "docs", "browser"],
    "Who may come in": ["access_keys", "pachd_keys", "presigned_tokens", "plain_tokens", "region"],
    "What it serves": ["layers", "upload_days"],
    "HTTPS and names": ["tls_cert", "tls_key", "domain", "allowed_host", "allowed_origin"],
    "Which PFS": ["pfs", "synchronous", "keep_history"],
    "pachd": ["pfs_call_seconds", "pfs_ca_file", "pfs_token", "pfs_token_file"],
    "How writes become commits": [
        "ack",
        "max_unfinished_commits",
        "sole_writer",
        "commit_per_request",
    ],
    "When objects changed": ["state_dir", "history_bytes", "history_wait", "exact_times"],
    "Memory": [
        "request_memory_bytes",
        "write_memory_bytes",
        "transfer_memory_bytes",
        "cache_bytes",
    ],
    "Sizes and numbers": [
        "max_object_bytes",
        "max_document_bytes",
        "max_head_bytes",
        "max_connections",
        "max_requests",
    ],
    "Times": [
        "head_seconds",
        "body_idle_seconds",
        "write_idle_seconds",
        "min_bytes_per_second",
        "keep_alive_seconds",
        "shutdown_seconds",
    ],
    "Logs and traces": ["log_level", "log_format", "access_log", "otlp_endpoint"],
}
"""Where each setting stands on the page. A test keeps it whole."""

_HEAD = """\
# Settings

Every setting is an option of `s3gateway` and an environment variable; the option wins. There is
no configuration file. `s3gateway --help` (or `-h`) has the same options, defaults and limits.

- Give a size as a number of bytes or with a unit: `64KiB`, `96MiB`, `5GiB`. Capital letters do not
  matter. `MB` and `M` are refused, because they mean 1000 to some and 1024 to others.
- Repeat an option to give it several values. Its variable takes all of them, with commas between.
- Every boolean option has a `--no-…` form. Its variable is `true` or `false`.
- A variable that is empty counts as not set.

An invalid value stops the command with a one-line error and status 2. The gateway
starts, but warns, if an option has no effect together with the others, or if a variable whose name
begins with `S3GATEWAY_` is not a setting.

`SIGHUP` makes a running gateway read its certificate and its token file again.

`s3gateway compact` drops the history of an embedded PFS. Put `--pfs` before `compact`. After it,
`--keep N` keeps N commits of each branch besides HEAD, and `--yes` skips the question.
`s3gateway check` says whether everything that it stores is there. `s3gateway backup` makes
[a backup](operating.md#back-up) of it. `s3gateway --version` prints the version.
"""

_UNITS = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def written() -> str:
    """The whole page."""
    settings = {one.name: one for one in fields(Settings)}
    parts = [_HEAD]
    for group, names in GROUPS.items():
        rows = "\n".join(_row(settings[name]) for name in names if name in settings)
        parts.append(
            f"## {group}\n\n| setting | meaning | default | values |\n|---|---|---|---|\n{rows}\n"
        )
    return "\n".join(parts)


def shown(one: Field[Any], value: Any) -> str:
    """A value of a setting, as people say it."""
    if kind_of(one) is bool:
        return "on" if value else "off"
    if value in ("", (), None):
        return "none"
    if one.name.endswith("_bytes"):
        return _size(value)
    if one.name.endswith("_seconds"):
        return f"{value:g} s"
    if one.name.endswith("_days"):
        return f"{value:g} days"
    return str(value)


def _row(one: Field[Any]) -> str:
    names = f"`{_option(one)}`<br>`{variable_of(one)}`"
    default = shown(one, one.default)
    if default != "none" and kind_of(one) is str:
        default = f"`{default}`"
    return f"| {names} | {_text(one)} | {default} | {_values(one)} |"


def _option(one: Field[Any]) -> str:
    option = option_of(one)
    if kind_of(one) is bool:
        return option if not one.default else f"--no-{option[2:]}"
    return option


def _values(one: Field[Any]) -> str:
    limits = one.metadata
    if "choices" in limits:
        return ", ".join(f"`{choice}`" for choice in limits["choices"])
    if "maximum" in limits:
        return f"{shown(one, limits['minimum'])} to {shown(one, limits['maximum'])}"
    if "minimum" in limits:
        return f"at least {shown(one, limits['minimum'])}"
    if kind_of(one) is bool:
        return "on, off"
    return "several" if kind_of(one) is tuple else "text"


def _size(size_bytes: int) -> str:
    for unit_bytes, unit in _UNITS:
        if size_bytes and not size_bytes % unit_bytes:
            return f"{size_bytes // unit_bytes} {unit}"
    return f"{size_bytes} B"


def _text(one: Field[Any]) -> str:
    text: str = one.metadata["help"]
    return text.replace("*", "\\*")
