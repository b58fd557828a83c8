"""TLS: the certificate that the gateway shows."""

from __future__ import annotations

import logging
import ssl
from functools import partial
from pathlib import Path
from typing import Any

from gateway.settings import BadSetting, Settings

log = logging.getLogger("s3gateway")


def tls_options(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told about TLS; nothing where there is none.

    Raises:
        BadSetting: The files hold no certificate with its key.
    """
    if not settings.tls_cert:
        return {}
    cert, key = _files(settings)
    server_context(cert, key)
    return {"ssl_context_factory": partial(_for_uvicorn, cert, key)}


def server_context(cert: str, key: str) -> ssl.SSLContext:
    """A context with a certificate.

    Raises:
        BadSetting: The files hold no certificate with its key.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    for option, name in (("--tls-cert", cert), ("--tls-key", key)):
        try:
            Path(name).read_bytes()
        except OSError as error:
            raise BadSetting(f"{option} {name}: {error.strerror}") from None
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or str(error)
        raise BadSetting(
            f"--tls-cert {cert}, --tls-key {key}: no PEM certificate with its private key"
            f" ({reason.lower().replace('_', ' ')})"
        ) from None
    return context


def reload_certificate(context: ssl.SSLContext, settings: Settings) -> None:
    """Read the certificate again, for connections that begin from now on.

    Files that hold no certificate with its key change nothing: they are looked at before, as a
    context takes what it can of them.
    """
    cert, key = _files(settings)
    try:
        server_context(cert, key)
    except BadSetting as error:
        log.error("the certificate stays as it was: %s", error)
        return
    context.load_cert_chain(cert, key, password=_no_password)
    log.info("the certificate has been read again from %s", cert)


def _files(settings: Settings) -> tuple[str, str]:
    cert = str(Path(settings.tls_cert).expanduser())
    return cert, str(Path(settings.tls_key).expanduser()) if settings.tls_key else cert


def _no_password() -> str:
    raise ValueError("the key has a password")


def _for_uvicorn(cert: str, key: str, *_: object) -> ssl.SSLContext:
    return server_context(cert, key)
