"""Asks the gateway of this machine whether it lives: `python -m gateway.health_check`.

For containers, whose engine asks by running a program inside. It reads the settings that the
gateway was given as environment variables, and starts fast.
"""

from __future__ import annotations

import ssl
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from gateway.settings import Settings, process_settings

SECONDS = 4.0
_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared only


def main() -> None:
    """End with status 0 if it lives, else say why not and end with 1."""
    try:
        connection = _connection(process_settings())
        connection.request("GET", "/-/health")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        sys.exit(f"the gateway does not answer: {error}")
    if status != 200:
        sys.exit(f"the gateway answers {status}")


def _connection(settings: Settings) -> HTTPConnection:
    host = _ANY_ADDRESS.get(settings.host, settings.host)
    port = settings.port if settings.admin_port is None else settings.admin_port
    if not settings.tls_cert:
        return HTTPConnection(host, port, timeout=SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Its certificate is for the names that clients know, which this machine's address is not.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=SECONDS, context=context)


if __name__ == "__main__":
    main()
