"""(e) What it costs to verify signatures: small GETs, and a large body that is signed in chunks."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from bench import signed_uploads
from bench.load import Load, median, run
from bench.tables import rate, ratio, show
from s3_wire.aws_chunked import AwsChunkedDecoder
from s3_wire.chunk_signatures import ChunkSignatures
from s3_wire.credential import SigningKey
from s3_wire.payload_modes import SIGNED_CHUNKS
from tests.servers import GatewayProcess

BUCKET = "master.bench"
OBJECT_BYTES = 1024
CLIENTS = (1, 16, 64)
REQUESTS = 1000
"""More than the gateway remembers of what it has read of a query."""

ROUNDS = 5
CHUNK_BYTES = 64 * 1024
RECEIVED_BYTES = 64 * 1024

_KEYS = '[keys.any]\nsecret = "anything"\naccess = "write"\n'


def measure(seconds: float, upload_mib: int) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder, _gateways(Path(folder)) as gateways:
        for how, requests_of in (
            ("by presigned URL", _presigned),
            ("signed in the header", _signed),
        ):
            requests = {gateway.process.pid: requests_of(gateway) for gateway in gateways}
            show(
                f"GET {how}, {OBJECT_BYTES} bytes, for each second of processor time",
                ["requests", "clients", "no keys", "with keys", "with keys : no keys"],
                (
                    _row(requests, count, clients, seconds)
                    for count in (1, REQUESTS)
                    for clients in CLIENTS
                ),
            )
        show(
            f"One object of {upload_mib} MiB up, with keys, MiB/s",
            ["chunks", "only the head signed", "each chunk signed", "chunks : head"],
            signed_uploads.rows(gateways[1], upload_mib),
        )
    show(
        f"aws-chunked, chunks of {CHUNK_BYTES // 1024} KiB, MB/s of one core",
        ["", "MB/s"],
        [
            ["framing off", f"{_decoded_per_second(None):.0f}"],
            ["and each chunk verified", f"{_decoded_per_second(_signatures()):.0f}"],
        ],
    )


@contextlib.contextmanager
def _gateways(folder: Path) -> Iterator[list[GatewayProcess]]:
    file = folder / "keys.toml"
    file.write_text(_KEYS)
    file.chmod(0o600)
    with (
        GatewayProcess(folder / "open", "--no-access-log") as without,
        GatewayProcess(
            folder / "keyed", "--no-access-log", "--access-keys", str(file)
        ) as with_keys,
    ):
        yield [without, with_keys]


def _presigned(gateway: GatewayProcess) -> list[str]:
    client = boto3.client(
        "s3",
        endpoint_url=gateway.endpoint,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="anything",  # noqa: S106 - no secret
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="object", Body=b"x" * OBJECT_BYTES)
    asked = {"Bucket": BUCKET, "Key": "object"}
    return [
        client.generate_presigned_url("get_object", asked, ExpiresIn=36000 + number)
        for number in range(REQUESTS)
    ]


def _signed(gateway: GatewayProcess) -> list[str]:
    """The same request again and again, with the id that SDKs give each of theirs, and sign."""
    signer = S3SigV4Auth(Credentials("any", "anything"), "s3", "us-east-1")
    requests = []
    for number in range(REQUESTS):
        request = AWSRequest(
            "GET",
            f"{gateway.endpoint}/{BUCKET}/object",
            headers={"amz-sdk-invocation-id": f"{number:08}"},
        )
        signer.add_auth(request)
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        requests.append("\t".join([request.url, *lines]))
    return requests


def _row(sent: Mapping[int, list[str]], count: int, clients: int, seconds: float) -> list[object]:
    """Requests by the gateways' own processor time, which other load does not change much."""
    measured: dict[int, list[float]] = {pid: [] for pid in sent}
    for _ in range(ROUNDS):
        for pid, lines in sent.items():
            before = _processor_seconds(pid)
            requests = run(Load("GET", lines[:count], clients, seconds)).requests
            measured[pid].append(requests / (_processor_seconds(pid) - before))
    without, with_keys = map(median, measured.values())
    return [count, clients, rate(without), rate(with_keys), ratio(with_keys, without)]


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class _Unchecked(ChunkSignatures):
    """Computes every signature, and takes whatever has come for right."""

    def _verify(self, given: str, *lines: str) -> None:
        hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _signatures() -> ChunkSignatures:
    return _Unchecked(
        SigningKey(b"k" * 32), "20130524T000000Z", "20130524/us-east-1/s3/aws4_request", "0" * 64
    )


def _decoded_per_second(signatures: ChunkSignatures | None) -> float:
    """MB that are taken out of their framing in a second, of 64 MiB."""
    head = b"%x;chunk-signature=%s\r\n" % (CHUNK_BYTES, b"0" * 64)
    wire = (head + bytes(CHUNK_BYTES) + b"\r\n") * 1024
    decoder = AwsChunkedDecoder(None, SIGNED_CHUNKS, signatures=signatures)
    begun = time.process_time()
    for at in range(0, len(wire), RECEIVED_BYTES):
        decoder.feed(wire[at : at + RECEIVED_BYTES])
        decoder.verify()
    return len(wire) / 1e6 / (time.process_time() - begun)
