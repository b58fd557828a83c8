"""What real clients sign is read as they mean it: form, time and headers, of every recorded one.

Their secret was not recorded, so the signatures themselves are made anew, by botocore, over the
headers that each client has chosen to sign.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from s3_wire.canonical import SignedRequest
from s3_wire.signature_v2 import V2Signature
from s3_wire.signature_v4 import V4Signature
from s3_wire.signatures import Signature, signature_of
from s3_wire.signing_times import time_of
from tests.traces.recorded import CLIENTS, Recorded, requests_of

SECRET = "the-same-for-all"


class Resigning(S3SigV4Auth):  # type: ignore[misc]
    """Signs the headers that it is told, as if it were the time that it is told."""

    def __init__(self, found: V4Signature) -> None:
        scope = found.credential
        super().__init__(Credentials(scope.access_key, SECRET), "s3", scope.region)
        self._found = found

    def signature_of(self, made: AWSRequest) -> str:
        made.context["timestamp"] = self._found.timestamp
        signed: str = self.signature(self.string_to_sign(made, self.canonical_request(made)), made)
        return signed

    def headers_to_sign(self, request: AWSRequest) -> Any:
        wanted = self._found.signed_headers.split(";")
        everything = super().headers_to_sign(request)
        for name in set(everything.keys()) - set(wanted):
            del everything[name]
        for name in set(wanted) - {one.lower() for one in everything.keys()}:  # noqa: SIM118
            everything[name] = request.headers[name]
        return everything


def received(recorded: Recorded) -> SignedRequest:
    path, _, query = recorded.target.partition("?")
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in recorded.headers]
    return SignedRequest(recorded.method, path.encode(), query.encode(), headers)


def found_in(recorded: Recorded) -> Signature | None:
    """The signature, looked at when it was made; None of the few requests that carry none."""
    request = received(recorded)
    values, query = request.header_values(), dict(request.query_pairs())
    if b"authorization" not in dict(request.headers) and "Signature=" not in recorded.target:
        return None
    text = values.get(b"x-amz-date", values.get(b"date", b"")).decode() or query.get(
        "X-Amz-Date", ""
    )
    now = time_of(text) or datetime.fromtimestamp(int(query.get("Expires", 0)), UTC)
    if "Expires" in query:
        now -= timedelta(minutes=1)
    return signature_of(request, now)


@pytest.mark.parametrize("client", CLIENTS)
def test_every_recorded_signature_has_the_right_form(client: str) -> None:
    found = [found_in(recorded) for recorded in requests_of(client)]
    kinds = {type(signature) for signature in found if signature is not None}
    assert V4Signature in kinds
    assert kinds <= {V4Signature, V2Signature}
    assert all(one is None or one.access_key == "AKIDEXAMPLE" for one in found)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_signs_is_seen_as_it_was_sent(client: str) -> None:
    for recorded in requests_of(client):
        found = found_in(recorded)
        if not isinstance(found, V4Signature) or found.is_presigned:
            continue
        made = AWSRequest(
            recorded.method, f"http://gateway{recorded.target}", dict(recorded.headers)
        )
        signature = Resigning(found).signature_of(made)
        again = V4Signature(
            found.request, found.credential, found.timestamp, found.signed_headers, signature,
            found.payload_sha256, is_presigned=False, header_values=found.header_values,
        )  # fmt: skip
        again.verify(SECRET)
