"""(a) Small requests on the embedded PFS, beside a bare uvicorn app, moto and versitygw."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bench.load import Load, median, run
from bench.servers import BareProcess, Target, moto, recorded_answers, versitygw
from bench.tables import rate, ratio, show
from tests.servers import GatewayProcess

BUCKET = "master.bench"
OBJECT_BYTES = 1024
LISTED = 100
PUT_KEYS = 2048
CLIENTS = (1, 16, 64)
ROUNDS = 3


def measure(seconds: float) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder, _targets(Path(folder)) as targets:
        for target in targets:
            _fill(target)
        for operation in ("GET", "HEAD", "PUT", "LIST"):
            names = [t.name for t in targets if _takes(t, operation)]
            show(
                f"{operation}, {_what(operation)}",
                ["clients", *names, *(f"gateway : {name}" for name in names[1:])],
                (_row(operation, clients, targets, seconds) for clients in CLIENTS),
            )


@contextlib.contextmanager
def _targets(folder: Path) -> Iterator[list[Target]]:
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(GatewayProcess(folder / "pfs", synchronous="full"))
        single = stack.enter_context(
            GatewayProcess(folder / "single", "--commit-per-request", synchronous="full")
        )
        targets = [
            _target("gateway", gateway),
            _target("commit per request", single),
            stack.enter_context(moto()),
            stack.enter_context(versitygw(folder)),
        ]
        _fill(targets[0])
        bare = stack.enter_context(BareProcess(folder, recorded_answers(gateway, BUCKET, "object")))
        yield [targets[0], Target("bare uvicorn", bare.address, bare.process.pid), *targets[1:]]


def _target(name: str, gateway: GatewayProcess) -> Target:
    return Target(name, gateway.endpoint, gateway.process.pid)


def _takes(target: Target, operation: str) -> bool:
    return target.name != "commit per request" or operation == "PUT"


def _what(operation: str) -> str:
    return f"{LISTED} keys" if operation == "LIST" else f"{OBJECT_BYTES} bytes"


def _row(operation: str, clients: int, targets: Sequence[Target], seconds: float) -> list[object]:
    """Measure all targets in turn, several times, and take the medians."""
    measured: dict[str, list[float]] = {t.name: [] for t in targets if _takes(t, operation)}
    for _ in range(ROUNDS):
        for target in targets:
            if target.name in measured:
                load = _load(operation, target, clients, seconds)
                measured[target.name].append(run(load).per_second)
    medians = [median(values) for values in measured.values()]
    return [clients, *map(rate, medians), *(ratio(medians[0], other) for other in medians[1:])]


def _load(operation: str, target: Target, clients: int, seconds: float) -> Load:
    client = _client(target)
    if operation == "PUT":
        keys = [f"put/{number}" for number in range(PUT_KEYS)]
        urls = [_url(client, target, "put_object", Key=key) for key in keys]
        return Load("PUT", urls, clients, seconds, OBJECT_BYTES)
    if operation == "LIST":
        url = _url(client, target, "list_objects_v2", MaxKeys=LISTED)
    else:
        url = _url(client, target, f"{operation.lower()}_object", Key="object")
    return Load("HEAD" if operation == "HEAD" else "GET", [url], clients, seconds)


def _url(client: Any, target: Target, operation: str, **parameters: object) -> str:
    """A presigned URL for those that want one, a plain one for the others."""
    url: str = client.generate_presigned_url(
        operation, {"Bucket": BUCKET, **parameters}, ExpiresIn=36000
    )
    if target.name in ("moto", "versitygw"):
        return url
    path = url.partition("?")[0]
    return f"{path}?list-type=2&max-keys={LISTED}" if operation.startswith("list") else path


def _fill(target: Target) -> None:
    if target.name == "bare uvicorn":
        return
    client = _client(target)
    with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="object", Body=b"x" * OBJECT_BYTES)
    for number in range(LISTED):
        client.put_object(Bucket=BUCKET, Key=f"listed/{number:03}", Body=b"x")


def _client(target: Target) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=target.endpoint,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="anything",  # noqa: S106 - no secret
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
