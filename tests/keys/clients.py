"""boto3 with an access key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config

from tests.keys.signer import Key
from tests.servers import GatewayProcess


def client_of(gateway: GatewayProcess, key: Key, **config: Any) -> Iterator[Any]:
    """For fixtures: a client with a key, which does not try again."""
    client = boto3.client(
        "s3",
        endpoint_url=gateway.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key.name,
        aws_secret_access_key=key.secret,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )
    yield client
    client.close()
