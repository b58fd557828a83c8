"""What boto3 says of a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(status: int, code: str) -> Iterator[dict[str, str]]:
    """Expect the body to be refused; gives the error's elements."""
    details: dict[str, str] = {}
    with pytest.raises(ClientError) as caught:
        yield details
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    assert response["Error"]["Code"] == code, response
    details.update(response["Error"])
