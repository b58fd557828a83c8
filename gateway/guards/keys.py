"""Lets in only requests that are signed with a key, and says whose they are.

The signature is over target and headers as they were received, so that this stands before anything
changes them, and before routing: whoever has no key learns nothing, not even what there is to ask.
The gateway's own pages hold no data and are open; which of them ask for a key, they decide.
"""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Never, Protocol

from gateway import request_context
from gateway.asgi import App, Receive, Scope, Send
from gateway.guards.failed_signatures import FailedSignatures
from gateway.guards.key_file import Key
from gateway.guards.pachd_keys import without_token
from gateway.hosts import path_style
from gateway.identity import Identity
from gateway.reserved_paths import is_reserved
from gateway.settings import Settings
from s3_wire.canonical import SignedRequest
from s3_wire.errors import AccessDenied, S3Error
from s3_wire.signature_errors import InvalidAccessKeyId, SignatureDoesNotMatch
from s3_wire.signature_v4 import V4Signature
from s3_wire.signatures import Signature, signature_of

_CONTENT_SHA256 = b"x-amz-content-sha256"
_UNSIGNED = b"UNSIGNED-PAYLOAD"


class Keyring(Protocol):
    """Knows the keys."""

    def find(self, access_key: str) -> Key:
        """The key of this name.

        Raises:
            InvalidAccessKeyId: There is none.
        """


class Introducer(Protocol):
    """Says who somebody is, where the keys do not say it."""

    def known(self, identity: Identity) -> Identity | None:
        """Who it is, if that is known from before."""

    async def ask(self, identity: Identity) -> Identity:
        """Who it is, as PFS says.

        Raises:
            InvalidAccessKeyId: PFS does not know them.
        """


class SignedRequests:
    """Verifies every request's signature.

    Args:
        next_app: What serves those that are right.
        settings: How the gateway runs.
        keyring: The keys.
        introduce: Says who that is whose signature is right, where the keys do not say it.
    """

    def __init__(
        self, next_app: App, settings: Settings, keyring: Keyring, introduce: Introducer | None
    ) -> None:
        self._next_app = next_app
        self._settings = settings
        self._keyring = keyring
        self._introduce = introduce
        self._failures = FailedSignatures()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve a request if it is signed."""
        if scope["type"] == "http":
            request = self._received(scope)
            if not is_reserved(request.bucket_path) or _carries_signature(request):
                return self._verified(request, scope, receive, send)
        return self._next_app(scope, receive, send)

    def _received(self, scope: Scope) -> SignedRequest:
        raw_path = bucket_path = scope["raw_path"]
        if domains := self._settings.domain:
            host = next((value for name, value in scope["headers"] if name == b"host"), b"")
            bucket_path = path_style(host, raw_path, domains)
        return SignedRequest(
            scope["method"],
            raw_path,
            scope["query_string"],
            scope["headers"],
            bucket_path,
        )

    def _verified(
        self, request: SignedRequest, scope: Scope, receive: Receive, send: Send
    ) -> Awaitable[None]:
        address = scope["client"][0] if scope.get("client") else ""
        now = datetime.now(UTC)
        signature = signature_of(request, now, self._settings.region)
        self._check_presigned(signature)
        context = request_context.current()
        try:
            key = self._keyring.find(signature.access_key)
            context.chunk_signatures = signature.verify(key.secret)
        except (InvalidAccessKeyId, SignatureDoesNotMatch) as error:
            return self._refuse(error, address, signature)
        key.check_time(now)
        context.access = key.access
        if signature.is_presigned:
            context.query = request.plain_query()
            _tell_digest(scope, request, signature)
        if self._introduce is not None:
            introduced = self._introduced(self._introduce, key.identity, address, signature)
            return self._after(introduced, scope, receive, send)
        context.identity = key.identity
        context.record.who = key.identity.name
        return self._next_app(scope, receive, send)

    async def _introduced(
        self, introduce: Introducer, identity: Identity, address: str, signature: Signature
    ) -> None:
        context = request_context.current()
        known = introduce.known(identity)
        if known is None:
            self._failures.check_unknown(address)
        try:
            context.identity = known or await introduce.ask(identity)
        except InvalidAccessKeyId as error:
            await self._refuse(error, address, signature)
        context.record.who = context.identity.name

    async def _after(
        self, introduced: Awaitable[None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        await introduced
        await self._next_app(scope, receive, send)

    async def _refuse(self, error: S3Error, address: str, signature: Signature) -> Never:
        """Refuse with a failure, which counts against the address."""
        await self._failures.hold(address)
        if self._settings.pachd_keys:
            without_token(error, signature.access_key)
        raise error

    def _check_presigned(self, signature: Signature) -> None:
        settings = self._settings
        if signature.is_presigned and settings.pachd_keys and not settings.presigned_tokens:
            raise AccessDenied(
                "A presigned URL hands your Pachyderm token on to anyone who gets it. To allow"
                " that, start the gateway with --presigned-tokens."
            )


def _carries_signature(request: SignedRequest) -> bool:
    """Whether it tries to. Another scheme is that of a proxy in front."""
    return dict(request.headers).get(b"authorization", b"").startswith(b"AWS")


def _tell_digest(scope: Scope, request: SignedRequest, signature: Signature) -> None:
    """Hand on what a presigned URL says of its body, as the header that is then verified."""
    if not isinstance(signature, V4Signature):
        return
    digest = signature.payload_sha256.encode("latin-1")
    if digest != _UNSIGNED and not any(name == _CONTENT_SHA256 for name, _ in request.headers):
        scope["headers"] = [*request.headers, (_CONTENT_SHA256, digest)]
