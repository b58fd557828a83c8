"""Requests and keys of AWS's published examples, and how to hand a request to the verifier."""

from __future__ import annotations

from datetime import UTC, datetime

from s3_wire.canonical import SignedRequest

ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
NOW = datetime(2013, 5, 24, tzinfo=UTC)
OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
HOST = ("host", "examplebucket.s3.amazonaws.com")
DATE = ("x-amz-date", "20130524T000000Z")
NO_BODY = ("x-amz-content-sha256", OF_NOTHING)
SCOPE = "20130524/us-east-1/s3/aws4_request"


def request(
    method: str, target: str, *headers: tuple[str, str], bucket_path: str = ""
) -> SignedRequest:
    """A request as the gateway receives it."""
    path, _, query = target.partition("?")
    sent = [(name.encode(), value.encode()) for name, value in headers]
    return SignedRequest(method, path.encode(), query.encode(), sent, bucket_path.encode())


def authorization(
    signed_headers: str, signature: str, *, credential: str = f"{ACCESS_KEY}/{SCOPE}"
) -> tuple[str, str]:
    """The header of version 4."""
    return (
        "authorization",
        f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={signed_headers},"
        f"Signature={signature}",
    )
