"""Lines to paste, by which a client reaches this gateway."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Gateway:
    endpoint: str
    access: str
    secret: str
    asks_for_keys: bool

    @property
    def host(self) -> str:
        return self.endpoint.partition("://")[2]

    @property
    def is_secure(self) -> bool:
        return self.endpoint.startswith("https:")


def lines_of_clients(endpoint: str, *, asks_for_keys: bool) -> list[tuple[str, str]]:
    """The clients and their lines."""
    pair = ("ACCESS_KEY", "SECRET_KEY") if asks_for_keys else ("any", "anything")
    gateway = _Gateway(endpoint, *pair, asks_for_keys)
    return [(name, lines(gateway)) for name, lines in _CLIENTS.items()]


def _awscli(to: _Gateway) -> str:
    keys = f"export AWS_ACCESS_KEY_ID={to.access} AWS_SECRET_ACCESS_KEY={to.secret}\n"
    unsigned = "" if to.asks_for_keys else "--no-sign-request "
    aws = f"aws --endpoint-url {to.endpoint} {unsigned}s3"
    return f"{keys if to.asks_for_keys else ''}{aws} mb s3://master.images\n{aws} ls"


def _boto3(to: _Gateway) -> str:
    return (
        f'boto3.client("s3", endpoint_url="{to.endpoint}", region_name="us-east-1",\n'
        f'             aws_access_key_id="{to.access}", aws_secret_access_key="{to.secret}")'
    )


def _minio_go(to: _Gateway) -> str:
    secure = " Secure: true," if to.is_secure else ""
    return (
        f'minio.New("{to.host}", &minio.Options{{\n'
        f'\tCreds: credentials.NewStaticV4("{to.access}", "{to.secret}", ""),{secure}\n}})'
    )


def _rclone(to: _Gateway) -> str:
    return (
        f"rclone ls ':s3,provider=Other,env_auth=false,access_key_id={to.access},"
        f'secret_access_key={to.secret},endpoint="{to.endpoint}":master.images\''
    )


def _mc(to: _Gateway) -> str:
    return f"mc alias set pfs {to.endpoint} {to.access} {to.secret}\nmc ls pfs"


def _curl(to: _Gateway) -> str:
    pair = f"{to.access}:{to.secret}"
    signed = f" --aws-sigv4 aws:amz:us-east-1:s3 --user {pair}" if to.asks_for_keys else ""
    return (
        f"curl{signed} -T file {to.endpoint}/master.images/file\n"
        f"curl{signed} {to.endpoint}/master.images/file"
    )


_CLIENTS: dict[str, Callable[[_Gateway], str]] = {
    "aws cli": _awscli,
    "boto3": _boto3,
    "minio-go": _minio_go,
    "rclone": _rclone,
    "mc": _mc,
    "curl": _curl,
}
